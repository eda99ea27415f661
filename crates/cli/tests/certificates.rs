//! Certificates from the command line to a node and back: the program as people run it.

#![expect(clippy::expect_used, reason = "tests")]

mod support;

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use support::{Node, Place, errors, founded};

#[test]
fn one_command_on_each_side_brings_a_county_into_the_mesh() {
    let (city, county) = (founded("371500"), Place::new());
    let node = Node::start(&city, "371500", "");
    let invitation = city.invite("identity", &node.url(), "371524", "node");
    let joined = county.run_with(&["cert", "issue", "-"], &invitation);
    assert!(joined.status.success(), "{}", errors(&joined));
    let shown = county.json(&["cert", "show"]);
    let own = &shown["own"][0];
    assert_eq!(own["identity"], "spiffe://edu.example/region/371524/node");
    assert_eq!(shown["trusted"][0]["domain"], "edu.example");
    // The invitation is used up, and says nothing of why it is not taken.
    let again = county.refused(&["cert", "issue", "-", "--identity", "again"], &invitation);
    assert!(again.contains("ask the authority for another"), "{again}");
    assert!(!again.contains("used"), "{again}");
    assert!(!county.at("again").exists());
    let secret = &invitation[invitation.len() - 24..];
    let log = std::fs::read_to_string(&node.log).expect("a log");
    assert!(
        log.contains("has been used") && !log.contains(secret),
        "{log}"
    );

    // The county's node links to its parent, and its certificate is renewed with a new key.
    let parent = format!(
        "[parent]\nregion = \"371500\"\naddress = \"{}\"\n",
        node.url()
    );
    let below = Node::start(&county, "371524", &parent);
    let is_up = |log: &Path| {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        text.contains("link is up")
    };
    below.wait_for("the link", || is_up(&below.log));
    let key = std::fs::read(county.at("identity/key.pem")).expect("a key");
    let renewed = county.json(&["cert", "renew"]);
    assert_ne!(renewed["serial"], own["serial"]);
    assert_ne!(
        std::fs::read(county.at("identity/key.pem")).expect("a key"),
        key
    );

    // What was taken back while the county was away it hears of when it is there again.
    drop(below);
    let clerk = city.invite("identity", &node.url(), "371524", "reporter");
    let issue = ["cert", "issue", "-", "--identity", "clerk"];
    assert!(county.run_with(&issue, &clerk).status.success());
    let clerk = "spiffe://edu.example/region/371524/reporter";
    city.json(&["cert", "revoke", clerk]);
    let below = Node::start(&county, "371524", &parent);
    let list = || county.json(&["cert", "show"])["trusted"][0]["list"].clone();
    below.wait_for("the list", || list() == 2);

    // Taken back at the city, it is shut out within seconds, and gets no other.
    let serial = renewed["serial"].as_str().expect("a number");
    city.json(&["cert", "revoke", serial]);
    let refused = || {
        let words = ["cert", "renew", "--address", &node.url()];
        errors(&county.run(&words))
    };
    let outside = "does not accept the certificate";
    node.wait_for("the list", || refused().contains(outside));
}

#[test]
fn a_person_shows_a_certificate_and_a_stranger_gets_no_word() {
    let city = founded("371500");
    let node = Node::start(&city, "371500", "");
    let invitation = city.invite("identity", &node.url(), "371500", "admin");
    std::fs::write(city.at("invitation"), &invitation).expect("written");
    let issue = ["cert", "issue", "invitation", "--identity", "admin"];
    city.json(&issue);
    let bare = node.address.to_string();
    let status = city.json(&["--identity", "admin", "--node", &bare, "status"]);
    assert_eq!(status["region"], "371500");
    // Nothing is ever said in plain text by mistake, and a stranger is told nothing.
    let plain = format!("http://{bare}");
    let words = ["--identity", "admin", "--node", &plain, "status"];
    let why = city.refused(&words, "");
    assert!(why.contains("is in plain text"), "{why}");
    let why = city.refused(&["--node", &node.url(), "status"], "");
    assert!(why.contains("needs an identity"), "{why}");
    city.refused(&["--node", &plain, "status"], "");
    // Somebody of an authority that the node does not know.
    let other = Place::new();
    let words = [
        "cert",
        "init",
        "--domain",
        "other.example",
        "--region",
        "500000",
    ];
    other.json(&words);
    let roots = "identity/roots/edu.example.pem";
    std::fs::copy(city.at(roots), other.at(roots)).expect("copied");
    std::fs::write(other.at("identity/roots/edu.example.regions"), "37*").expect("written");
    let words = ["--identity", "identity", "--node", &bare, "status"];
    let why = other.refused(&words, "");
    assert!(why.contains("does not accept the certificate"), "{why}");
    // An invitation of that authority leads to a node that is not of it.
    let invitation = other.invite("identity", &node.url(), "500243", "node");
    let why = other.refused(&["cert", "issue", "-", "--identity", "new"], &invitation);
    assert!(why.contains("not of the authority that invited"), "{why}");
    assert!(why.contains("replace-root"), "{why}");
    assert!(!other.at("new").exists());
    // One with no authority at its address.
    let county = Place::new();
    let invitation = city.invite("identity", "https://127.0.0.1:1", "371524", "node");
    let why = county.refused(&["cert", "issue", "-"], &invitation);
    assert!(why.contains("cannot reach"), "{why}");
}

#[test]
fn the_audit_trail_says_which_certificate_did_what() {
    let city = founded("371500");
    let node = Node::start(&city, "371500", "");
    for role in ["admin", "viewer"] {
        let invitation = city.invite("identity", &node.url(), "371500", role);
        let issue = ["cert", "issue", "-", "--identity", role];
        assert!(city.run_with(&issue, &invitation).status.success());
    }
    let url = node.url();
    let by = |role| ["--node", &url, "--identity", role];
    let import = [
        "plan",
        "import",
        "--builtin",
        "liaocheng-2023",
        "--why",
        "依原文",
    ];
    city.json(&[&by("admin")[..], &import].concat());
    let listed = city.json(&[&by("admin")[..], &["audit", "list"]].concat());
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    let own = &city.json(&["cert", "show", "--identity", "admin"])["own"][0];
    let entry = &listed[0];
    assert_eq!(entry["certificate"], own["serial"]);
    assert_eq!(entry["identity"], own["identity"]);
    assert_eq!(
        (&entry["action"], &entry["why"]),
        (&"import-plan".into(), &"依原文".into())
    );
    let table = city.run(&[&by("admin")[..], &["audit", "list", "--lang", "zh"]].concat());
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(
        table.contains("导入方案") && table.contains("依原文"),
        "{table}"
    );
    let later = ["audit", "list", "--since", "2099-01"];
    let none = city.json(&[&by("admin")[..], &later].concat());
    assert_eq!(none.as_array().map(Vec::len), Some(0), "{none}");
    let why = city.refused(&[&by("viewer")[..], &["audit", "list"]].concat(), "");
    assert!(why.contains("may not read the audit trail"), "{why}");
}

#[test]
fn requests_and_certificates_travel_as_files() {
    let (city, county) = (founded("371500"), Place::new());
    let why = county.refused(&["cert", "install", "nothing"], "");
    assert!(why.contains("cert request"), "{why}");
    county.json(&["cert", "request", "--out", "request.pem"]);
    std::fs::copy(county.at("request.pem"), city.at("request.pem")).expect("copied");
    let issue = [
        "cert",
        "issue",
        "--request",
        "request.pem",
        "--out",
        "issued.pem",
    ];
    let why = city.refused(&[&issue[..], &["--role", "node"]].concat(), "");
    assert!(why.contains("--region"), "{why}");
    let why = city.refused(&[&issue[..], &["--region", "371524"]].concat(), "");
    assert!(why.contains("--role"), "{why}");
    let whole = [
        "--role", "node", "--region", "371524", "--name", "10.1.2.3", "--days", "30",
    ];
    let issued = city.json(&[&issue[..], &whole].concat());
    std::fs::copy(city.at("issued.pem"), county.at("issued.pem")).expect("copied");
    let wrong = "0".repeat(64);
    let why = county.refused(&["cert", "install", "issued.pem", "--root", &wrong], "");
    assert!(why.contains("no root has the fingerprint"), "{why}");
    let root = issued["root_fingerprint"].as_str().expect("a fingerprint");
    let installed = county.json(&["cert", "install", "issued.pem", "--root", root]);
    assert_eq!(installed["serial"], issued["serial"]);
    let own = &county.json(&["cert", "show"])["own"][0];
    assert_eq!(own["names"][0], "10.1.2.3");
    assert_eq!(own["days_left"], 29);
    // Once only: the key that asked is in use now.
    county.refused(&["cert", "install", "issued.pem"], "");
}

#[test]
fn an_authority_tells_what_it_did_and_refuses_what_makes_no_sense() {
    let city = founded("371500");
    let again = [
        "cert",
        "init",
        "--domain",
        "edu.example",
        "--region",
        "371500",
    ];
    let why = city.refused(&again, "");
    assert!(why.contains("authority of edu.example already"), "{why}");
    city.invite("identity", "https://10.1.2.3:7410", "371524", "reporter");
    let shown = city.json(&["cert", "show"]);
    assert_eq!(shown["invited"][0]["state"], "open");
    assert_eq!(shown["issued"].as_array().map(Vec::len), Some(1));
    let serial = shown["own"][0]["serial"].as_str().expect("a number");
    let unknown = "00".repeat(16);
    let why = city.refused(&["cert", "revoke", &unknown], "");
    assert!(why.contains("was issued here"), "{why}");
    let revoked = city.json(&["cert", "revoke", serial]);
    assert_eq!(revoked["list"], 2);
    let shown = city.json(&["cert", "show"]);
    assert_eq!(shown["issued"][0]["state"], "revoked");
    assert_eq!(shown["trusted"][0]["revoked"], 1);
    let identity = "spiffe://edu.example/region/371500/node";
    let why = city.refused(&["cert", "revoke", identity], "");
    assert!(why.contains("no certificate that is valid"), "{why}");
    let plain = ["cert", "invite", "--region", "371524", "--role", "node"];
    let plain = [&plain[..], &["--address", "http://10.1.2.3:7410"]].concat();
    city.refused(&plain, "");
    let elsewhere = Place::new();
    let why = elsewhere.refused(&["cert", "revoke", serial], "");
    assert!(why.contains("not the home of an authority"), "{why}");
    // Whoever else may read the key may have read it.
    use std::os::unix::fs::PermissionsExt;
    let key = city.at("identity/key.pem");
    let everybody = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&key, everybody).expect("set");
    let why = city.refused(&["cert", "show"], "");
    assert!(why.contains("chmod 600"), "{why}");
}

#[test]
fn who_invites_a_node_without_a_name_is_told_whom_that_keeps_out() {
    let city = founded("371500");
    let said = |role: &str, more: &[&str]| {
        let words = ["cert", "invite", "--region", "371524", "--role", role];
        let address = ["--address", "https://10.1.2.3:7410"];
        let invited = city.run(&[&words[..], &address, more].concat());
        assert!(invited.status.success(), "{}", errors(&invited));
        String::from_utf8(invited.stdout).expect("text")
    };
    for (language, beginning) in [("en", "Hint: without --name"), ("zh", "提示：未写 --name")]
    {
        let language = ["--lang", language];
        let told = |role, more: &[&str]| {
            let said = said(role, &[&language[..], more].concat());
            let hints = said.lines().filter(|line| line.starts_with(beginning));
            hints.count()
        };
        assert_eq!(told("node", &[]), 1);
        assert_eq!(told("node", &["--name", "county.example"]), 0);
        // A person's certificate is never listened with.
        assert_eq!(told("admin", &[]), 0);
        for format in ["json", "csv"] {
            assert!(
                !said("node", &[&language[..], &["--format", format]].concat()).contains("--name")
            );
        }
    }
}

#[test]
fn so_is_who_issues_for_the_request_of_one() {
    let (city, county) = (founded("371500"), Place::new());
    county.json(&["cert", "request", "--out", "request.pem"]);
    std::fs::copy(county.at("request.pem"), city.at("request.pem")).expect("copied");
    let said = |role: &str, more: &[&str]| {
        let words = ["cert", "issue", "--region", "371524", "--role", role];
        let files = ["--request", "request.pem", "--out", "issued.pem"];
        let issued = city.run(&[&words[..], &files, &["--lang", "en"], more].concat());
        assert!(issued.status.success(), "{}", errors(&issued));
        String::from_utf8(issued.stdout).expect("text")
    };
    let told = said("node", &[]);
    assert!(told.contains("issue again with --name HOST"), "{told}");
    assert!(!said("node", &["--name", "county.example"]).contains("--name"));
    assert!(!said("admin", &[]).contains("--name"));
}

#[test]
fn another_domain_is_trusted_for_its_own_regions_when_its_fingerprint_is_known() {
    let (city, partner) = (founded("371500"), Place::new());
    let made = [
        "cert",
        "init",
        "--domain",
        "edu.cq.example",
        "--region",
        "500243",
    ];
    partner.json(&made);
    let shown = partner.json(&["cert", "show"]);
    let fingerprint = shown["trusted"][0]["root"].as_str().expect("a fingerprint");
    let root = partner.at("identity/roots/edu.cq.example.pem");
    let root = root.to_str().expect("a path");
    let trust = ["cert", "trust", root, "--root"];
    let with = |root: &'static str, regions: &'static str| [root, "--regions", regions];
    let zeros = "0000000000000000000000000000000000000000000000000000000000000000";
    let why = city.refused(&[&trust[..], &with(zeros, "50*")].concat(), "");
    assert!(why.contains("has the fingerprint"), "{why}");
    let known = [&trust[..], &[fingerprint]].concat();
    let why = city.refused(&[&known[..], &["--regions", "*"]].concat(), "");
    assert!(why.contains("like 50*"), "{why}");
    city.refused(&known, "");
    let trusted = city.json(&["cert", "show"]);
    assert_eq!(trusted["trusted"].as_array().map(Vec::len), Some(1));
    let two = ["--regions", "50*", "--regions", "510500"];
    let told = city.json(&[&known[..], &two].concat());
    assert_eq!(told["domain"], "edu.cq.example");
    let trusted = city.json(&["cert", "show"]);
    assert_eq!(trusted["trusted"][0]["regions"], "50* 510500");
    assert_eq!(trusted["trusted"][1]["regions"], "*");
    // A node's own certificate is no root.
    let own = partner.at("identity/certificate.pem");
    let shown = shown["own"][0]["fingerprint"]
        .as_str()
        .expect("a fingerprint");
    let own = own.to_str().expect("a path");
    let why = city.refused(
        &["cert", "trust", own, "--root", shown, "--regions", "50*"],
        "",
    );
    assert!(why.contains("not the root"), "{why}");
}

#[test]
fn a_root_is_replaced_while_nodes_and_people_go_on() {
    let (city, county) = (founded("371500"), Place::new());
    let office = Node::start(&city, "371500", "");
    let invitation = city.invite("identity", &office.url(), "371524", "node");
    let joined = county.run_with(&["cert", "issue", "-"], &invitation);
    assert!(joined.status.success(), "{}", errors(&joined));
    let above = office.url();
    let parent = format!("[parent]\nregion = \"371500\"\naddress = \"{above}\"\n");
    let below = Node::start(&county, "371524", &parent);
    let person = |folder: &str| {
        let invitation = city.invite("identity", &office.url(), "371524", "admin");
        let words = ["cert", "issue", "-", "--identity", folder];
        // The authority's node takes its new certificate up within seconds.
        let issued = || city.run_with(&words, &invitation).status.success();
        office.wait_for("the certificate", issued);
    };
    let is_let_in = |folder: &str| {
        let url = below.url();
        let words = ["--identity", folder, "--node", &url, "status"];
        city.json(&words)["region"] == "371524"
    };
    let roots = |place: &Place, folder: &str| {
        let words = ["--identity", folder, "cert", "show"];
        let trusted = place.json(&words)["trusted"].clone();
        trusted.as_array().map_or(0, Vec::len)
    };
    person("before");
    assert!(is_let_in("before"));

    let replaced = city.json(&["cert", "replace-root"]);
    let shown = city.json(&["cert", "show"]);
    let fingerprints = shown["trusted"].as_array().expect("roots");
    let known = |root: &serde_json::Value| root["root"] == replaced["root_fingerprint"];
    assert!(fingerprints.iter().any(known), "{replaced} {shown}");
    // Once only, while the one before is valid.
    let again = city.refused(&["cert", "replace-root"], "");
    assert!(again.contains("valid until"), "{again}");

    // The county has not heard of it, and lets in whoever was and whoever comes now.
    assert_eq!((roots(&city, "before"), roots(&county, "identity")), (1, 1));
    assert!(is_let_in("before"));
    person("after");
    assert_eq!(roots(&city, "after"), 2);
    assert!(is_let_in("after"));
    // The county's node dials the authority's anew, which shows a certificate by the new root.
    drop(office);
    let address = above.trim_start_matches("https://").to_owned();
    let office = Node::start_at(&city, "371500", "", &address);
    let up = || {
        let log = std::fs::read_to_string(&below.log).unwrap_or_default();
        log.matches("link is up").count() == 2
    };
    below.wait_for("the link", up);
    // Whoever renews takes it up.
    county.json(&["cert", "renew"]);
    city.json(&["--identity", "before", "cert", "renew"]);
    assert_eq!((roots(&city, "before"), roots(&county, "identity")), (2, 2));
    for folder in ["before", "after"] {
        below.wait_for("the certificate", || is_let_in(folder));
    }
    drop(office);
}

/// Leads the first who comes to one node, and everybody after to another.
fn leading(first: SocketAddr, then: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut nodes = std::iter::once(first).chain(std::iter::repeat(then));
        while let (Ok((caller, _)), Some(node)) = (listener.accept(), nodes.next()) {
            let node = TcpStream::connect(node).expect("the node");
            for (from, to) in [(&caller, &node), (&node, &caller)] {
                let mut from = from.try_clone().expect("a stream");
                let mut to = to.try_clone().expect("a stream");
                std::thread::spawn(move || {
                    // Either side may end it.
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    address
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let from = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("copied");
        }
    }
}

#[test]
fn who_is_invited_right_after_a_root_was_replaced_waits_for_the_node_to_take_it_up() {
    let (city, former, clerk) = (founded("371500"), Place::new(), Place::new());
    copy(&city.at("identity"), &former.at("identity"));
    city.json(&["cert", "replace-root"]);
    // The authority's node as it is for two seconds at the most, and as it is then.
    let before = Node::start(&former, "371500", "");
    let after = Node::start(&city, "371500", "");
    let address = format!("https://{}", leading(before.address, after.address));
    let invitation = city.invite("identity", &address, "371500", "viewer");
    let issued = clerk.run_with(&["cert", "issue", "-"], &invitation);
    assert!(issued.status.success(), "{}", errors(&issued));
}

//! No secret is seen anywhere but where it belongs: not in logs, however much they tell, not in what
//! commands say, not in the list of processes, not in files beside the keys, not in `Debug`.

#![expect(clippy::expect_used, reason = "tests")]

mod lookout;
mod place;
mod sought;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use liandong_client::wire::identity::v1::EnrolRequest;
use liandong_client::{ConnectOptions, Credentials};
use liandong_identity::{
    Authority, Folder, Invitation, Key, Office, Own, client_config, server_config,
};
use liandong_node::config::Config;
use rustls::time_provider::DefaultTimeProvider;

use lookout::Lookout;
use place::{Node, Place};
use sought::Secrets;

#[test]
fn no_log_no_answer_no_list_of_processes_and_no_file_shows_a_secret() {
    let secrets = Secrets::default();
    let lookout = Lookout::begin(secrets.clone());
    let (city, county, clerk) = (
        Place::new(&secrets),
        Place::new(&secrets),
        Place::new(&secrets),
    );
    let init = [
        "cert",
        "init",
        "--domain",
        "edu.example",
        "--region",
        "371500",
    ];
    city.done(&init, "");
    let node = Node::start(&city, "371500", "");

    // The county joins as its people would, by the command that was printed.
    let (text, command) = city.invite("371524", "node", &node.url);
    let folder = Path::new(env!("CARGO_BIN_EXE_liandong")).parent();
    let path = format!("{}:/usr/bin:/bin", folder.expect("a folder").display());
    let mut shell = Command::new("sh");
    shell.current_dir(county.home()).env("PATH", path);
    shell.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut shell = shell.stderr(Stdio::piped()).spawn().expect("a shell");
    let mut stdin = shell.stdin.take().expect("a pipe");
    stdin.write_all(command.as_bytes()).expect("it is typed");
    drop(stdin);
    let joined = shell.wait_with_output().expect("an end");
    assert!(joined.status.success(), "{joined:?}");
    county.note_keys();
    let said = [&joined.stdout[..], &joined.stderr].concat();
    secrets.assert_unseen("joining", &said);

    // Where everybody would see it, an invitation is not taken. This one is none; it looks like one.
    let like_one = format!("liandong-1-{}", "A".repeat(60));
    let refused = county.run(&["cert", "issue", &like_one], "");
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && why.contains("on the command line"),
        "{why}"
    );
    assert!(!why.contains("AAAA"), "{why}");
    // Used up, spoilt, and from a file.
    county.run(&["cert", "issue", "-", "--identity", "again"], &text);
    county.run(
        &["cert", "issue", "-", "--identity", "again"],
        &text[..text.len() - 1],
    );
    let (text, _) = city.invite("371524", "reporter", &node.url);
    let letter = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(letter.path(), text).expect("written");
    let letter = letter.path().display().to_string();
    clerk.done(&["cert", "issue", &letter], "");

    let parent = format!(
        "[parent]\nregion = \"371500\"\naddress = \"{}\"\n",
        node.url
    );
    let below = Node::start(&county, "371524", &parent);
    below.wait_for("the link", || below.said().contains("link is up"));
    clerk.done(
        &["--identity", "identity", "--node", &below.url, "status"],
        "",
    );
    clerk.done(&["cert", "renew"], "");
    county.done(&["cert", "renew"], "");
    city.done(&["cert", "renew"], "");
    for place in [&city, &county, &clerk] {
        place.done(&["cert", "show"], "");
        place.done(&["cert", "show", "--format", "json"], "");
    }
    // Without a network.
    let by_hand = Place::new(&secrets);
    by_hand.done(&["cert", "request", "--out", "request.pem"], "");
    std::fs::copy(by_hand.at("request.pem"), city.at("request.pem")).expect("copied");
    let issue = [
        "cert",
        "issue",
        "--request",
        "request.pem",
        "--out",
        "issued.pem",
    ];
    let whose = ["--region", "371524", "--role", "viewer"];
    city.done(&[&issue[..], &whose].concat(), "");
    std::fs::copy(city.at("issued.pem"), by_hand.at("issued.pem")).expect("copied");
    by_hand.done(&["cert", "install", "issued.pem"], "");
    let viewer = "spiffe://edu.example/region/371524/viewer";
    city.done(&["cert", "revoke", viewer], "");
    drop((node, below));
    let mut looked = 0;
    for place in [&city, &county, &clerk, &by_hand] {
        place.note_keys();
        looked += place.look_around();
    }
    let log = std::fs::read_to_string(city.at("node.log")).expect("a log");
    assert!(log.contains("TRACE"), "the log does not tell all");
    assert!(looked > 10, "only {looked} files were looked at");
    let (seen, commands) = lookout.end();
    let seen: Vec<_> = seen
        .iter()
        .map(|text| String::from_utf8_lossy(text))
        .collect();
    assert!(seen.is_empty(), "{seen:?}");
    assert!(commands >= 5, "only {commands} commands were seen running");
}

#[test]
fn what_holds_a_secret_does_not_show_it_when_it_is_debugged() {
    let secrets = Secrets::default();
    let place = Place::new(&secrets);
    let init = [
        "cert",
        "init",
        "--domain",
        "edu.example",
        "--region",
        "371500",
    ];
    place.done(&init, "");
    let (text, _) = place.invite("371524", "node", "https://10.1.2.3:7410");
    let folder = Folder::at(place.at("identity"));
    let unseen = |what: &str, shown: &dyn std::fmt::Debug| {
        secrets.assert_unseen(what, format!("{shown:?} {shown:#?}").as_bytes());
    };

    let own: Own = folder.own().expect("readable").expect("there");
    unseen("Own", &own);
    unseen("Key", &own.key);
    let made = Key::generate().expect("a key");
    secrets.add_key(&made.to_pem());
    unseen("Key", &made);
    let authority: Authority = folder.authority().expect("readable").expect("there");
    unseen("Authority", &authority);
    let office: Office = Office::at(&folder).expect("readable").expect("there");
    unseen("Office", &office);
    unseen("Registered", &office.registered().expect("readable"));
    let invitation: Invitation = text.parse().expect("an invitation");
    unseen("Invitation", &invitation);
    unseen("Secret", &invitation.secret);
    unseen("SecretHash", &invitation.secret.hash());
    let request = EnrolRequest {
        secret: invitation.secret.0.to_vec(),
        request: "a request".to_owned(),
    };
    unseen("EnrolRequest", &request);
    assert!(format!("{request:?}").contains("a request"));

    let trust = Arc::new(folder.trust().expect("readable"));
    unseen("Trust", &trust);
    let clock = Arc::new(DefaultTimeProvider);
    let shown = Some((&own.chain, &own.key));
    let client = client_config(shown, Arc::clone(&trust), clock.clone(), None);
    unseen("ClientConfig", &client.expect("a configuration"));
    let server = server_config(&own.chain, &own.key, trust, clock, true);
    unseen("ServerConfig", &server.expect("a configuration"));
    let credentials = Credentials::of_folder(folder.clone()).expect("there");
    let options = ConnectOptions {
        credentials: Some(credentials.clone()),
        ..ConnectOptions::default()
    };
    unseen("Credentials", &credentials);
    unseen("ConnectOptions", &options);
    let invited = Credentials::of_invitation(&invitation).expect("good");
    unseen("Credentials", &invited);
    let text = "region = '371500'\ndata = 'data'\nlisten = '127.0.0.1:0'\n\
                [identity]\nfolder = 'identity'\n";
    let config = Config::read(text, &place.at("node.toml")).expect("good");
    unseen("Config", &config);

    // The control: what is looked for would be found.
    let raw = format!("{:?}", invitation.secret.0);
    assert!(secrets.seen_in(raw.as_bytes()).is_some());
    let pem = own.key.to_pem();
    assert!(secrets.seen_in(pem.as_bytes()).is_some());
    let until = Timestamp::now() + SignedDuration::from_hours(1);
    assert!(invitation.until > until);
}

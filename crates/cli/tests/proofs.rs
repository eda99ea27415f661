//! A proof from the command line of a province to somebody who has no access to any node.

#![expect(clippy::expect_used, reason = "tests")]

mod support;

use support::{Node, Place, errors, founded};

const TREE: &str = "code,name,parent,level,kind\n\
    371524-A,东阿县第一小学,371524,unit,primary-school\n\
    371524-B,东阿县第二小学,371524,unit,primary-school\n";

const MARCH: &str = "source,indicator,period,numerator\n\
    371524-A,compulsory-dropouts,2025-03,3\n\
    371524-B,compulsory-dropouts,2025-03,4\n";

const FIGURE: [&str; 4] = ["--indicator", "compulsory-dropouts", "--period", "2025-03"];

/// A region that joins the one above, with its node; the folder goes with it.
fn joined(
    (authority, office): (&Place, &Node),
    (parent, above): (&str, &Node),
    region: &str,
    tree: &str,
) -> (Node, Place) {
    let place = Place::new();
    let invitation = authority.invite("identity", &office.url(), region, "node");
    let issued = place.run_with(&["cert", "issue", "-"], &invitation);
    assert!(issued.status.success(), "{}", errors(&issued));
    std::fs::write(place.at("tree.csv"), tree).expect("written");
    let address = above.url();
    let more = format!("[parent]\nregion = \"{parent}\"\naddress = \"{address}\"\n");
    let node = Node::start(&place, region, &more);
    (node, place)
}

/// The identity of somebody, in a folder of that name at the authority's place.
fn person(authority: &Place, node: &Node, region: &str, role: &str, folder: &str) {
    let invitation = authority.invite("identity", &node.url(), region, role);
    let words = ["cert", "issue", "-", "--identity", folder];
    let issued = authority.run_with(&words, &invitation);
    assert!(issued.status.success(), "{}", errors(&issued));
}

#[test]
fn a_proof_is_checked_where_no_node_is_and_a_changed_one_is_found() {
    let province = founded("370000");
    let top = Node::start(&province, "370000", "");
    let office = (&province, &top);
    let city = joined(office, ("370000", &top), "371500", "");
    let county = joined(office, ("371500", &city.0), "371524", TREE);
    for (region, role, folder) in [
        ("371524", "reporter", "clerk"),
        ("370000", "reviewer", "reviewer"),
        ("370000", "viewer", "viewer"),
    ] {
        person(&province, &top, region, role, folder);
    }
    std::fs::write(province.at("march.csv"), MARCH).expect("written");
    let url = county.0.url();
    let clerk = ["--identity", "clerk", "--node", &url];
    province.json(&[&clerk[..], &["report", "push", "march.csv"]].concat());

    let url = top.url();
    let drill = |identity: &str, more: &[&str]| -> Vec<String> {
        let words = [
            "--identity",
            identity,
            "--node",
            &url,
            "rollup",
            "drill",
            "370000",
        ];
        let words = [&words[..], &FIGURE, more].concat();
        words.iter().map(|word| (*word).to_owned()).collect()
    };
    let run = |words: Vec<String>| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        province.run(&words)
    };
    top.wait_for("the figure", || {
        let answer = run(drill("reviewer", &["--format", "json"]));
        String::from_utf8_lossy(&answer.stdout).contains("\"numerator\": 7")
    });
    let refused = run(drill("viewer", &["--proof", "viewer.proof"]));
    assert!(!refused.status.success());
    assert!(errors(&refused).contains("exact"), "{}", errors(&refused));
    assert!(!province.at("viewer.proof").exists());
    let written = run(drill(
        "reviewer",
        &["--proof", "march.proof", "--format", "json"],
    ));
    assert!(written.status.success(), "{}", errors(&written));
    let said: serde_json::Value = serde_json::from_slice(&written.stdout).expect("JSON");
    assert_eq!(
        (&said["statements"], &said["reports"]),
        (&3.into(), &2.into())
    );
    assert!(!province.at("march.proof.part").exists());

    // Nobody is there any more, and whoever checks has the file and the root.
    drop((top, city, county));
    let elsewhere = Place::new();
    let proof = std::fs::read(province.at("march.proof")).expect("a proof");
    let root = std::fs::read(province.at("identity/roots/edu.example.pem")).expect("a root");
    std::fs::write(elsewhere.at("march.proof"), &proof).expect("written");
    std::fs::write(elsewhere.at("root.pem"), root).expect("written");
    let check = ["verify", "--proof", "march.proof", "--roots", "root.pem"];
    let checked = elsewhere.json(&check);
    assert_eq!(
        (&checked["fits"], &checked["reports"]),
        (&true.into(), &2.into())
    );
    let shown = province.json(&["cert", "show"]);
    assert_eq!(checked["roots"][0]["root"], shown["trusted"][0]["root"]);
    let rows = checked["statements"].as_array().expect("statements");
    let rows = rows.iter().map(|row| {
        let signer = row["signer"].as_str().expect("a signer");
        (row["region"].clone(), row["numerator"].clone(), signer)
    });
    let expected = ["370000", "371500", "371524"].map(|region| {
        let signer = format!("spiffe://edu.example/region/{region}/node");
        (region.into(), 7.into(), signer)
    });
    let expected: Vec<(serde_json::Value, serde_json::Value, String)> = expected.into();
    let rows: Vec<_> = rows
        .map(|(region, sum, by)| (region, sum, by.to_owned()))
        .collect();
    assert_eq!(rows, expected);
    // The same for people, in Chinese.
    let told = elsewhere.run(&[&check[..], &["--lang", "zh"]].concat());
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        text.contains("全部相符") && text.contains("聊城市"),
        "{text}"
    );

    // With another root, and the county's certificate taken back since: it is as it was, and the
    // second is said.
    province.json(&["cert", "replace-root"]);
    // Lists of what was revoked tell whole seconds, rounded down, and what was signed in that second
    // counts as signed after it.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let county = "spiffe://edu.example/region/371524/node";
    province.json(&["cert", "revoke", county]);
    let words = ["verify", "--proof", "march.proof", "--identity", "identity"];
    let checked = province.json(&words);
    assert_eq!(
        (&checked["fits"], &checked["revoked_since"]),
        (&true.into(), &1.into())
    );
    let said = province.run(&words);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("have been revoked since"), "{said}");

    // A figure that somebody mended by hand.
    let text = String::from_utf8(proof).expect("a text");
    let mended = text.replacen("\"numerator\":3", "\"numerator\":2", 1);
    assert_ne!(mended, text);
    std::fs::write(elsewhere.at("march.proof"), &mended).expect("written");
    let why = elsewhere.refused(&check, "");
    assert!(why.contains("the statement of 371524"), "{why}");
    let why = elsewhere.refused(&[&check[..], &["--lang", "zh"]].concat(), "");
    assert!(why.contains("签名无效"), "{why}");
    // Nobody is trusted by what stands in the file itself, or with another root.
    std::fs::write(elsewhere.at("march.proof"), &text).expect("written");
    let why = elsewhere.refused(&["verify", "--proof", "march.proof"], "");
    assert!(why.contains("--roots"), "{why}");
    let other = founded("370000");
    let root = std::fs::read(other.at("identity/roots/edu.example.pem")).expect("a root");
    std::fs::write(elsewhere.at("root.pem"), root).expect("written");
    let why = elsewhere.refused(&check, "");
    assert!(why.contains("line 4"), "{why}");
}

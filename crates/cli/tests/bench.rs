//! Measuring as a user does it: nodes of its own that leave nothing, and a node that keeps all.

#![expect(clippy::expect_used, reason = "tests")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Node, Place, errors, founded};

/// Short: what is asked is whether everything is measured, not how fast it is.
const SHORT: [&str; 5] = ["bench", "--reports", "1000", "--seconds", "1"];

const TREE: &str = "code,name,parent,level,kind\n\
    371524-A,东阿县第一小学,371524,unit,primary-school\n\
    371524-B,东阿县第二小学,371524,unit,primary-school\n\
    371524-C,东阿县第一中学,371524,unit,middle-school\n";

fn bench(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_liandong"));
    command.args(words).env("TMPDIR", dir);
    command
}

fn entries(dir: &Path) -> usize {
    std::fs::read_dir(dir).into_iter().flatten().count()
}

fn number(result: &Value, path: &str) -> u64 {
    let found = result.pointer(path).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("{path} is no number in {result:#}"))
}

#[test]
fn nodes_of_its_own_are_measured_and_leave_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let words = [&SHORT[..], &["--json"]].concat();
    let output = bench(dir.path(), &words).output().expect("the program");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(errors(&output), "", "progress is for terminals");
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for path in [
        "/machine/cores",
        "/machine/memory_bytes",
        "/node/cells",
        "/node/journal_bytes",
        "/durability/fdatasync/p50_us",
        "/ingest/reports_per_second",
        "/ingest/cpu_ms_per_million_reports",
        "/ingest/acknowledged/p99_us",
        "/paced/reports",
        "/paced/acknowledged/p99_9_us",
        "/query/row/p50_us",
        "/query/drill/p50_us",
        "/query/table/p50_us",
        "/freshness/here/read/p50_us",
        "/freshness/two_hops/watched/p50_us",
        "/restart/cells",
    ] {
        assert!(number(&result, path) > 0, "{path} is 0 in {result:#}");
    }
    // Every sum that the node holds is what was sent: 41 indicators and 12 months.
    assert_eq!(number(&result, "/ingest/sums_compared"), 492);
    assert_eq!(number(&result, "/work/reports_a_batch"), 512);
    assert_eq!(
        number(&result, "/query/drill_rows"),
        number(&result, "/work/schools")
    );
    assert_eq!(
        number(&result, "/restart/cells"),
        number(&result, "/node/cells")
    );
    assert_eq!(entries(dir.path()), 0);
}

#[test]
fn one_that_is_stopped_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut running = bench(dir.path(), &["bench", "--seconds", "600"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let begun = Instant::now();
    let has_node = || {
        let runs = std::fs::read_dir(dir.path())
            .into_iter()
            .flatten()
            .flatten();
        runs.into_iter()
            .any(|run| run.path().join("alone/371524/data/address").exists())
    };
    while !has_node() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no node came up");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = running.id().to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(told.expect("kill").success());
    assert!(!running.wait().expect("an end").success());
    assert_eq!(entries(dir.path()), 0);
}

/// A county with schools, its node, and an administrator in the folder `admin`.
fn county() -> (Place, Node) {
    let place = founded("371524");
    std::fs::write(place.at("tree.csv"), TREE).expect("written");
    let node = Node::start(&place, "371524", "");
    let invitation = place.invite("identity", &node.url(), "371524", "admin");
    let issued = place.run_with(&["cert", "issue", "-", "--identity", "admin"], &invitation);
    assert!(issued.status.success(), "{}", errors(&issued));
    (place, node)
}

#[test]
fn a_node_that_keeps_everything_is_written_to_only_when_that_is_wanted() {
    let (place, node) = county();
    let url = node.url();
    let to = |more: &[&'static str]| -> Vec<String> {
        let words = ["--identity", "admin", "--to", &url];
        let all = [&SHORT[..], &words, more].concat();
        all.into_iter().map(str::to_owned).collect()
    };
    let refused = |more: &[&'static str]| {
        let words = to(more);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        place.refused(&words, "")
    };
    let measured = |more: &[&'static str]| {
        let words = to(more);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        place.json(&words)
    };
    let asked = ["--identity", "admin", "--node", &url];
    let sum = || {
        let words = [
            "rollup",
            "get",
            "371524",
            "--indicator",
            "compulsory-dropouts",
        ];
        let period = ["--period", "1990-03"];
        let found = place.json(&[&asked[..], &words, &period].concat());
        found[0]["reported"].clone()
    };

    let said = refused(&[]);
    assert!(said.contains("--into REGION"), "{said}");
    let said = refused(&["--into", "371500"]);
    assert!(
        said.contains("does not host 371500") && said.contains("it hosts 371524:"),
        "{said}"
    );
    let before = sum();
    let said = refused(&["--into", "371524"]);
    // The plan would take two schools of one kind, and all twelve months.
    for part in [
        "nothing was written",
        "371524",
        "984 figures",
        "1990",
        "--really",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(sum(), before);

    let result = measured(&["--into", "371524", "--really"]);
    assert_eq!(number(&result, "/work/schools"), 2);
    assert!(number(&result, "/ingest/reports_per_second") > 0);
    for unknown in ["/restart", "/durability/fdatasync", "/freshness/two_hops"] {
        assert!(
            result.pointer(unknown).is_some_and(Value::is_null),
            "{unknown}"
        );
    }
    assert_ne!(sum(), before);
    // What is there is its own, so it can be measured again, with higher revisions every time.
    let history = || {
        let figure = ["--source", "371524-A", "--indicator", "compulsory-dropouts"];
        let words = [
            &["report", "history"][..],
            &figure,
            &["--period", "1990-03"],
        ]
        .concat();
        place.json(&[&asked[..], &words].concat())
    };
    let first = history();
    measured(&["--into", "371524", "--really"]);
    let versions = |history: &Value| history.as_array().map_or(0, Vec::len);
    assert!(
        versions(&history()) > versions(&first),
        "nothing was measured again"
    );

    // By a school that is not written to, but into a sum that would change.
    let row = "source,indicator,period,numerator\n371524-C,compulsory-dropouts,1990-01,3\n";
    let push = [&asked[..], &["report", "push", "-", "--by", "档案室"]].concat();
    let pushed = place.run_with(&push, row);
    assert!(pushed.status.success(), "{}", errors(&pushed));
    let said = refused(&["--into", "371524", "--really"]);
    assert!(
        said.contains("档案室") && said.contains("1990-01"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_meant_is_said_in_both_languages() {
    let place = Place::new();
    for (words, zh, en) in [
        (
            &["bench", "--reports", "5"][..],
            "1000 至 2000000",
            "from 1000 to 2000000",
        ),
        (&["bench", "--really"], "--into", "--into"),
        (
            &["bench", "--node", "127.0.0.1:1"],
            "请用 --to URL",
            "--to URL",
        ),
        (
            &["bench", "--insecure-loopback"],
            "只用证书",
            "certificates alone",
        ),
    ] {
        for (language, expected) in [("zh", zh), ("en", en)] {
            let output = place.run(&[words, &["--lang", language]].concat());
            assert_eq!(output.status.code(), Some(2), "{words:?}");
            let said = errors(&output);
            assert!(said.contains(expected), "{words:?}: {said}");
        }
    }
}

//! The demonstration as a user runs it: the real program, real nodes, nothing left behind.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

/// The program, with its temporary files in a directory of the test's own.
fn demo(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_liandong"));
    command.arg("demo").args(arguments).env("TMPDIR", dir);
    command
}

fn entries(dir: &Path) -> usize {
    fs::read_dir(dir).into_iter().flatten().count()
}

#[test]
fn the_whole_mesh_agrees_with_itself_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let output = demo(dir.path(), &["--once", "--json"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["figures"], "sample");
    assert_eq!(result["recount"]["agrees"], true);
    assert_eq!(result["recount"]["nodes"].as_array().unwrap().len(), 12);
    for province in result["recount"]["provinces"].as_array().unwrap() {
        assert!(province["cells_compared"].as_u64().unwrap() > 500);
        assert_eq!(province["differences"].as_array().unwrap().len(), 0);
    }
    let plan = &result["plan"];
    assert_eq!(
        (&plan["key_projects"], &plan["tasks"]),
        (&41.into(), &328.into())
    );
    assert_eq!(plan["acknowledged"], 328);
    assert!(!plan["shortfalls"].as_array().unwrap().is_empty());
    let aid = &result["aid"];
    assert_eq!(
        (&aid["complete"], &aid["same_documents"]),
        (&true.into(), &true.into())
    );
    for side in aid["differences_at_first"].as_array().unwrap() {
        assert_eq!(side["differences"][0]["kind"], "amount_differs");
    }
    assert_eq!(result["tables"]["ranking"].as_array().unwrap().len(), 8);
    assert_eq!(entries(dir.path()), 0);
}

#[test]
fn one_that_was_killed_takes_its_nodes_along_and_is_swept_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut killed = demo(dir.path(), &["--once"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let addresses = || {
        let mut found = Vec::new();
        for run in fs::read_dir(dir.path()).unwrap().flatten() {
            for node in fs::read_dir(run.path()).unwrap().flatten() {
                found.push(node.path().join("data").join("address"));
            }
        }
        found.retain(|address| address.exists());
        found
    };
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        for _ in 0..600 {
            if holds() {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("waited in vain until {what}");
    };
    until("nodes run", &|| addresses().len() >= 2);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(entries(dir.path()), 1);
    // A node that stops in order takes back where it listens.
    until("all nodes have stopped", &|| addresses().is_empty());
    let next = demo(dir.path(), &["--once", "--json"]).output().unwrap();
    assert!(
        next.status.success(),
        "{}",
        String::from_utf8_lossy(&next.stderr)
    );
    assert_eq!(entries(dir.path()), 0);
}

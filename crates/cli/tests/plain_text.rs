//! Plain text on the command line: asked for, on this machine, or not at all.

#![expect(clippy::expect_used, reason = "tests")]

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_liandong"));
    program.env("LC_ALL", "en_US.UTF-8");
    for name in ["IDENTITY", "NODE", "INSECURE_LOOPBACK"] {
        program.env_remove(format!("LIANDONG_{name}"));
    }
    program
}

fn configured(listen: &str, more: &str) -> TempDir {
    let place = tempfile::tempdir().expect("a folder");
    let text = format!(
        "region = \"371524\"\ndata = \"data\"\nlisten = \"{listen}\"\n{more}\n\
         [journal]\nfree_floor_mb = 0\n"
    );
    std::fs::write(place.path().join("node.toml"), text).expect("written");
    place
}

fn serve(place: &Path, more: &[&str]) -> Command {
    let mut command = program();
    command.args(["serve", "--config"]);
    command.arg(place.join("node.toml")).args(more);
    command
}

/// Runs what has to be refused; what it says.
fn refused(mut command: Command) -> String {
    let output = command.output().expect("the program");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{command:?} was done: {said}");
    said
}

/// A node in plain text, which ends with this.
struct Node(Child, String);

impl Node {
    fn start(place: &Path) -> Self {
        let mut starting = serve(place, &["--insecure-loopback"]);
        starting.stdout(Stdio::null()).stderr(Stdio::null());
        let mut node = Self(starting.spawn().expect("the program"), String::new());
        let began = Instant::now();
        while node.1.is_empty() {
            assert!(began.elapsed() < PATIENCE, "it does not listen");
            let announced = std::fs::read_to_string(place.join("data/address"));
            node.1 = announced.unwrap_or_default().trim().to_owned();
            std::thread::sleep(Duration::from_millis(20));
        }
        node
    }

    fn ask(&self, words: &[&str]) -> Command {
        let mut command = program();
        command.args(["--node", &self.1]).args(words);
        command
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_node_without_a_certificate_starts_only_when_asked_to_and_only_for_its_machine() {
    let place = configured("127.0.0.1:0", "");
    let why = refused(serve(place.path(), &[]));
    for words in [
        "cert init",
        "cert issue",
        "[identity]",
        "--insecure-loopback",
    ] {
        assert!(why.contains(words), "{why}");
    }
    // The variable for clients does not make a node of it.
    let mut with_variable = serve(place.path(), &[]);
    with_variable.env("LIANDONG_INSECURE_LOOPBACK", "1");
    assert!(refused(with_variable).contains("no certificate"));
    for open in ["0.0.0.0:0", "[::]:0"] {
        let place = configured(open, "");
        let why = refused(serve(place.path(), &["--insecure-loopback"]));
        assert!(
            why.contains(open) && why.contains("127.0.0.1:PORT"),
            "{why}"
        );
        assert!(!place.path().join("data").exists(), "data was made");
    }
    let parent = "[parent]\nregion = \"371500\"\naddress = \"http://10.1.2.3:7410\"";
    let place = configured("127.0.0.1:0", parent);
    let why = refused(serve(place.path(), &["--insecure-loopback"]));
    assert!(why.contains("http://10.1.2.3:7410"), "{why}");
    let place = configured("127.0.0.1:0", "[identity]\nfolder = \"identity\"");
    let why = refused(serve(place.path(), &["--insecure-loopback"]));
    assert!(why.contains("leave out --insecure-loopback"), "{why}");
    let place = configured("0.0.0.0:0", "allow_plaintext = true");
    let why = refused(serve(place.path(), &[]));
    assert!(
        why.contains("allow_plaintext") && why.contains("gone"),
        "{why}"
    );
}

#[test]
fn a_command_speaks_plainly_only_when_asked_to_and_only_with_this_machine() {
    let place = configured("127.0.0.1:0", "");
    let node = Node::start(place.path());
    let why = refused(node.ask(&["status"]));
    assert!(
        why.contains("--identity") && why.contains("--insecure-loopback"),
        "{why}"
    );
    for mut asked_for in [
        node.ask(&["--insecure-loopback", "status"]),
        node.ask(&["status", "--insecure-loopback"]),
        {
            let mut command = node.ask(&["status"]);
            command.env("LIANDONG_INSECURE_LOOPBACK", "1");
            command
        },
    ] {
        let output = asked_for.output().expect("the program");
        assert!(output.status.success(), "{output:?}");
    }
    let mut away = program();
    away.args([
        "--node",
        "http://10.1.2.3:7410",
        "--insecure-loopback",
        "status",
    ]);
    let why = refused(away);
    assert!(
        why.contains("10.1.2.3:7410 is not of this machine"),
        "{why}"
    );
    // A backup asks the running node, too.
    let (data, to) = (place.path().join("data"), place.path().join("backup"));
    let backup = |more: &[&str]| {
        let mut command = program();
        command
            .arg("backup")
            .arg("--data")
            .arg(&data)
            .arg("--to")
            .arg(&to);
        command.args(more);
        command
    };
    assert!(refused(backup(&[])).contains("--insecure-loopback"));
    let made = backup(&["--insecure-loopback"])
        .output()
        .expect("the program");
    assert!(made.status.success(), "{made:?}");
}

#[test]
fn what_needs_certificates_does_not_take_the_switch() {
    for words in [["demo", "--once"], ["cert", "show"]] {
        let mut command = program();
        command.args(words).arg("--insecure-loopback");
        let output = command.output().expect("the program");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let mut said = String::new();
        let read = output.stderr.as_slice().read_to_string(&mut said);
        assert!(
            read.is_ok() && said.contains("certificates alone"),
            "{said}"
        );
    }
}

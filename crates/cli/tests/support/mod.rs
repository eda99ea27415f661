//! A folder to run the program in, and nodes of their own processes.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a node may take to come up, and a list to be taken up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder to work in.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program here.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.run_with(words, "")
    }

    pub(crate) fn run_with(&self, words: &[&str], input: &str) -> Output {
        let mut program = program();
        program.args(words).current_dir(self.0.path());
        program.stdin(Stdio::piped());
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = program.spawn().expect("the program");
        let mut stdin = running.stdin.take().expect("a pipe");
        // Whoever needs no input may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        running.wait_with_output().expect("an end")
    }

    /// Runs the program here; what it answers as JSON.
    pub(crate) fn json(&self, words: &[&str]) -> serde_json::Value {
        let output = self.run(&[words, &["--format", "json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", errors(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Runs the program here, which has to refuse; what it says.
    pub(crate) fn refused(&self, words: &[&str], input: &str) -> String {
        let output = self.run_with(words, input);
        assert!(!output.status.success(), "{words:?} was done");
        errors(&output)
    }

    pub(crate) fn invite(&self, identity: &str, address: &str, region: &str, role: &str) -> String {
        let words = ["cert", "invite", "--identity", identity, "--address"];
        let who = [address, "--region", region, "--role", role];
        let invited = self.json(&[&words[..], &who].concat());
        invited["invitation"].as_str().expect("a text").to_owned()
    }
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_liandong"));
    program.env("LC_ALL", "en_US.UTF-8");
    for name in ["LIANDONG_IDENTITY", "LIANDONG_NODE", "TRACEPARENT"] {
        program.env_remove(name);
    }
    program
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A node of its own process, which ends with this.
pub(crate) struct Node {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) log: PathBuf,
}

impl Node {
    pub(crate) fn start(place: &Place, region: &str, more: &str) -> Self {
        Self::start_at(place, region, more, "127.0.0.1:0")
    }

    /// Starts one at an address that is free; at port 0, at any.
    pub(crate) fn start_at(place: &Place, region: &str, more: &str, address: &str) -> Self {
        let free = TcpListener::bind(address).expect("an address");
        let address = free.local_addr().expect("an address");
        drop(free);
        let (config, log) = (place.at("node.toml"), place.at("node.log"));
        let is_listed = std::fs::metadata(place.at("tree.csv")).is_ok_and(|tree| tree.len() > 0);
        let tree = if is_listed {
            "tree = [\"tree.csv\"]\n"
        } else {
            ""
        };
        let text = format!(
            "region = \"{region}\"\n{tree}data = \"data\"\nlisten = \"{address}\"\n\
             [journal]\nfree_floor_mb = 0\n[identity]\nfolder = \"identity\"\n{more}"
        );
        std::fs::write(&config, text).expect("written");
        let told = std::fs::File::create(&log).expect("a log");
        let process = program()
            .args(["serve", "--config"])
            .arg(&config)
            .stdout(told.try_clone().expect("a log"))
            .stderr(told)
            .spawn();
        let node = Self {
            process: process.expect("the program"),
            address,
            log,
        };
        node.wait_for("the node listens", || TcpStream::connect(address).is_ok());
        node
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(crate) fn wait_for(&self, what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(began.elapsed() < PATIENCE, "never came: {what}\n{log}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn founded(region: &str) -> Place {
    let place = Place::new();
    let words = [
        "cert",
        "init",
        "--domain",
        "edu.example",
        "--region",
        region,
    ];
    place.json(&words);
    place
}

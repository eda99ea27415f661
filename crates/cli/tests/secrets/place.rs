//! Folders in which the program runs, and nodes that log all there is.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::sought::Secrets;

const PATIENCE: Duration = Duration::from_secs(60);

/// A folder to work in, and all that was said in it.
pub(crate) struct Place {
    home: TempDir,
    secrets: Secrets,
}

impl Place {
    pub(crate) fn new(secrets: &Secrets) -> Self {
        Self {
            home: tempfile::tempdir().expect("a folder"),
            secrets: secrets.clone(),
        }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs the program here; neither what it says nor what it leaves shows a secret.
    pub(crate) fn run(&self, words: &[&str], input: &str) -> Output {
        let output = self.run_unseen(words, input);
        self.note_keys();
        let said = [&output.stdout[..], &output.stderr].concat();
        self.secrets.assert_unseen(&format!("{words:?}"), &said);
        output
    }

    pub(crate) fn run_unseen(&self, words: &[&str], input: &str) -> Output {
        let mut running = program()
            .args(words)
            .current_dir(self.home.path())
            .env("RUST_LOG", "trace")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut stdin = running.stdin.take().expect("a pipe");
        // There is time to look at it before it goes on.
        std::thread::sleep(Duration::from_millis(20));
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        running.wait_with_output().expect("an end")
    }

    pub(crate) fn done(&self, words: &[&str], input: &str) -> Output {
        let output = self.run(words, input);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {errors}");
        output
    }

    /// An invitation, and the command that the other side is to run.
    pub(crate) fn invite(&self, region: &str, role: &str, address: &str) -> (String, String) {
        let words = ["cert", "invite", "--format", "json", "--address", address];
        let who = ["--region", region, "--role", role];
        let output = self.run_unseen(&[&words[..], &who].concat(), "");
        assert!(output.status.success(), "{output:?}");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let text = said["invitation"].as_str().expect("a text").to_owned();
        self.secrets.add_invitation(&text);
        // The control: what is looked for is found where it is.
        assert!(self.secrets.seen_in(&output.stdout).is_some());
        self.secrets.assert_unseen("standard error", &output.stderr);
        let command = said["command"].as_str().expect("a text").to_owned();
        (text, command)
    }

    /// Every private key that lies here is a secret.
    pub(crate) fn note_keys(&self) {
        for path in files(self.home.path()) {
            let is_key = name(&path).starts_with("key") && name(&path).ends_with(".pem");
            // Renewing replaces them; what is gone was noted before.
            if let (true, Ok(text)) = (is_key, std::fs::read_to_string(&path)) {
                self.secrets.add_key(&text);
                assert!(self.secrets.seen_in(text.as_bytes()).is_some());
            }
        }
    }

    /// No other file here holds one: no log, no journal, no register, no certificate.
    pub(crate) fn look_around(&self) -> usize {
        let mut looked = 0;
        for path in files(self.home.path()) {
            let is_key = name(&path).starts_with("key") && name(&path).ends_with(".pem");
            if let (false, Ok(bytes)) = (is_key, std::fs::read(&path)) {
                looked += 1;
                let what = path.display().to_string();
                self.secrets.assert_unseen(&what, &bytes);
            }
        }
        looked
    }
}

pub(crate) fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("")
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

pub(crate) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_liandong"));
    program.env("LC_ALL", "en_US.UTF-8");
    for name in ["LIANDONG_IDENTITY", "LIANDONG_NODE", "TRACEPARENT"] {
        program.env_remove(name);
    }
    program
}

/// A node that logs all there is, and ends with this.
pub(crate) struct Node {
    process: Child,
    pub(crate) url: String,
    log: PathBuf,
}

impl Node {
    pub(crate) fn start(place: &Place, region: &str, more: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("an address");
        let address = free.local_addr().expect("an address");
        drop(free);
        let (config, log) = (place.at("node.toml"), place.at("node.log"));
        let text = format!(
            "region = \"{region}\"\ndata = \"data\"\nlisten = \"{address}\"\n\
             [journal]\nfree_floor_mb = 0\n[log]\nfilter = \"trace\"\n\
             [identity]\nfolder = \"identity\"\n{more}"
        );
        std::fs::write(&config, text).expect("written");
        let told = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log);
        let told = told.expect("a log");
        let process = program()
            .args(["serve", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(told.try_clone().expect("a log"))
            .stderr(told)
            .spawn();
        let node = Self {
            process: process.expect("the program"),
            url: format!("https://{address}"),
            log,
        };
        node.wait_for("it listens", || TcpStream::connect(address).is_ok());
        node
    }

    pub(crate) fn said(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    pub(crate) fn wait_for(&self, what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < PATIENCE, "never came: {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

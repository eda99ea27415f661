//! No secret is seen anywhere but where it belongs: not in logs, however much they tell, not in what
//! commands say, not in the list of processes, not in files beside the keys, not in `Debug`.

#![expect(clippy::expect_used, reason = "tests")]

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use liandong_client::wire::identity::v1::EnrolRequest;
use liandong_client::{ConnectOptions, Credentials};
use liandong_identity::{
    Authority, Folder, Invitation, Key, Office, Own, client_config, server_config,
};
use liandong_node::config::Config;
use rustls::time_provider::DefaultTimeProvider;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// Every form in which secrets may be seen.
#[derive(Clone, Debug, Default)]
struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    fn add(&self, form: impl Into<Vec<u8>>) {
        let form = form.into();
        assert!(form.len() >= 16, "too short to be told from chance");
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(as_letters(&form).into_owned());
    }

    /// Bytes as they are, in hexadecimal digits, and as `Debug` lists them.
    fn add_bytes(&self, bytes: &[u8]) {
        self.add(bytes);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.add(hex.to_uppercase());
        self.add(hex);
        let listed = format!("{bytes:?}");
        self.add(listed.trim_matches(['[', ']']));
    }

    /// A private key's file: its lines, what they hold, and the number that makes the key.
    fn add_key(&self, pem: &str) {
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        for line in lines.clone().filter(|line| line.len() >= 16) {
            self.add(line);
        }
        let text: String = lines.collect();
        let der = base64(&text);
        self.add(der.clone());
        // ECPrivateKey: version 1, then the number as a string of 32 bytes.
        let begins = [2, 1, 1, 4, 32];
        let place = der.windows(5).position(|window| window == begins);
        let place = place.expect("a key on P-256") + 5;
        self.add_bytes(&der[place..place + 32]);
    }

    fn add_invitation(&self, text: &str) {
        // What stands before the secret, the address and the identity, is none.
        self.add(&text[text.len() - 20..]);
        let invitation: Invitation = text.parse().expect("an invitation");
        self.add_bytes(&invitation.secret.0);
    }

    /// The place of a secret in something.
    fn seen_in(&self, text: &[u8]) -> Option<usize> {
        let text = as_letters(text);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find_map(|form| text.find(form.as_str()))
    }

    fn assert_unseen(&self, what: &str, text: &[u8]) {
        if let Some(place) = self.seen_in(text) {
            let text = as_letters(text);
            let before: Vec<char> = text[..place].chars().rev().take(120).collect();
            let before: String = before.into_iter().rev().collect();
            panic!("{what} shows a secret after {before:?}");
        }
    }
}

/// A letter for each byte, so that what is no text can be searched as quickly as text is.
fn as_letters(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Reads base64 of the usual alphabet.
fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = alphabet.iter().position(|known| *known == letter);
        held = held << 6 | u32::try_from(value.expect("base64")).expect("six bits");
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).expect("eight bits"));
        }
    }
    bytes
}

/// Looks at the arguments and the surroundings of every process until it is dropped.
struct Lookout {
    stop: Arc<AtomicBool>,
    looked: JoinHandle<(Vec<Vec<u8>>, usize)>,
}

impl Lookout {
    fn begin(secrets: Secrets) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let looked = std::thread::spawn(move || {
            let mut seen = Vec::new();
            let mut of_ours = BTreeSet::new();
            while !stopped.load(Ordering::Relaxed) {
                for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
                    // Those that have ended meanwhile, and those of others, say nothing.
                    for name in ["cmdline", "environ"] {
                        let text = std::fs::read(entry.path().join(name)).unwrap_or_default();
                        if secrets.seen_in(&text).is_some() {
                            seen.push(text.clone());
                        }
                        if name == "cmdline" && String::from_utf8_lossy(&text).contains("cert\0") {
                            of_ours.insert(entry.file_name());
                        }
                    }
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            (seen, of_ours.len())
        });
        Self { stop, looked }
    }

    /// What showed secrets, and how many commands about certificates were looked at.
    fn end(self) -> (Vec<Vec<u8>>, usize) {
        self.stop.store(true, Ordering::Relaxed);
        self.looked.join().expect("no panic")
    }
}

/// A folder to work in, and all that was said in it.
struct Place {
    home: TempDir,
    secrets: Secrets,
}

impl Place {
    fn new(secrets: &Secrets) -> Self {
        Self {
            home: tempfile::tempdir().expect("a folder"),
            secrets: secrets.clone(),
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs the program here; neither what it says nor what it leaves shows a secret.
    fn run(&self, words: &[&str], input: &str) -> Output {
        let output = self.run_unseen(words, input);
        self.note_keys();
        let said = [&output.stdout[..], &output.stderr].concat();
        self.secrets.assert_unseen(&format!("{words:?}"), &said);
        output
    }

    fn run_unseen(&self, words: &[&str], input: &str) -> Output {
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

    fn done(&self, words: &[&str], input: &str) -> Output {
        let output = self.run(words, input);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {errors}");
        output
    }

    /// An invitation, and the command that the other side is to run.
    fn invite(&self, region: &str, role: &str, address: &str) -> (String, String) {
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
    fn note_keys(&self) {
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
    fn look_around(&self) -> usize {
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

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("")
}

fn files(folder: &Path) -> Vec<PathBuf> {
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

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_liandong"));
    program.env("LC_ALL", "en_US.UTF-8");
    for name in ["LIANDONG_IDENTITY", "LIANDONG_NODE", "TRACEPARENT"] {
        program.env_remove(name);
    }
    program
}

/// A node that logs all there is, and ends with this.
struct Node {
    process: Child,
    url: String,
    log: PathBuf,
}

impl Node {
    fn start(place: &Place, region: &str, more: &str) -> Self {
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

    fn said(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    fn wait_for(&self, what: &str, is_so: impl Fn() -> bool) {
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
    shell.current_dir(county.home.path()).env("PATH", path);
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

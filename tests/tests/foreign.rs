//! Clients in other languages, with nothing from this workspace but `proto/` and the certificates that
//! `liandong cert` makes.
//!
//! `cargo xtask test foreign` sets them up and says in the environment where they are.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use liandong_identity::{Chain, Folder, Grant, Key, Own, Request};
use liandong_tests::figures::MONTH;
use liandong_tests::node::{ADMIN, Node};
use liandong_tests::program::{liandong, workspace};
use liandong_tests::settings::Settings;
use liandong_tests::wait::eventually;

const COUNTY: &str = "371524";
const DOMAIN: &str = "edu.example";
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn told(variable: &str) -> Result<PathBuf> {
    let value = std::env::var_os(variable);
    let value =
        value.with_context(|| format!("{variable} is not set: cargo xtask test foreign"))?;
    Ok(PathBuf::from(value))
}

fn done(mut command: Command) -> Result<Output> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    let (said, told) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    ensure!(output.status.success(), "{command:?}: {said}{told}");
    Ok(output)
}

/// A node and its authority, both of what `liandong cert` makes.
struct Bureau {
    node: Node,
}

impl Bureau {
    async fn open() -> Result<Self> {
        let node = Node::prepare(Settings::new(COUNTY).schools(COUNTY, 4))?;
        for made in ["identity", ADMIN] {
            std::fs::remove_dir_all(node.path(made))?;
        }
        let own_address = node.address().ip().to_string();
        let bureau = Self { node };
        bureau.found("identity", DOMAIN, &own_address)?;
        bureau.issue(ADMIN, "admin")?;
        let Self { mut node } = bureau;
        node.resume().await?;
        Ok(Self { node })
    }

    fn cert(&self, words: &[&str]) -> Result<Output> {
        let mut command = Command::new(liandong()?);
        command.args(["--lang", "en", "cert"]).args(words);
        done(command)
    }

    fn path(&self, name: &str) -> Result<String> {
        let path = self.node.path(name);
        Ok(path.to_str().context("a strange name")?.to_owned())
    }

    /// An authority in a folder.
    fn found(&self, folder: &str, domain: &str, name: &str) -> Result<()> {
        let folder = self.path(folder)?;
        let words = ["init", "--domain", domain, "--region", COUNTY];
        let place = ["--name", name, "--identity", &folder];
        self.cert(&[&words[..], &place].concat()).map(drop)
    }

    /// A certificate of the node's authority in a folder.
    fn issue(&self, folder: &str, role: &str) -> Result<()> {
        let (home, folder) = (self.path("identity")?, self.path(folder)?);
        let (request, issued) = (self.path("request.pem")?, self.path("issued.pem")?);
        self.cert(&["request", "--identity", &folder, "--out", &request])?;
        let words = ["issue", "--identity", &home, "--request", &request];
        let whom = ["--out", &issued, "--region", COUNTY, "--role", role];
        self.cert(&[&words[..], &whom].concat())?;
        self.cert(&["install", &issued, "--identity", &folder])
            .map(drop)
    }

    /// A certificate of the node's authority that ended yesterday. No command makes one.
    fn issue_expired(&self, folder: &str) -> Result<()> {
        let authority = Folder::at(self.node.path("identity")).authority()?;
        let authority = authority.context("no authority")?;
        let key = Key::generate()?;
        let grant = Grant {
            identity: format!("spiffe://{DOMAIN}/region/{COUNTY}/reporter").parse()?,
            names: Vec::new(),
            serial: [9; 16],
            from: Timestamp::now() - 3 * DAY,
            until: Timestamp::now() - DAY,
        };
        let leaf = authority.issue(&Request::of(&key)?, &grant)?;
        let above = Vec::new();
        let chain = Chain { leaf, above };
        Folder::at(self.node.path(folder)).keep_own(&Own { chain, key })?;
        Ok(())
    }

    /// The node's root, by which every caller knows it.
    fn root(&self) -> PathBuf {
        self.node.path(format!("identity/roots/{DOMAIN}.pem"))
    }

    /// Runs both clients with what is in a folder; what they printed.
    fn clients(&self, folder: &Path, how: &[&str]) -> Result<[String; 2]> {
        let address = self.node.address().to_string();
        let mut python = Command::new(told("LIANDONG_TEST_PYTHON")?);
        python
            .arg(workspace()?.join("tests/foreign/client.py"))
            .args([address.as_str(), COUNTY, MONTH])
            .args([self.root().as_path(), folder])
            .args(how)
            .env("PYTHONPATH", told("LIANDONG_TEST_STUBS")?)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let python = done(python)?;
        let mut javascript = Command::new("node");
        javascript
            .arg(told("LIANDONG_TEST_NODE_PROJECT")?.join("client.mjs"))
            .args([address.as_str(), COUNTY, MONTH])
            .arg(workspace()?.join("proto"))
            .args([self.root().as_path(), folder])
            .args(how);
        let javascript = done(javascript)?;
        Ok([python, javascript].map(|output| {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            print!("{said}");
            said
        }))
    }

    /// Nobody answers whoever shows what is in a folder; the reason stands in the node's log, and
    /// nothing of it is said to the stranger.
    fn refuses(&self, folder: &str, reason: Option<&str>) -> Result<()> {
        let before = self.node.log().len();
        let shown = match folder {
            "-" => PathBuf::from("-"),
            folder => self.node.path(folder),
        };
        let heard = self.clients(&shown, &["stranger"])?;
        let log = self.node.log().split_off(before);
        if let Some(reason) = reason {
            let times = log.matches(reason).count();
            ensure!(
                times >= heard.len(),
                "{folder}: {reason:?} {times} times: {log}"
            );
        }
        for said in heard {
            for word in ["revoked", "expired", "domain", "spiffe", COUNTY, "issued"] {
                let told = said.to_lowercase();
                ensure!(
                    !told.contains(word),
                    "{folder}: a stranger hears {word:?}: {said}"
                );
            }
        }
        Ok(())
    }
}

#[tokio::test]
#[ignore = "needs Python and Node clients: cargo xtask test foreign"]
async fn python_and_node_push_pull_are_refused_and_look_around() -> Result<()> {
    let bureau = Bureau::open().await?;
    bureau.issue("system", "reporter")?;
    for said in bureau.clients(&bureau.node.path("system"), &[])? {
        ensure!(said.contains("all well"), "{said}");
    }
    ensure!(bureau.node.recount().await? > 0, "nothing was counted");
    Ok(())
}

#[tokio::test]
#[ignore = "needs Python and Node clients: cargo xtask test foreign"]
async fn whoever_shows_no_good_certificate_hears_nothing() -> Result<()> {
    let bureau = Bureau::open().await?;
    // Whoever shows none gets a line, on which an invitation could be used, and no answer.
    bureau.refuses("-", None)?;
    // Made by somebody who calls itself the same.
    bureau.found("self-made", DOMAIN, "127.0.0.1")?;
    bureau.refuses("self-made", Some("no root of its trust domain issued"))?;
    bureau.found("foreign", "other.example", "127.0.0.1")?;
    bureau.refuses("foreign", Some("a trust domain that is not trusted here"))?;
    bureau.issue_expired("expired")?;
    bureau.refuses("expired", Some("expired at"))?;
    bureau.issue("taken-back", "reporter")?;
    bureau.clients(&bureau.node.path("taken-back"), &[])?;
    let identity = format!("spiffe://{DOMAIN}/region/{COUNTY}/reporter");
    let home = bureau.path("identity")?;
    bureau.cert(&["revoke", &identity, "--identity", &home])?;
    // Within seconds, when the node has the list.
    eventually("what was taken back is refused", async || {
        bureau.refuses("taken-back", Some("was revoked")).map(Some)
    })
    .await
}

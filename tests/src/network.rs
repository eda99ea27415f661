//! Networks of their own for nodes: namespaces joined by a cable that can be cut.
//!
//! Names and addresses are made from this process's id, and everything is taken away again when
//! the value is dropped; what an earlier run that was killed left behind is swept away first.

use std::net::Ipv4Addr;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::machine::{is_running, run};

/// The programs that are needed, besides root.
pub const NEEDS: [&str; 3] = ["ip", "tc", "nft"];

const PREFIX: &str = "liandong-";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A network namespace.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

/// One end of a cable.
#[derive(Clone, Debug)]
pub struct End {
    /// The namespace it is in; `None` for the test's own.
    namespace: Option<String>,
    /// The interface's name.
    device: String,
    /// Its address.
    pub address: Ipv4Addr,
}

impl Namespace {
    /// A new namespace, which has only its loopback.
    ///
    /// # Errors
    /// When the machine does not let it be made.
    pub fn make() -> Result<Self> {
        sweep();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        run(&["ip", "netns", "add", &name])?;
        let made = Self { name };
        run(&["ip", "-n", &made.name, "link", "set", "lo", "up"])?;
        Ok(made)
    }

    /// The words that run a program in it.
    pub fn inside(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    /// Runs a command in it.
    ///
    /// # Errors
    /// When the command fails.
    pub fn run(&self, words: &[&str]) -> Result<String> {
        run(&[&self.inside()[..], words].concat())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if let Err(error) = run(&["ip", "netns", "delete", &self.name]) {
            eprintln!("{} is left: {error:#}", self.name);
        }
    }
}

/// Joins two namespaces, or one and the test's own network, by a cable.
///
/// # Errors
/// When the machine does not let it be made.
pub fn join(one: &Namespace, other: Option<&Namespace>) -> Result<(End, End)> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [.., high, low] = std::process::id().to_be_bytes();
    let [.., cable] = number.to_be_bytes();
    let network = |host: u8| Ipv4Addr::new(10, 128 | high & 0x7f, low, (cable & 0x3f) << 2 | host);
    let device = |side: &str| format!("ld{:x}{side}{number}", std::process::id());
    let ends = [
        End {
            namespace: Some(one.name.clone()),
            device: device("a"),
            address: network(1),
        },
        End {
            namespace: other.map(|namespace| namespace.name.clone()),
            device: device("b"),
            address: network(2),
        },
    ];
    let [first, second] = &ends;
    run(&[
        "ip",
        "link",
        "add",
        &first.device,
        "type",
        "veth",
        "peer",
        "name",
        &second.device,
    ])?;
    for end in &ends {
        if let Some(namespace) = &end.namespace {
            run(&["ip", "link", "set", &end.device, "netns", namespace])?;
        }
        end.ip(&[
            "address",
            "add",
            &format!("{}/30", end.address),
            "dev",
            &end.device,
        ])?;
        end.up()?;
    }
    let [first, second] = ends;
    Ok((first, second))
}

impl End {
    fn ip(&self, words: &[&str]) -> Result<()> {
        let mut command = vec!["ip"];
        if let Some(namespace) = &self.namespace {
            command.extend(["-n", namespace]);
        }
        command.extend(words);
        run(&command).map(drop)
    }

    fn inside(&self, words: &[&str]) -> Result<()> {
        let mut command = Vec::new();
        if let Some(namespace) = &self.namespace {
            command.extend(["ip", "netns", "exec", namespace]);
        }
        command.extend(words);
        run(&command).map(drop)
    }

    /// Plugs the cable in.
    ///
    /// # Errors
    /// When the command fails.
    pub fn up(&self) -> Result<()> {
        self.ip(&["link", "set", &self.device, "up"])
    }

    /// Pulls the cable out.
    ///
    /// # Errors
    /// When the command fails.
    pub fn down(&self) -> Result<()> {
        self.ip(&["link", "set", &self.device, "down"])
    }

    /// Loses some of a hundred packets that arrive at this end; 100 for all of them: a cable that
    /// carries one way only. 0 for none, again.
    ///
    /// # Errors
    /// When the command fails.
    pub fn lose(&self, of_a_hundred: u32) -> Result<()> {
        let device = &self.device;
        let table = format!("liandong_{device}");
        // A table that is not there yet cannot be deleted.
        let _ = self.inside(&["nft", "delete", "table", "inet", &table]);
        if of_a_hundred == 0 {
            return Ok(());
        }
        let which = match of_a_hundred {
            100.. => String::new(),
            some => format!("numgen random mod 100 < {some}"),
        };
        let rules = format!(
            "add table inet {table}; \
             add chain inet {table} arriving {{ type filter hook input priority 0; policy accept; }}; \
             add rule inet {table} arriving iifname \"{device}\" {which} counter drop"
        );
        self.inside(&["nft", &rules])
    }

    /// How many packets were lost at this end since [`End::lose`].
    ///
    /// # Errors
    /// When the command fails.
    pub fn lost(&self) -> Result<u64> {
        let table = format!("liandong_{}", self.device);
        let mut command = Vec::new();
        if let Some(namespace) = &self.namespace {
            command.extend(["ip", "netns", "exec", namespace]);
        }
        command.extend(["nft", "list", "table", "inet", &table]);
        let listed = run(&command)?;
        let (_, after) = listed.split_once("packets ").context("no counter")?;
        Ok(after.split(' ').next().unwrap_or("").parse()?)
    }

    /// Lets at most so many bits a second leave at this end.
    ///
    /// # Errors
    /// When the command fails.
    pub fn narrow(&self, bits_a_second: u64) -> Result<()> {
        let rate = format!("{bits_a_second}bit");
        self.inside(&[
            "tc",
            "qdisc",
            "add",
            "dev",
            &self.device,
            "root",
            "tbf",
            "rate",
            &rate,
            "burst",
            "2kb",
            "latency",
            "2s",
        ])
    }

    /// How many bytes have left and arrived at this end.
    ///
    /// # Errors
    /// When the command fails.
    pub fn carried(&self) -> Result<(u64, u64)> {
        let mut command = Vec::new();
        if let Some(namespace) = &self.namespace {
            command.extend(["ip", "netns", "exec", namespace]);
        }
        let place = format!("/sys/class/net/{}/statistics", self.device);
        let (left, arrived) = (format!("{place}/tx_bytes"), format!("{place}/rx_bytes"));
        let read = |path: &str| -> Result<u64> {
            Ok(run(&[&command[..], &["cat", path]].concat())?.parse()?)
        };
        Ok((read(&left)?, read(&arrived)?))
    }
}

/// Takes away the namespaces of test runs that are no more; the cables go with them.
fn sweep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(listed) = run(&["ip", "netns", "list"]) else {
            return;
        };
        for line in listed.lines() {
            let name = line.split(' ').next().unwrap_or("");
            let owner = name
                .strip_prefix(PREFIX)
                .and_then(|rest| rest.split('-').next());
            let owner: Option<u32> = owner.and_then(|pid| pid.parse().ok());
            if owner.is_some_and(|pid| !is_running(pid)) {
                // Somebody else may sweep at the same time.
                let _ = run(&["ip", "netns", "delete", name]);
            }
        }
    });
}

//! The configuration as it stands in the file, and its checks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use liandong_core::refusal::Accepted;
use liandong_core::region::{MAX_REGION_CODE_LEN, RegionCode};
use serde::Deserialize;

use crate::signing::PublicKey;

use super::{Config, Limits, Log, Peer, Problem};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    region: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    hosts: Vec<String>,
    data: PathBuf,
    listen: String,
    #[serde(default)]
    allow_plaintext: bool,
    #[serde(default)]
    tree: Vec<PathBuf>,
    parent: Option<RawPeer>,
    #[serde(default)]
    partner: Vec<RawPeer>,
    #[serde(default)]
    children: Vec<String>,
    #[serde(default)]
    link: RawLink,
    #[serde(default)]
    reporting: Reporting,
    #[serde(default)]
    journal: Journal,
    #[serde(default)]
    log: RawLog,
    #[serde(default)]
    otlp: Otlp,
    #[serde(default)]
    limits: RawLimits,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPeer {
    region: String,
    address: Option<String>,
    key: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLink {
    keys: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Reporting {
    grace_days: u16,
    green_from_percent: u8,
    yellow_from_percent: u8,
}

impl Default for Reporting {
    fn default() -> Self {
        Self {
            grace_days: 10,
            green_from_percent: 100,
            yellow_from_percent: 80,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Journal {
    segment_mb: u64,
    free_floor_mb: u64,
    checkpoint_frames: u64,
    mirror: PathBuf,
    seal: bool,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            segment_mb: 64,
            free_floor_mb: 256,
            checkpoint_frames: 20_000,
            mirror: PathBuf::new(),
            seal: true,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLog {
    format: String,
    filter: String,
}

impl Default for RawLog {
    fn default() -> Self {
        Self {
            format: "text".to_owned(),
            filter: "info".to_owned(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Otlp {
    endpoint: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLimits {
    message_mb: usize,
    requests_per_connection: usize,
    streams_per_connection: u32,
    connections: usize,
    connections_per_address: usize,
    connection_age_minutes: u64,
    handshake_seconds: u64,
    in_flight_mb: usize,
    queue: usize,
    timeout_seconds: u64,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            message_mb: 16,
            requests_per_connection: 256,
            streams_per_connection: 64,
            connections: 2_048,
            connections_per_address: 256,
            connection_age_minutes: 60,
            handshake_seconds: 5,
            in_flight_mb: 24,
            queue: 4_096,
            timeout_seconds: 30,
        }
    }
}

/// Gathers every bad key instead of stopping at the first.
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, key: &str, value: impl ToString, accepted: Accepted) {
        self.0.push(Problem {
            key: key.to_owned(),
            value: value.to_string(),
            accepted,
        });
    }

    fn advise(&mut self, key: &str, value: impl ToString, zh: &str, en: &str) {
        let accepted = Accepted::Advice {
            zh: zh.to_owned(),
            en: en.to_owned(),
        };
        self.add(key, value, accepted);
    }

    fn region(&mut self, key: &str, text: &str) -> Option<RegionCode> {
        match text.parse() {
            Ok(code) => Some(code),
            Err(_) => {
                self.advise(
                    key,
                    text,
                    &format!("填区域代码，如 371524（1 至 {MAX_REGION_CODE_LEN} 个字母、数字或连字符）"),
                    &format!(
                        "write a region's code, like 371524 (1 to {MAX_REGION_CODE_LEN} letters, digits and hyphens)"
                    ),
                );
                None
            }
        }
    }

    fn regions(&mut self, key: &str, texts: &[String]) -> Vec<RegionCode> {
        texts
            .iter()
            .filter_map(|text| self.region(key, text))
            .collect()
    }

    fn peer(&mut self, key: &str, raw: &RawPeer) -> Option<Peer> {
        let region = self.region(&format!("{key}.region"), &raw.region);
        if let Some(address) = &raw.address {
            self.address(&format!("{key}.address"), address);
        }
        Some(Peer {
            region: region?,
            address: raw.address.clone(),
        })
    }

    /// The keys of all peers, wherever they stand.
    fn keys<'a>(
        &mut self,
        parent: impl Iterator<Item = &'a RawPeer>,
        partners: &'a [RawPeer],
        listed: &BTreeMap<String, String>,
    ) -> BTreeMap<RegionCode, PublicKey> {
        let mut said: Vec<(String, &str, &str)> = Vec::new();
        let peers = parent.map(|peer| ("parent", peer));
        for (name, peer) in peers.chain(partners.iter().map(|peer| ("partner", peer))) {
            if let Some(key) = &peer.key {
                said.push((format!("{name}.key"), &peer.region, key));
            }
        }
        for (region, key) in listed {
            said.push((format!("link.keys.{region}"), region, key));
        }
        let mut keys = BTreeMap::new();
        for (name, region, text) in said {
            let region = self.region(&name, region);
            let Ok(key) = text.parse::<PublicKey>() else {
                self.advise(
                    &name,
                    text,
                    "写 ed25519: 加 64 位十六进制数，即对方 liandong link key 所显示的",
                    "write ed25519: and 64 hexadecimal digits, as the peer's `liandong link key` \
                     prints them",
                );
                continue;
            };
            let Some(region) = region else {
                continue;
            };
            if keys.insert(region, key).is_some_and(|before| before != key) {
                self.advise(
                    &name,
                    text,
                    "同一区域写了两个不同的公钥",
                    "two different keys are given for one region",
                );
            }
        }
        keys
    }

    fn address(&mut self, key: &str, address: &str) {
        let uri: Result<http::Uri, _> = address.parse();
        let usable =
            uri.is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.authority().is_some());
        if !usable {
            self.advise(
                key,
                address,
                "填 http://主机:端口",
                "write http://host:port",
            );
        }
    }

    fn range(&mut self, key: &str, value: u64, low: u64, high: u64) {
        if !(low..=high).contains(&value) {
            let bound = |bound: u64| i64::try_from(bound).unwrap_or(i64::MAX);
            self.add(key, value, Accepted::Range(bound(low), bound(high)));
        }
    }
}

impl File {
    /// Checks every value; all problems are returned together.
    pub(super) fn check(self, base: &Path) -> Result<Config, Vec<Problem>> {
        let mut problems = Problems(Vec::new());
        let region = problems.region("region", &self.region);
        let hosts = problems.regions("hosts", &self.hosts);
        let children = problems.regions("children", &self.children);
        let listen: Option<SocketAddr> = match self.listen.parse() {
            Ok(address) => Some(address),
            Err(_) => {
                problems.advise(
                    "listen",
                    &self.listen,
                    "填 地址:端口，如 127.0.0.1:7410",
                    "write address:port, as in 127.0.0.1:7410",
                );
                None
            }
        };
        if listen.is_some_and(|address| !address.ip().is_loopback()) && !self.allow_plaintext {
            problems.advise(
                "listen",
                &self.listen,
                "连接尚未加密：请监听本机地址并使用加密隧道；确在专网内则写 allow_plaintext = true",
                "connections are not encrypted yet: listen on a loopback address behind a tunnel, \
                 or set allow_plaintext = true on a network that only the mesh can reach",
            );
        }
        let parent = self
            .parent
            .as_ref()
            .and_then(|raw| problems.peer("parent", raw));
        if self
            .parent
            .as_ref()
            .is_some_and(|parent| parent.address.is_none() && parent.key.is_none())
        {
            problems.advise(
                "parent.address",
                "",
                "由下级拨出：填 http://主机:端口；两边网络不通、只用文件交换的，填 parent.key",
                "the lower side dials: write http://host:port; or parent.key where the networks \
                 are apart and only files go between",
            );
        }
        let partners = self
            .partner
            .iter()
            .filter_map(|raw| problems.peer("partner", raw))
            .collect();
        let link_keys = problems.keys(self.parent.iter(), &self.partner, &self.link.keys);
        let json = match self.log.format.as_str() {
            "text" => false,
            "json" => true,
            other => {
                let forms = vec!["text".to_owned(), "json".to_owned()];
                problems.add("log.format", other, Accepted::OneOf(forms));
                false
            }
        };
        if !self.otlp.endpoint.is_empty() {
            problems.address("otlp.endpoint", &self.otlp.endpoint);
        }
        let reporting = &self.reporting;
        let (green, yellow) = (reporting.green_from_percent, reporting.yellow_from_percent);
        problems.range("reporting.green_from_percent", green.into(), 1, 100);
        problems.range(
            "reporting.yellow_from_percent",
            yellow.into(),
            0,
            green.into(),
        );
        problems.range("journal.segment_mb", self.journal.segment_mb, 1, 4_096);
        problems.range(
            "journal.free_floor_mb",
            self.journal.free_floor_mb,
            0,
            1 << 40,
        );
        problems.range(
            "journal.checkpoint_frames",
            self.journal.checkpoint_frames,
            1,
            1 << 40,
        );
        let data = base.join(&self.data);
        let mirror = &self.journal.mirror;
        let mirror = (!mirror.as_os_str().is_empty()).then(|| base.join(mirror));
        if let Some(mirror) = &mirror
            && (mirror.starts_with(&data) || data.starts_with(mirror))
        {
            problems.advise(
                "journal.mirror",
                mirror.display(),
                "填另一块磁盘上的目录，不能在数据目录之内或之上",
                "name a folder on another disk, neither inside the data folder nor around it",
            );
        }
        let limits = &self.limits;
        // One push must fit one journal frame.
        problems.range("limits.message_mb", limits.message_mb as u64, 1, 32);
        problems.range("limits.queue", limits.queue as u64, 1, 1 << 20);
        problems.range("limits.connections", limits.connections as u64, 16, 1 << 20);
        problems.range(
            "limits.connections_per_address",
            limits.connections_per_address as u64,
            1,
            1 << 20,
        );
        problems.range(
            "limits.connection_age_minutes",
            limits.connection_age_minutes,
            1,
            60 * 24 * 365,
        );
        problems.range("limits.handshake_seconds", limits.handshake_seconds, 1, 60);
        problems.range(
            "limits.in_flight_mb",
            limits.in_flight_mb as u64,
            4,
            1 << 20,
        );
        problems.range("limits.timeout_seconds", limits.timeout_seconds, 1, 3_600);
        problems.range(
            "limits.requests_per_connection",
            limits.requests_per_connection as u64,
            1,
            1 << 16,
        );
        problems.range(
            "limits.streams_per_connection",
            limits.streams_per_connection.into(),
            1,
            1 << 16,
        );
        let (Some(region), Some(listen), true) = (region, listen, problems.0.is_empty()) else {
            return Err(problems.0);
        };
        Ok(Config {
            region,
            name: self.name,
            hosts,
            data,
            listen,
            tree: self.tree.iter().map(|path| base.join(path)).collect(),
            parent,
            partners,
            children,
            link_keys,
            grace_days: self.reporting.grace_days,
            green_from: i64::from(self.reporting.green_from_percent) * 100,
            yellow_from: i64::from(self.reporting.yellow_from_percent) * 100,
            segment_bytes: self.journal.segment_mb << 20,
            free_floor: self.journal.free_floor_mb << 20,
            checkpoint_frames: self.journal.checkpoint_frames,
            mirror,
            seal: self.journal.seal,
            log: Log {
                json,
                filter: self.log.filter,
            },
            otlp: (!self.otlp.endpoint.is_empty()).then_some(self.otlp.endpoint),
            limits: Limits {
                message_bytes: self.limits.message_mb << 20,
                requests_per_connection: self.limits.requests_per_connection,
                streams_per_connection: self.limits.streams_per_connection,
                connections: self.limits.connections,
                connections_per_address: self.limits.connections_per_address,
                connection_age: Duration::from_secs(60 * self.limits.connection_age_minutes),
                handshake: Duration::from_secs(self.limits.handshake_seconds),
                in_flight_bytes: self.limits.in_flight_mb << 20,
                queue: self.limits.queue,
                timeout: Duration::from_secs(self.limits.timeout_seconds),
            },
        })
    }
}

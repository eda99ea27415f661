//! From what stands in the file to a configuration that can be used.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use liandong_core::refusal::Accepted;

use super::File;
use super::problems::Problems;
use crate::config::{Config, Limits, Log, Problem};

impl File {
    /// Checks every value; all problems are returned together.
    pub(in crate::config) fn check(self, base: &Path) -> Result<Config, Vec<Problem>> {
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
        let is_encrypted = self.identity.is_some();
        if self.allow_plaintext.is_some() {
            problems.advise(
                "allow_plaintext",
                "",
                "已取消：删去此项，在 [identity] folder 写明证书目录（见 liandong cert）；仅在本机试用的，用 \
                 liandong serve --insecure-loopback",
                "gone: remove it and name the folder of the certificates as [identity] folder (see \
                 `liandong cert`); to try a node on one machine there is `liandong serve \
                 --insecure-loopback`",
            );
        }
        let authority = self.identity.as_ref().and_then(|it| it.authority.clone());
        if let Some(address) = &authority {
            problems.address("identity.authority", address, "https");
        }
        let parent = self
            .parent
            .as_ref()
            .and_then(|raw| problems.peer("parent", raw, is_encrypted));
        if self
            .parent
            .as_ref()
            .is_some_and(|parent| parent.address.is_none() && parent.key.is_none())
            && self.identity.is_none()
        {
            // A certificate shows whose file it is; without one the key has to be written down.
            problems.advise(
                "parent.address",
                "",
                "由下级拨出：填 https://主机:端口；两边网络不通、只用文件交换的，填 parent.key",
                "the lower side dials: write https://host:port; or parent.key where the networks \
                 are apart and only files go between",
            );
        }
        let partners = self
            .partner
            .iter()
            .filter_map(|raw| problems.peer("partner", raw, is_encrypted))
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
            problems.address("otlp.endpoint", &self.otlp.endpoint, "http");
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
        let quotas = limits.quotas(&mut problems);
        let (Some(region), Some(listen), true) = (region, listen, problems.0.is_empty()) else {
            return Err(problems.0);
        };
        Ok(Config {
            region,
            name: self.name,
            hosts,
            data,
            identity: self.identity.map(|identity| base.join(identity.folder)),
            file: None,
            insecure_loopback: false,
            authority,
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
                quotas,
            },
        })
    }
}

//! The configuration as it stands in the file, with what holds where it says nothing.

mod check;
mod problems;
mod quota;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

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
    /// Gone; whoever has it still is told what takes its place.
    allow_plaintext: Option<IgnoredAny>,
    identity: Option<Identity>,
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    folder: PathBuf,
    authority: Option<String>,
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
    identity: RawQuota,
    node: RawQuota,
    admin: RawQuota,
    reviewer: RawQuota,
    reporter: RawQuota,
    viewer: RawQuota,
    anonymous: RawQuota,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawQuota {
    requests_in_flight: Option<u32>,
    requests_per_second: Option<u32>,
    requests_burst: Option<u32>,
    streams: Option<u32>,
    message_mb: Option<u64>,
    mb_per_day: Option<u64>,
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
            identity: RawQuota::default(),
            node: RawQuota::default(),
            admin: RawQuota::default(),
            reviewer: RawQuota::default(),
            reporter: RawQuota::default(),
            viewer: RawQuota::default(),
            anonymous: RawQuota::default(),
        }
    }
}

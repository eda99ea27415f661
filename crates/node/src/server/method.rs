//! What is known of a request by its path alone.

use super::quota::Kind;

/// The path of a link's stream, which stays open for months.
const LINK: &str = "/liandong.link.v1.LinkService/Exchange";

/// The methods whose answers are small and wait for the disk or the caller: many of them may be
/// worked on for one connection, whose pushes share a sync.
const PUSHES: [&str; 2] = [
    "/liandong.progress.v1.ProgressService/PushReports",
    "/liandong.progress.v1.ProgressService/UploadReports",
];

/// The methods that take or give more than one message.
const STREAMS: [&str; 11] = [
    LINK,
    "/liandong.progress.v1.ProgressService/UploadReports",
    "/liandong.rollup.v1.RollupService/WatchRollup",
    "/liandong.rollup.v1.RollupService/ProveRollup",
    "/liandong.admin.v1.AdminService/ExportRegion",
    "/liandong.admin.v1.AdminService/ImportRegion",
    "/liandong.link.v1.LinkFileService/ExportLink",
    "/liandong.link.v1.LinkFileService/ImportLink",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The one method that is answered without a certificate: by it one is got. It is no more than
/// others, and its secret is what entitles.
const ENROL: &str = "/liandong.identity.v1.IdentityService/Enrol";

/// How a method is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Method {
    /// It carries a link.
    pub(super) is_link: bool,
    /// Its answers are small: any number of them may be made at a time.
    pub(super) is_small: bool,
    /// What it counts as.
    pub(super) kind: Kind,
}

impl Method {
    /// How the method of that path is treated.
    pub(super) fn of(path: &str) -> Self {
        let is_link = path == LINK;
        let kind = if STREAMS.contains(&path) {
            Kind::Stream
        } else {
            Kind::Request
        };
        Self {
            is_link,
            is_small: is_link || PUSHES.contains(&path),
            kind,
        }
    }
}

/// Whether it is the one that is answered without a certificate.
pub(super) fn is_enrolment(path: &str) -> bool {
    path == ENROL
}

#[cfg(test)]
mod tests {
    use liandong_wire::identity::v1::identity_service_server;
    use liandong_wire::link::v1::link_service_server::SERVICE_NAME;
    use liandong_wire::progress::v1::progress_service_server;

    use super::{ENROL, LINK, Method, PUSHES, STREAMS};
    use crate::server::quota::Kind;

    #[test]
    fn links_and_pushes_are_known_by_their_paths() {
        assert_eq!(LINK, format!("/{SERVICE_NAME}/Exchange"));
        let identity = identity_service_server::SERVICE_NAME;
        assert_eq!(ENROL, format!("/{identity}/Enrol"));
        for path in PUSHES {
            let service = progress_service_server::SERVICE_NAME;
            assert!(path.starts_with(&format!("/{service}/")), "{path}");
        }
    }

    /// The paths of all streams that the protocol has, by its text.
    fn streams() -> Vec<String> {
        let mut found = Vec::new();
        let mut waiting = vec![std::path::PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../proto"
        ))];
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(&path).unwrap();
                waiting.extend(entries.map(|entry| entry.unwrap().path()));
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let (mut package, mut service) = ("", "");
            for line in text.lines().map(str::trim_start) {
                let word = |begin| line.strip_prefix(begin)?.split([';', ' ', '(']).next();
                package = word("package ").unwrap_or(package);
                service = word("service ").unwrap_or(service);
                if let (Some(method), true) = (word("rpc "), line.contains("(stream ")) {
                    found.push(format!("/{package}.{service}/{method}"));
                }
            }
        }
        found
    }

    #[test]
    fn every_stream_of_the_protocol_counts_as_one() {
        let streams = streams();
        for path in &streams {
            assert_eq!(Method::of(path).kind, Kind::Stream, "{path}");
        }
        assert!(streams.len() > 5, "the protocol was not read");
        assert!(STREAMS.len() >= streams.len());
        let [push, _] = PUSHES;
        assert_eq!(Method::of(push).kind, Kind::Request);
    }
}

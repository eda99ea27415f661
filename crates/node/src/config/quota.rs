//! What one identity may have of a node.

use liandong_core::identity::Role;

/// What one identity may have, on all of its connections together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests whose answers are not read yet, streams apart.
    pub requests_in_flight: u32,
    /// Requests a second in the long run.
    pub requests_per_second: u32,
    /// Requests at once, after a rest.
    pub requests_burst: u32,
    /// Streams that are open: uploads, watches, exports, links.
    pub streams: u32,
    /// The largest message in bytes; those of links have a bound of their own.
    pub message_bytes: u64,
    /// Bytes of requests in a calendar day of China, as they came over the line; those of links do
    /// not count.
    pub bytes_per_day: u64,
}

/// What the identities of each role may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    pub(super) node: Quota,
    pub(super) admin: Quota,
    pub(super) reviewer: Quota,
    pub(super) reporter: Quota,
    pub(super) viewer: Quota,
    pub(super) anonymous: Quota,
}

impl Quotas {
    /// What an identity of that role may have; `None` are all who speak in plain text, together.
    pub fn of(&self, role: Option<Role>) -> Quota {
        match role {
            Some(Role::Node) => self.node,
            Some(Role::Admin) => self.admin,
            Some(Role::Reviewer) => self.reviewer,
            Some(Role::Reporter) => self.reporter,
            Some(Role::Viewer) => self.viewer,
            None => self.anonymous,
        }
    }
}

//! The gRPC services, one per noun: a request becomes a command or a question of core, the answer
//! becomes a message. No rule lives here; whatever is refused, is refused by core's one type and
//! told by wire's one map.

mod admin;
mod call;
mod collaboration;
mod identity;
mod link;
mod link_file;
mod progress;
mod rollup;
mod task;

pub(crate) use admin::AdminService;
pub(crate) use call::{Sight, blocking, internal};
pub(crate) use collaboration::CollaborationService;
pub(crate) use identity::IdentityService;
pub(crate) use link::LinkService;
pub(crate) use link_file::LinkFileService;
pub(crate) use progress::ProgressService;
pub(crate) use rollup::{RollupService, value_text};
pub(crate) use task::TaskService;

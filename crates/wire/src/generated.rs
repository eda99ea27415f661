//! The generated messages, clients and servers, in the modules that their packages name.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "written by the code generator; what it says is commented in the proto files"
)]

/// Regions, indicators, status: package `liandong.admin`.
pub mod admin {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("liandong.admin.v1");
    }
}

/// Pairings and aid: package `liandong.collaboration`.
pub mod collaboration {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("liandong.collaboration.v1");
    }
}

/// The link between nodes: package `liandong.link`.
pub mod link {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("liandong.link.v1");
    }
}

/// Reports: package `liandong.progress`.
pub mod progress {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("liandong.progress.v1");
    }
}

/// Roll-ups: package `liandong.rollup`.
pub mod rollup {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("liandong.rollup.v1");
    }
}

/// Plans and tasks: package `liandong.task`.
pub mod task {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("liandong.task.v1");
    }
}

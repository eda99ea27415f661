//! Reflection: what the port tells of its own services, in the two versions that callers ask for.
//!
//! It is the same for every node, and reading the descriptions takes longer than all else that a
//! start does, so a process reads them once.

use std::sync::OnceLock;

use axum::Router;
use liandong_wire::FILE_DESCRIPTOR_SET;
use tonic::service::Routes;
use tonic_reflection::server::{Builder, Error};

/// The routes of both versions.
///
/// # Errors
/// When a description cannot be read: a fault of the build.
pub(super) fn routes() -> Result<Router, Error> {
    static KEPT: OnceLock<Router> = OnceLock::new();
    if let Some(kept) = KEPT.get() {
        return Ok(kept.clone());
    }
    let read = read()?;
    Ok(KEPT.get_or_init(|| read).clone())
}

fn read() -> Result<Router, Error> {
    let services = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let routes = Routes::from(Router::new())
        .add_service(services().build_v1()?)
        .add_service(services().build_v1alpha()?);
    Ok(routes.into_axum_router())
}

//! Nodes that this program starts on this machine, for as long as it runs: processes of this same
//! program on the loopback interface, with certificates of their own, in a directory that is gone
//! afterwards.

mod error;
mod process;
mod realm;
mod workdir;

pub(crate) use error::LocalError;
pub(crate) use process::{Running, Starting, stop};
pub(crate) use realm::{CertificatesError, NODE, Realm, person};
pub(crate) use workdir::{Kind, Workdir};

use std::path::Path;

/// Writes a file of a node's directory.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), LocalError> {
    std::fs::write(path, text).map_err(|source| workdir::failed("write", path, source))
}

/// Makes a node's directory.
pub(crate) fn make_dir(path: &Path) -> Result<(), LocalError> {
    std::fs::create_dir_all(path).map_err(|source| workdir::failed("create", path, source))
}

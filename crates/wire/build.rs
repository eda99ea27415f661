//! Generates the messages, clients and servers from `proto/`, without any outside compiler.

use std::error::Error;
use std::path::{Path, PathBuf};

use prost::Message;

const FILES: [&str; 8] = [
    "liandong/admin/v1/admin.proto",
    "liandong/task/v1/task.proto",
    "liandong/progress/v1/progress.proto",
    "liandong/rollup/v1/rollup.proto",
    "liandong/collaboration/v1/collaboration.proto",
    "liandong/link/v1/link.proto",
    "liandong/link/v1/file.proto",
    "liandong/identity/v1/identity.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let manifest_dir = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let root = manifest_dir.join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let descriptors = protox::compile(FILES, [&root])?;
    let out_dir = std::env::var("OUT_DIR")?;
    std::fs::write(
        Path::new(&out_dir).join("descriptors.bin"),
        descriptors.encode_to_vec(),
    )?;
    // What holds a secret has a `Debug` of its own; see `src/identity.rs`.
    tonic_prost_build::configure()
        .skip_debug([".liandong.identity.v1.EnrolRequest"])
        .compile_fds(descriptors)?;
    Ok(())
}

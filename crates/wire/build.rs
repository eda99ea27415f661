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

/// Its messages carry figures by the thousand.
const TAKEN: &str = "liandong.progress.v1";

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
    // A node's own server takes rows as they come; see `src/progress/unread.rs`.
    let intake = Path::new(&out_dir).join("intake");
    std::fs::create_dir_all(&intake)?;
    let mut reports = descriptors.clone();
    let taken = |file: &prost_types::FileDescriptorProto| file.package() == TAKEN;
    reports.file.retain(taken);
    tonic_prost_build::configure()
        .build_client(false)
        .extern_path(".liandong.progress.v1", "crate::progress::v1")
        .extern_path(
            ".liandong.progress.v1.PushReportsRequest",
            "crate::progress::UnreadPush",
        )
        .extern_path(
            ".liandong.progress.v1.UploadReportsRequest",
            "crate::progress::UnreadUpload",
        )
        .out_dir(intake)
        .compile_fds(reports)?;
    // What holds a secret has a `Debug` of its own; see `src/identity.rs`.
    tonic_prost_build::configure()
        .skip_debug([".liandong.identity.v1.EnrolRequest"])
        .compile_fds(descriptors)?;
    Ok(())
}

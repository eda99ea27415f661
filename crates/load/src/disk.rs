//! What one durable write costs on a disk.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use crate::error::DiskError;
use crate::latency::Latencies;

/// The file that is written, in the folder; it is removed afterwards.
const FILE: &str = "liandong-writes";

/// The times of `times` writes of `bytes` bytes each, one behind the other over zeros, as a node's
/// journal is written, with an fdatasync after each.
///
/// # Errors
/// When nothing can be written or synced there.
pub fn syncs(folder: &Path, times: u32, bytes: u32) -> Result<Latencies, DiskError> {
    let path = folder.join(FILE);
    let measured = write_and_sync(&path, u64::from(times), u64::from(bytes));
    // Left behind only where the folder itself fails, which the measurement told of.
    let _ = std::fs::remove_file(&path);
    measured.map_err(|source| DiskError { path, source })
}

fn write_and_sync(path: &Path, times: u64, bytes: u64) -> std::io::Result<Latencies> {
    let file = File::create(path)?;
    let block = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
    for number in 0..times {
        file.write_all_at(&block, number * bytes)?;
    }
    file.sync_all()?;
    let block = vec![1; block.len()];
    let mut latencies = Latencies::default();
    for number in 0..times {
        let begun = Instant::now();
        file.write_all_at(&block, number * bytes)?;
        file.sync_data()?;
        latencies.record(begun.elapsed());
    }
    Ok(latencies)
}

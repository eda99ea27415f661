//! What one durable write costs on this disk.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use anyhow::Result;

const TRIES: u64 = 1_000;
const BYTES: usize = 2_048;

/// The times of small writes over zeros with an fdatasync each, sorted; in the folder for
/// temporary files, where the nodes have their data, too.
pub(crate) fn syncs() -> Result<Vec<Duration>> {
    let folder = tempfile::tempdir()?;
    let file = File::create(folder.path().join("writes"))?;
    let total = TRIES as usize * BYTES;
    file.write_all_at(&vec![0; total], 0)?;
    file.sync_all()?;
    let mut times = Vec::new();
    for number in 0..TRIES {
        let begun = Instant::now();
        file.write_all_at(&[1; BYTES], number * BYTES as u64)?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

//! Everything that happens in a run, as one hash: two runs of a seed that differ in a single byte
//! on the simulated network, or in when it was sent, differ here.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

thread_local! {
    static RECORD: RefCell<Option<BufWriter<File>>> = const { RefCell::new(None) };
    static HASHER: RefCell<Option<blake3::Hasher>> = const { RefCell::new(None) };
    static ALOUD: RefCell<bool> = const { RefCell::new(false) };
}

/// Begins the trace of a run; `aloud` also prints what is said.
pub(crate) fn begin(aloud: bool) {
    HASHER.with_borrow_mut(|hasher| *hasher = Some(blake3::Hasher::new()));
    ALOUD.with_borrow_mut(|loud| *loud = aloud);
}

/// Writes everything that is added to a file as well, a line each: two runs of a seed that are not
/// the same are compared by it.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn record(path: &Path) -> std::io::Result<()> {
    let file = BufWriter::new(File::create(path)?);
    RECORD.with_borrow_mut(|record| *record = Some(file));
    Ok(())
}

/// Adds bytes that went over the network.
pub(crate) fn bytes(at: Duration, what: &[u8]) {
    RECORD.with_borrow_mut(|record| {
        if let Some(file) = record {
            // A record that cannot be written is shorter; nothing else hangs on it.
            let _ = writeln!(file, "{} {}", at.as_nanos(), what.escape_ascii());
        }
    });
    HASHER.with_borrow_mut(|hasher| {
        if let Some(hasher) = hasher {
            hasher.update(&at.as_nanos().to_be_bytes());
            hasher.update(&(what.len() as u64).to_be_bytes());
            hasher.update(what);
        }
    });
}

/// Adds something that happened, in words.
pub(crate) fn say(what: &str) {
    let at = now();
    bytes(at, what.as_bytes());
    if ALOUD.with_borrow(|loud| *loud) {
        println!("{:>9.3} {what}", at.as_secs_f64());
    }
}

/// The simulated time since the start.
pub(crate) fn now() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}

/// The hash of all that happened, as hexadecimal digits.
pub(crate) fn end() -> String {
    HASHER.with_borrow_mut(|hasher| {
        let hash = hasher.take().map(|hasher| hasher.finalize());
        hash.map(|hash| hash.to_hex().chars().take(32).collect())
            .unwrap_or_default()
    })
}

/// Whether what is said is printed.
pub(crate) fn is_aloud() -> bool {
    ALOUD.with_borrow(|loud| *loud)
}

//! Everything that happens in a run, as one hash: two runs of a seed that differ in a single byte
//! on the simulated network, or in when it was sent, differ here.

use std::cell::RefCell;
use std::time::Duration;

thread_local! {
    static HASHER: RefCell<Option<blake3::Hasher>> = const { RefCell::new(None) };
    static ALOUD: RefCell<bool> = const { RefCell::new(false) };
}

/// Begins the trace of a run; `aloud` also prints what is said.
pub(crate) fn begin(aloud: bool) {
    HASHER.with_borrow_mut(|hasher| *hasher = Some(blake3::Hasher::new()));
    ALOUD.with_borrow_mut(|loud| *loud = aloud);
}

/// Adds bytes that went over the network.
pub(crate) fn bytes(at: Duration, what: &[u8]) {
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

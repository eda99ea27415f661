//! A look at every process while others work.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::sought::Secrets;

/// Looks at the arguments and the surroundings of every process until it is dropped.
pub(crate) struct Lookout {
    stop: Arc<AtomicBool>,
    looked: JoinHandle<(Vec<Vec<u8>>, usize)>,
}

impl Lookout {
    pub(crate) fn begin(secrets: Secrets) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let looked = std::thread::spawn(move || {
            let mut seen = Vec::new();
            let mut of_ours = BTreeSet::new();
            while !stopped.load(Ordering::Relaxed) {
                for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
                    // Those that have ended meanwhile, and those of others, say nothing.
                    for name in ["cmdline", "environ"] {
                        let text = std::fs::read(entry.path().join(name)).unwrap_or_default();
                        if secrets.seen_in(&text).is_some() {
                            seen.push(text.clone());
                        }
                        if name == "cmdline" && String::from_utf8_lossy(&text).contains("cert\0") {
                            of_ours.insert(entry.file_name());
                        }
                    }
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            (seen, of_ours.len())
        });
        Self { stop, looked }
    }

    /// What showed secrets, and how many commands about certificates were looked at.
    pub(crate) fn end(self) -> (Vec<Vec<u8>>, usize) {
        self.stop.store(true, Ordering::Relaxed);
        self.looked.join().expect("no panic")
    }
}

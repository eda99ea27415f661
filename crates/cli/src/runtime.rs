//! The threads that everything here runs on.

use std::io;
use std::num::NonZeroUsize;

use tokio::runtime::{Builder, Runtime};

/// One may wait for the disk while the other goes on, however small the machine is.
const FEWEST_THREADS: usize = 2;

/// A runtime with a thread for every processor, and two at least.
///
/// # Errors
/// When the system gives no more threads or files.
pub(crate) fn start() -> io::Result<Runtime> {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    Builder::new_multi_thread()
        .worker_threads(processors.max(FEWEST_THREADS))
        .enable_all()
        .build()
}

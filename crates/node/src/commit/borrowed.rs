//! A thread of the runtime that is borrowed for a moment, to wait for the disk.
//!
//! Telling the runtime beforehand (`block_in_place`) makes it hand everything to another thread,
//! which takes as long as the disk. So it is not told: a quick sync is over before anybody would
//! have been woken. But a runtime does not notice that a thread which it counts on does not come
//! back, and while nobody waits for the network in its place, nothing is read from it. So somebody
//! looks after the borrowed thread, and when it stays away gives the runtime something to do, which
//! wakes another of its threads; that one goes on with everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};

/// How often it is looked whether a thread has come back; after twice that it is replaced.
const LOOK: Duration = Duration::from_millis(25);

/// What is known of the thread that is away; there is one at a time.
#[derive(Debug, Default)]
pub(super) struct Borrowed {
    /// Counts up when a thread goes and when it is back: odd while it is away.
    moves: AtomicU64,
}

/// A thread is away for as long as this lives.
#[derive(Debug)]
pub(super) struct Away<'a>(&'a Borrowed);

impl Drop for Away<'_> {
    fn drop(&mut self) {
        self.0.moves.fetch_add(1, Ordering::Relaxed);
    }
}

impl Borrowed {
    /// Whether this thread may be borrowed: the runtime has another one.
    pub(super) fn may_go() -> bool {
        Handle::try_current().is_ok_and(|runtime| {
            runtime.runtime_flavor() == RuntimeFlavor::MultiThread
                && runtime.metrics().num_workers() > 1
        })
    }

    /// Lets go on what the runtime keeps for this thread alone, before it goes away: the task that was
    /// woken last waits where no other thread takes it from.
    pub(super) async fn make_way() {
        tokio::task::yield_now().await;
    }

    /// This thread goes away.
    pub(super) fn go(&self) -> Away<'_> {
        self.moves.fetch_add(1, Ordering::Relaxed);
        Away(self)
    }

    /// The move by which a thread went that is still away.
    fn away(&self) -> Option<u64> {
        let moves = self.moves.load(Ordering::Relaxed);
        (moves % 2 == 1).then_some(moves)
    }
}

/// Looks after the threads that `lender` borrows of this runtime, for as long as it lives.
pub(super) fn look_after<T: AsRef<Borrowed> + Send + Sync + 'static>(lender: &Arc<T>) {
    let lender = Arc::downgrade(lender);
    // Outside of a runtime there is no thread to be borrowed.
    let Ok(runtime) = Handle::try_current() else {
        return;
    };
    std::thread::spawn(move || {
        let mut seen = None;
        while let Some(lender) = lender.upgrade() {
            let away = (*lender).as_ref().away();
            if away.is_some() && away == seen {
                // It need not do anything: it is waking for it that matters.
                runtime.spawn(async {});
            }
            seen = away;
            drop(lender);
            std::thread::sleep(LOOK);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Borrowed, look_after};

    const AWAY: Duration = Duration::from_secs(2);

    struct Lender(Borrowed);

    impl AsRef<Borrowed> for Lender {
        fn as_ref(&self) -> &Borrowed {
            &self.0
        }
    }

    /// Sends back what comes; the thread of whoever asks for it with a 1 is away for a while.
    async fn echo(mut stream: TcpStream, lender: Arc<Lender>) -> std::io::Result<()> {
        loop {
            let byte = stream.read_u8().await?;
            if byte == 1 {
                let _away = lender.0.go();
                std::thread::sleep(AWAY);
            }
            stream.write_u8(byte).await?;
        }
    }

    /// There and back again.
    fn ask(stream: &mut std::net::TcpStream, byte: u8) -> Duration {
        let sent = Instant::now();
        stream.write_all(&[byte]).unwrap();
        stream.read_exact(&mut [0]).unwrap();
        sent.elapsed()
    }

    /// The clients have threads of their own, so that the runtime has nothing to do but answer.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn others_are_served_while_a_thread_is_away_for_long() {
        let lender = Arc::new(Lender(Borrowed::default()));
        look_after(&lender);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let clients = tokio::task::spawn_blocking(move || {
            let mut slow = std::net::TcpStream::connect(address).unwrap();
            let mut other = std::net::TcpStream::connect(address).unwrap();
            ask(&mut slow, 0);
            ask(&mut other, 0);
            let away = std::thread::spawn(move || ask(&mut slow, 1));
            std::thread::sleep(AWAY / 10);
            let took = ask(&mut other, 0);
            (away.join().unwrap(), took)
        });
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(echo(stream, Arc::clone(&lender)));
        }
        let (away, other) = clients.await.unwrap();
        assert!(away >= AWAY, "{away:?}");
        assert!(other < AWAY / 2, "{other:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_woken_last_does_not_wait_for_a_thread_that_is_away() {
        let lender = Borrowed::default();
        let going = tokio::spawn(async move {
            let woken = Arc::new(AtomicBool::new(false));
            let note = Arc::clone(&woken);
            tokio::spawn(async move { note.store(true, Ordering::Relaxed) });
            Borrowed::make_way().await;
            let _away = lender.go();
            std::thread::sleep(AWAY / 10);
            woken.load(Ordering::Relaxed)
        });
        assert!(going.await.unwrap(), "it waited until the thread was back");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn the_only_thread_is_not_borrowed() {
        let may_go = tokio::spawn(async { Borrowed::may_go() });
        assert!(!may_go.await.unwrap());
    }
}

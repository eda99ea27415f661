//! The bodies of requests and answers, with their bounds.
//!
//! A request's bytes are paid for from one purse of the whole node while a message of them is in
//! memory; one that comes too slowly is given up. Of an answer it is noted since when the caller
//! could have read on.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzDecoder;
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};
use tonic::Status;

use super::guard::{OpenLink, overloaded, unpacks_badly};
use super::line::Moved;

/// What a caller must move at least, in bytes a second, once its patience is used up; a tenth of
/// what the slowest line of the mesh does.
const SLOWEST: u64 = 512;

/// How many times its patience a caller may pause between two messages of a stream.
const PAUSE: u32 = 10;

/// After how long a pause whoever holds what others wait for is given up.
const STALLED: Duration = Duration::from_secs(2);

/// How long a link waits for room.
const LINK_PATIENCE: Duration = Duration::from_secs(60);

/// The unit of the purse, in bytes.
const COIN: usize = 1 << 10;

/// The length of what stands before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// The most that a byte of gzip unpacks to.
const MOST_UNPACKED: usize = 1_032;

/// The most bytes that a compressed message may unpack to. What is larger is not compressed, so
/// that it has to be sent before it can fill the memory.
const LARGEST_UNPACKED: usize = 4 << 20;

/// Why a request's body ends early.
#[derive(Debug, Error)]
pub(super) enum BodyError {
    /// The caller sends too slowly.
    #[error("the request comes too slowly")]
    Slow(#[source] Status),
    /// The node is full of requests.
    #[error("the node has too many requests in memory")]
    Full(#[source] Status),
    /// A compressed message is no gzip, or unpacks to too much.
    #[error("a compressed message cannot be unpacked")]
    Packed(#[source] Status),
    /// The transport failed.
    #[error(transparent)]
    Transport(Box<dyn std::error::Error + Send + Sync>),
}

/// What requests in memory are paid from: first from what each connection has to itself, so that
/// nobody who sends little waits for those who send much, then from what all share.
#[derive(Clone, Debug)]
pub(super) struct Purse {
    own: Arc<Semaphore>,
    shared: Arc<Semaphore>,
    /// What one message may cost at most, so that every message can be paid.
    dearest: usize,
    /// The largest message, unpacked, in bytes.
    largest: usize,
}

impl Purse {
    /// A purse of so many bytes that all connections share; no message is larger than `largest`.
    pub(super) fn new(bytes: usize, largest: usize) -> Self {
        let coins = (bytes / COIN).min(Semaphore::MAX_PERMITS);
        Self {
            own: Arc::new(Semaphore::new(0)),
            shared: Arc::new(Semaphore::new(coins)),
            dearest: bytes,
            largest,
        }
    }

    /// The purse of one connection, which has so many bytes to itself besides.
    pub(super) fn of_connection(&self, bytes: usize) -> Self {
        Self {
            own: Arc::new(Semaphore::new(bytes / COIN)),
            ..self.clone()
        }
    }

    /// How many bytes are left to share.
    #[cfg(test)]
    fn left(&self) -> usize {
        self.shared.available_permits() * COIN
    }

    fn is_empty(&self) -> bool {
        self.shared.available_permits() == 0
    }
}

/// What one request has paid; given back when the request is done with.
#[derive(Debug, Default)]
pub(super) struct Paid(Mutex<Vec<OwnedSemaphorePermit>>);

impl Paid {
    fn add(&self, permit: OwnedSemaphorePermit) {
        let mut paid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for known in paid.iter_mut() {
            if Arc::ptr_eq(known.semaphore(), permit.semaphore()) {
                known.merge(permit);
                return;
            }
        }
        paid.push(permit);
    }

    fn give_back(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// Where in the messages of a request its bytes are.
#[derive(Debug, Default)]
struct Messages {
    prefix: [u8; PREFIX],
    prefix_len: usize,
    /// Bytes of the message that are still to come.
    left: usize,
    /// When the message began, and what has come of it.
    began: Option<(Instant, usize)>,
    /// Whether a message has come as a whole.
    one_came: bool,
    /// Unpacks a compressed message as it comes, to see how large it is.
    unpacking: Option<GzDecoder<Measured>>,
    /// Whether a compressed message was found to be none that is taken.
    is_bad: bool,
}

/// Takes as many bytes as a compressed message may have, and keeps none of them.
#[derive(Debug, Default)]
struct Measured(usize);

impl Write for Measured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        if self.0 > LARGEST_UNPACKED {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What bytes of a request cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    /// A message begins: the one before is done with.
    begins: bool,
    /// What has come, and what it unpacks to at most once it has come as a whole.
    bytes: usize,
}

impl Messages {
    /// Takes bytes; what they cost, of a message that unpacks to `largest` at most.
    fn take(&mut self, mut data: &[u8], largest: usize, now: Instant) -> Cost {
        let mut cost = Cost::default();
        let mut come = 0;
        while !data.is_empty() {
            if self.left == 0 {
                if self.prefix_len == 0 {
                    cost = Cost {
                        begins: true,
                        bytes: 0,
                    };
                    self.began = Some((now, 0));
                    come = 0;
                }
                let count = data.len().min(PREFIX - self.prefix_len);
                let (prefix, rest) = data.split_at(count);
                self.prefix[self.prefix_len..self.prefix_len + count].copy_from_slice(prefix);
                self.prefix_len += count;
                data = rest;
                if self.prefix_len < PREFIX {
                    break;
                }
                self.left = self.length();
                self.prefix_len = 0;
                let [compressed, ..] = self.prefix;
                self.unpacking = (compressed != 0).then(|| GzDecoder::new(Measured::default()));
            } else {
                let count = data.len().min(self.left);
                let (part, rest) = data.split_at(count);
                data = rest;
                self.left -= count;
                come += count;
                cost.bytes += count;
                if let Some(unpacking) = &mut self.unpacking
                    && unpacking.write_all(part).is_err()
                {
                    self.is_bad = true;
                    return cost;
                }
            }
            if self.left == 0 {
                // It is whole, and about to be unpacked.
                let [compressed, ..] = self.prefix;
                if compressed != 0 {
                    self.unpacking = None;
                    let unpacked = self
                        .length()
                        .saturating_mul(MOST_UNPACKED)
                        .min(largest.min(LARGEST_UNPACKED));
                    // What it is unpacked into grows by doubling.
                    cost.bytes += unpacked * 2;
                }
                // Between two messages a caller may take its time.
                self.began = None;
                self.one_came = true;
            }
        }
        if let Some((_, sum)) = &mut self.began {
            *sum += come;
        }
        cost
    }

    fn length(&self) -> usize {
        let [_, length @ ..] = self.prefix;
        usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX)
    }
}

type Paying = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

/// The body of a request.
pub(super) struct RequestBody<B> {
    inner: B,
    purse: Purse,
    paid: Arc<Paid>,
    /// How long a caller may be slow; `None` for a link, which keeps itself alive.
    patience: Option<Duration>,
    messages: Messages,
    /// Bytes that are not paid for yet.
    waiting: Option<(Bytes, Paying)>,
    /// What the message at hand has cost so far, and whether others share in it.
    spent: usize,
    shares: bool,
    /// When bytes came last.
    last: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl<B> RequestBody<B> {
    pub(super) fn new(inner: B, purse: Purse, paid: Arc<Paid>, patience: Option<Duration>) -> Self {
        Self {
            inner,
            purse,
            paid,
            patience,
            messages: Messages::default(),
            waiting: None,
            spent: 0,
            shares: false,
            last: None,
            alarm: None,
            ended: false,
        }
    }

    /// Whether the caller has been too slow; else this is polled again when that may have changed.
    fn is_late(&mut self, task: &mut Context<'_>) -> bool {
        let Some(patience) = self.patience else {
            return false;
        };
        let now = Instant::now();
        let last = *self.last.get_or_insert(now);
        let deadline = match self.messages.began {
            Some((began, come)) => began + patience + Duration::from_secs(come as u64 / SLOWEST),
            None if self.messages.one_came => last + patience * PAUSE,
            None => last + patience,
        };
        loop {
            if now >= deadline {
                return true;
            }
            // Who holds what others wait for has to go on.
            let in_the_way = self.shares && self.messages.began.is_some();
            if in_the_way && self.purse.is_empty() && now.duration_since(last) >= STALLED {
                return true;
            }
            let next = if in_the_way {
                deadline.min(now + STALLED / 2)
            } else {
                deadline
            };
            let alarm = self
                .alarm
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
            if alarm.as_mut().poll(task).is_pending() {
                return false;
            }
            self.alarm = None;
        }
    }

    /// Pays for bytes; those that cannot be paid at once wait.
    fn pay(&mut self, data: Bytes) -> Option<Bytes> {
        let now = Instant::now();
        let cost = self.messages.take(&data, self.purse.largest, now);
        self.last = Some(now);
        // A pause from here on is counted anew.
        self.alarm = None;
        if cost.begins {
            self.paid.give_back();
            self.spent = 0;
            self.shares = false;
        }
        let bytes = cost
            .bytes
            .min(self.purse.dearest.saturating_sub(self.spent));
        self.spent += bytes;
        let coins = u32::try_from(bytes.div_ceil(COIN)).unwrap_or(u32::MAX);
        if coins == 0 {
            return Some(data);
        }
        let own = Arc::clone(&self.purse.own);
        if let Ok(permit) = own.try_acquire_many_owned(coins) {
            self.paid.add(permit);
            return Some(data);
        }
        self.shares = true;
        let shared = Arc::clone(&self.purse.shared);
        if let Ok(permit) = Arc::clone(&shared).try_acquire_many_owned(coins) {
            self.paid.add(permit);
            return Some(data);
        }
        let patience = self.patience.unwrap_or(LINK_PATIENCE);
        let paying = async move {
            let acquiring = shared.acquire_many_owned(coins);
            // A purse is never closed.
            tokio::time::timeout(patience, acquiring).await.ok()?.ok()
        };
        self.waiting = Some((data, Box::pin(paying)));
        None
    }
}

impl<B> Body for RequestBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        loop {
            if let Some((_, paying)) = &mut this.waiting {
                let permit = ready!(paying.as_mut().poll(task));
                let data = this.waiting.take().map(|(data, _)| data);
                let (Some(permit), Some(data)) = (permit, data) else {
                    this.ended = true;
                    return Poll::Ready(Some(Err(BodyError::Full(overloaded()))));
                };
                this.paid.add(permit);
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            match Pin::new(&mut this.inner).poll_frame(task) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        let paid = this.pay(data);
                        if this.messages.is_bad {
                            this.ended = true;
                            return Poll::Ready(Some(Err(BodyError::Packed(unpacks_badly()))));
                        }
                        if let Some(data) = paid {
                            return Poll::Ready(Some(Ok(Frame::data(data))));
                        }
                    }
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(BodyError::Transport(error.into()))));
                }
                Poll::Ready(None) => {
                    this.ended = true;
                    return Poll::Ready(None);
                }
                Poll::Pending if this.is_late(task) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(BodyError::Slow(overloaded()))));
                }
                Poll::Pending => {
                    if this.patience.is_none() && this.messages.began.is_none() {
                        // A link has taken in what came before it asks for more.
                        this.paid.give_back();
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || (self.waiting.is_none() && self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The answers of one connection that its caller has not read on with.
#[derive(Debug, Default)]
pub(super) struct Unread {
    next: AtomicU64,
    since: Mutex<BTreeMap<u64, (Instant, u64)>>,
}

impl Unread {
    fn note(&self, number: u64, written: u64) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.insert(number, (Instant::now(), written));
    }

    fn clear(&self, number: u64) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.remove(&number);
    }

    /// Whether an answer waits for its caller longer than patience, and the connection has not
    /// moved what the slowest line would have.
    pub(super) fn is_stuck(&self, patience: Duration, moved: &Moved) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.values().any(|(began, written)| {
            let waited = began.elapsed();
            let due = waited.as_secs().saturating_mul(SLOWEST);
            waited > patience && moved.written().saturating_sub(*written) < due
        })
    }
}

/// An answer is handed on in pieces of so many bytes: the transport takes a piece as a whole as
/// soon as its caller takes a single byte.
const PIECE: usize = 16 << 10;

/// What a body gives when it is asked: a frame, an error, or its end.
type Polled<E> = Option<Result<Frame<Bytes>, E>>;

/// The body of an answer.
pub(super) struct AnswerBody<B: Body> {
    inner: B,
    /// What was asked of `inner` ahead of the caller.
    first: Option<Polled<B::Error>>,
    /// What is left of a frame that is handed on in pieces.
    rest: Bytes,
    number: u64,
    unread: Arc<Unread>,
    moved: Arc<Moved>,
    /// Its turn among the answers of the connection, until it is read, or waits for the node.
    turn: Option<OwnedSemaphorePermit>,
    /// Set for the stream of a link.
    _link: Option<OpenLink>,
}

impl<B: Body<Data = Bytes> + Unpin> AnswerBody<B> {
    pub(super) fn new(
        mut inner: B,
        unread: Arc<Unread>,
        moved: Arc<Moved>,
        turn: Option<OwnedSemaphorePermit>,
        link: Option<OpenLink>,
    ) -> Self {
        let number = unread.next.fetch_add(1, Ordering::Relaxed);
        let mut first = None;
        if !inner.is_end_stream() {
            unread.note(number, moved.written());
            // Written, an answer is a fraction of what it is made of, and it may wait for long. If
            // there is nothing yet, whoever asks next is woken.
            let mut nobody = Context::from_waker(Waker::noop());
            if let Poll::Ready(frame) = Pin::new(&mut inner).poll_frame(&mut nobody) {
                first = Some(frame);
            }
        }
        Self {
            inner,
            first,
            rest: Bytes::new(),
            number,
            unread,
            moved,
            turn,
            _link: link,
        }
    }
}

impl<B> Body for AnswerBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            let polled = match this.first.take() {
                Some(first) => Poll::Ready(first),
                None => Pin::new(&mut this.inner).poll_frame(task),
            };
            match polled {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => this.rest = data,
                    Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                // It is the node that has nothing to say, or nothing more.
                other @ (Poll::Ready(_) | Poll::Pending) => {
                    this.unread.clear(this.number);
                    this.turn = None;
                    return other;
                }
            }
        }
        this.unread.note(this.number, this.moved.written());
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.first {
            Some(Some(_)) => false,
            Some(None) => true,
            None => self.rest.is_empty() && self.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        // What was taken ahead is no part of what the inner body knows of.
        if self.first.is_some() || !self.rest.is_empty() {
            return SizeHint::default();
        }
        self.inner.size_hint()
    }
}

impl<B: Body> Drop for AnswerBody<B> {
    fn drop(&mut self) {
        self.unread.clear(self.number);
    }
}

#[cfg(test)]
mod tests;

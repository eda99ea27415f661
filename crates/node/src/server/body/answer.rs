//! The body of an answer: handed on in pieces, with a note of since when its caller could have read on.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tonic::Status;

use super::SLOWEST;
use crate::server::guard::OpenLink;
use crate::server::line::Moved;
use crate::server::quota::Held;

/// What a request holds until its answer has been read, or is given up.
#[derive(Default)]
pub(in crate::server) struct Open {
    /// Set for the stream of a link.
    pub(in crate::server) _link: Option<OpenLink>,
    /// Its place among the requests of its identity.
    pub(in crate::server) _held: Option<Held>,
    /// Tells why the answer has to end before it has come to its end, if it ever has to.
    pub(in crate::server) ends: Option<Pin<Box<dyn Future<Output = Status> + Send>>>,
}

/// The answers of one connection that its caller has not read on with.
#[derive(Debug, Default)]
pub(in crate::server) struct Unread {
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
    pub(in crate::server) fn is_stuck(&self, patience: Duration, moved: &Moved) -> bool {
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
pub(super) const PIECE: usize = 16 << 10;

/// What a body gives when it is asked: a frame, an error, or its end.
type Polled<E> = Option<Result<Frame<Bytes>, E>>;

/// The body of an answer.
pub(in crate::server) struct AnswerBody<B: Body> {
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
    open: Open,
    /// It has ended before its end.
    has_ended: bool,
}

impl<B: Body<Data = Bytes> + Unpin> AnswerBody<B> {
    pub(in crate::server) fn new(
        mut inner: B,
        unread: Arc<Unread>,
        moved: Arc<Moved>,
        turn: Option<OwnedSemaphorePermit>,
        open: Open,
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
            open,
            has_ended: false,
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
        if this.has_ended {
            return Poll::Ready(None);
        }
        if let Some(ends) = &mut this.open.ends
            && let Poll::Ready(status) = ends.as_mut().poll(task)
        {
            this.has_ended = true;
            this.open.ends = None;
            this.unread.clear(this.number);
            this.turn = None;
            // Trailers are what a status is without the rest of an answer.
            let (head, ()) = status.into_http::<()>().into_parts();
            return Poll::Ready(Some(Ok(Frame::trailers(trailers(head.headers)))));
        }
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
        if self.has_ended {
            return true;
        }
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

/// The headers of an answer that is nothing but a status, as they stand at the end of another.
fn trailers(mut headers: HeaderMap) -> HeaderMap {
    headers.remove(header::CONTENT_TYPE);
    headers
}

impl<B: Body> Drop for AnswerBody<B> {
    fn drop(&mut self) {
        self.unread.clear(self.number);
    }
}

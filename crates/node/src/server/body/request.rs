//! The body of a request: paid for as it comes, and given up where it comes too slowly.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use tonic::Status;

use super::SLOWEST;
use super::charge::Charge;
use super::messages::Messages;
use super::purse::{COIN, Paid, Purse};
use crate::server::guard::{overloaded, unpacks_badly};

/// How many times its patience a caller may pause between two messages of a stream.
const PAUSE: u32 = 10;

/// After how long a pause whoever holds what others wait for is given up.
const STALLED: Duration = Duration::from_secs(2);

/// How long a link waits for room.
const LINK_PATIENCE: Duration = Duration::from_secs(60);

/// Why a request's body ends early.
#[derive(Debug, Error)]
pub(in crate::server) enum BodyError {
    /// The caller sends too slowly.
    #[error("the request comes too slowly")]
    Slow(#[source] Status),
    /// The node is full of requests.
    #[error("the node has too many requests in memory")]
    Full(#[source] Status),
    /// A compressed message is no gzip, or unpacks to too much.
    #[error("a compressed message cannot be unpacked")]
    Packed(#[source] Status),
    /// Its identity has had what it may have.
    #[error("an identity is at a limit")]
    Limited(#[source] Status),
    /// The transport failed.
    #[error(transparent)]
    Transport(Box<dyn std::error::Error + Send + Sync>),
}

type Paying = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

/// The body of a request.
pub(in crate::server) struct RequestBody<B> {
    inner: B,
    purse: Purse,
    paid: Arc<Paid>,
    /// Who is counted for it, if anybody is.
    charge: Option<Charge>,
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
    pub(in crate::server) fn new(
        inner: B,
        purse: Purse,
        paid: Arc<Paid>,
        patience: Option<Duration>,
    ) -> Self {
        Self {
            inner,
            purse,
            paid,
            charge: None,
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

    /// Counts what comes for somebody.
    pub(in crate::server) fn charged_to(mut self, charge: Charge) -> Self {
        self.messages.most = charge.largest();
        self.charge = Some(charge);
        self
    }

    /// What is wrong with bytes that came and are counted now.
    fn fault(&self, bytes: usize) -> Option<BodyError> {
        let charge = self.charge.as_ref()?;
        charge.count(bytes).err().map(BodyError::Limited)
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

    /// Pays for bytes; those that cannot be paid at once wait. Of a message that is too large, or is
    /// not packed as it says, nothing is left, and all of what came before it.
    fn pay(&mut self, mut data: Bytes) -> Option<Bytes> {
        let now = Instant::now();
        let cost = self.messages.take(&data, self.purse.largest, now);
        let Messages {
            bad_after,
            large_after,
            ..
        } = self.messages;
        if let Some(before) = bad_after.or(large_after) {
            data.truncate(before);
        }
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
            if this.messages.bad_after.is_some() {
                this.ended = true;
                return Poll::Ready(Some(Err(BodyError::Packed(unpacks_badly()))));
            }
            if let (Some(_), Some(charge)) = (this.messages.large_after, &this.charge) {
                this.ended = true;
                let status = charge.too_large();
                return Poll::Ready(Some(Err(BodyError::Limited(status))));
            }
            match Pin::new(&mut this.inner).poll_frame(task) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        let bytes = data.len();
                        let paid = this.pay(data);
                        if let Some(fault) = this.fault(bytes) {
                            this.ended = true;
                            return Poll::Ready(Some(Err(fault)));
                        }
                        // Nothing that came before what is wrong with it.
                        let is_over = this.messages.bad_after == Some(0);
                        if let Some(data) = paid.filter(|_| !is_over) {
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

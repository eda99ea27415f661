//! Watching cells: a stream that outlives its connections.

use std::time::Duration;

use backon::ExponentialBackoff;
use liandong_wire::rollup::v1;
use tonic::Streaming;

use crate::connect::Client;
use crate::error::ClientError;
use crate::retry::{Repeat, RetryPolicy, may_retry, wait};

/// How a watch dials again: for ever, with pauses up to half a minute.
const REDIAL: RetryPolicy = RetryPolicy {
    attempts: usize::MAX,
    first_pause: Duration::from_millis(200),
    longest_pause: Duration::from_secs(30),
};

/// What a watch tells.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// Cells that changed together.
    Changes(v1::WatchRollupResponse),
    /// The node's change numbers began anew, after a restore: everything is told once more.
    StartedOver(v1::WatchRollupResponse),
    /// The connection broke; the watch dials again after a pause.
    Interrupted {
        /// What happened.
        error: ClientError,
        /// How long the watch waits before it dials.
        pause: Duration,
    },
}

/// A watch on cells. When the connection breaks it goes on after the last change it has told.
#[derive(Debug)]
pub struct Watch {
    client: Client,
    request: v1::WatchRollupRequest,
    stream: Option<Streaming<v1::WatchRollupResponse>>,
    pauses: ExponentialBackoff,
    waits: Duration,
}

impl Watch {
    pub(crate) fn new(client: Client, request: v1::WatchRollupRequest) -> Self {
        Self {
            client,
            request,
            stream: None,
            pauses: REDIAL.pauses(),
            waits: Duration::ZERO,
        }
    }

    /// The next event. Dropping the future loses nothing that was not told yet.
    ///
    /// # Errors
    /// A refusal: dialling again would not help.
    pub async fn next(&mut self) -> Result<WatchEvent, ClientError> {
        if !self.waits.is_zero() {
            tokio::time::sleep(self.waits).await;
            self.waits = Duration::ZERO;
        }
        if self.stream.is_none() {
            match self.client.rollup().open_watch(self.request.clone()).await {
                Ok(stream) => self.stream = Some(stream),
                Err(status) => return self.interrupted(self.client.error(&status)),
            }
        }
        let Some(stream) = self.stream.as_mut() else {
            return self.interrupted(self.ended());
        };
        match stream.message().await {
            Ok(Some(changes)) => Ok(self.told(changes)),
            Ok(None) => self.interrupted(self.ended()),
            Err(status) => self.interrupted(self.client.error(&status)),
        }
    }

    fn told(&mut self, changes: v1::WatchRollupResponse) -> WatchEvent {
        let known = &self.request.incarnation;
        let started_over = !known.is_empty() && *known != changes.incarnation;
        self.request.after_change = changes.change;
        self.request.incarnation.clone_from(&changes.incarnation);
        self.pauses = REDIAL.pauses();
        if started_over {
            WatchEvent::StartedOver(changes)
        } else {
            WatchEvent::Changes(changes)
        }
    }

    fn interrupted(&mut self, error: ClientError) -> Result<WatchEvent, ClientError> {
        self.stream = None;
        if !may_retry(&error, Repeat::Harmless) {
            return Err(error);
        }
        let pause = self.pauses.next().unwrap_or(REDIAL.longest_pause);
        let pause = wait(&error, pause);
        self.waits = pause;
        Ok(WatchEvent::Interrupted { error, pause })
    }

    fn ended(&self) -> ClientError {
        ClientError::Unreachable {
            address: self.client.address().to_owned(),
            cause: "the node ended the stream".to_owned(),
        }
    }
}

//! One unary call with its deadline and its retries.

use std::future::Future;
use std::time::Duration;

use tonic::{Request, Response, Status};

use crate::connect::Client;
use crate::error::ClientError;
use crate::retry::{Repeat, may_retry, wait};

impl Client {
    /// Makes a call and, where that is harmless, makes it again after a passing failure.
    pub(crate) async fn unary<Q, A, F, S>(
        &self,
        repeat: Repeat,
        request: Q,
        send: S,
    ) -> Result<A, ClientError>
    where
        Q: Clone,
        F: Future<Output = Result<Response<A>, Status>>,
        S: Fn(Request<Q>) -> F,
    {
        let mut pauses = self.retry.pauses();
        loop {
            let mut attempt = Request::new(request.clone());
            attempt.set_timeout(self.deadline);
            let error = match send(attempt).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => self.error(&status),
            };
            if !may_retry(&error, repeat) {
                return Err(error);
            }
            let Some(pause) = pauses.next() else {
                return Err(error);
            };
            tokio::time::sleep(wait(&error, pause)).await;
        }
    }

    pub(crate) fn error(&self, status: &Status) -> ClientError {
        ClientError::from_status(status, self.address(), self.deadline)
    }
}

/// As long as a recount or an export may take.
pub(crate) const AS_LONG_AS_NEEDED: Duration = Duration::from_secs(24 * 3600);

/// Writes the methods of one service: `once` for calls that change something with every repetition,
/// `again` for those that may be repeated.
macro_rules! unary_calls {
    (
        $noun:ident over $grpc:ty;
        $($(#[$doc:meta])* $repeat:ident $method:ident($request:ident) -> $answer:ident;)+
    ) => {
        impl $noun {
            pub(crate) fn new(client: $crate::connect::Client) -> Self {
                Self { client }
            }

            fn grpc(&self) -> $grpc {
                <$grpc>::new(self.client.wires())
                    .max_decoding_message_size($crate::connect::MAX_ANSWER_BYTES)
            }

            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// A refusal of the node, or a node that could not be reached.
                pub async fn $method(
                    &self,
                    request: v1::$request,
                ) -> Result<v1::$answer, $crate::error::ClientError> {
                    let grpc = self.grpc();
                    self.client
                        .unary($crate::call::unary_calls!(@ $repeat), request, |attempt| {
                            let mut grpc = grpc.clone();
                            async move { grpc.$method(attempt).await }
                        })
                        .await
                }
            )+
        }
    };
    (@ once) => { $crate::retry::Repeat::OnlyIfNotDone };
    (@ again) => { $crate::retry::Repeat::Harmless };
}

pub(crate) use unary_calls;

//! What all calls have in common: the caller, its language and trace, a span, and metrics.
//!
//! Nothing is answered to a caller whose rights nobody asked about: a handler that forgets to ask
//! answers nobody.

mod asking;
mod denial;
mod rights;

pub(in crate::service) use asking::entitled_still;
pub(crate) use rights::{Sight, Who};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use liandong_core::command::{Answer, Command};
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_wire::refusal;
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};
use tracing::{Instrument, Span};

use crate::commit::{Origin, actor};
use crate::context::Context;
use crate::long_answers::LongAnswers;
use crate::server::Shown;
use crate::trace;

/// The most rows that one answer lists.
pub(super) const MAX_LISTED: usize = 10_000;

/// Names a method in metrics, and says how long it may take.
#[derive(Clone, Debug)]
pub(super) struct Method {
    service: &'static str,
    name: &'static str,
    patience: Option<Duration>,
    turns: Option<LongAnswers>,
}

impl Method {
    pub(super) fn new(service: &'static str, name: &'static str, patience: Duration) -> Self {
        Self {
            service,
            name,
            patience: Some(patience),
            turns: None,
        }
    }

    /// For a method that answers when the caller has sent all: an upload takes as long as it takes.
    pub(super) fn unhurried(self) -> Self {
        Self {
            patience: None,
            ..self
        }
    }

    /// For a method that lists what the node knows: its answers are made in turn.
    pub(super) fn long(self, turns: &LongAnswers) -> Self {
        Self {
            turns: Some(turns.clone()),
            ..self
        }
    }
}

/// Who calls, as far as a handler needs to know.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The language of messages.
    pub(super) language: Language,
    shown: Option<Shown>,
    asked: Arc<AtomicBool>,
    incoming_trace: String,
    span: Span,
}

impl Caller {
    /// Notes that it was asked what the caller may do.
    fn note_asked(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whose a change caused by this call is, and the trace that it belongs to.
    pub(super) fn origin(&self) -> Origin {
        let trace = trace::hand_on(&self.span, &self.incoming_trace);
        Origin::of(actor(self.shown.as_ref())).traced(trace)
    }
}

/// Why a call fails: a rule refused it, or its own stream broke.
#[derive(Debug)]
pub(super) enum Failure {
    /// Refused by a rule.
    Refused(Refusal),
    /// The caller's stream ended with this.
    Stream(Status),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Stream(status)
    }
}

/// Serves one call: `work` is given the caller and the message, inside the span; its outcome is
/// counted and timed until the answer begins.
pub(super) async fn serve<M, T, F>(
    method: Method,
    span: Span,
    request: Request<M>,
    work: impl FnOnce(Caller, M) -> F,
) -> Result<Response<T>, Status>
where
    F: Future<Output = Result<T, Failure>>,
{
    let started = Instant::now();
    let header = request.metadata().get(trace::TRACEPARENT);
    let incoming_trace = header
        .and_then(|value| value.to_str().ok())
        .map_or("", trace::checked);
    trace::continue_trace(&span, incoming_trace);
    let asked = Arc::new(AtomicBool::new(false));
    let caller = Caller {
        language: refusal::language(request.metadata()),
        shown: request.extensions().get::<Shown>().cloned(),
        asked: Arc::clone(&asked),
        incoming_trace: incoming_trace.to_owned(),
        span: span.clone(),
    };
    let language = caller.language;
    let mut turn = None;
    let working = async {
        if let Some(turns) = &method.turns {
            turn = turns.turn().await;
        }
        work(caller, request.into_inner()).await
    }
    .instrument(span);
    let worked = match method.patience {
        Some(patience) => {
            let in_time = tokio::time::timeout(patience, working).await;
            in_time.unwrap_or_else(|_| Err(too_slow().into()))
        }
        None => working.await,
    };
    let worked = match worked {
        Ok(_) if !asked.load(Ordering::Relaxed) => Err(nobody_asked(&method).into()),
        worked => worked,
    };
    let mut answered = worked.map(Response::new).map_err(|failure| match failure {
        Failure::Refused(refused) => refusal::status(&refused, language),
        Failure::Stream(status) => status,
    });
    let code = answered.as_ref().err().map_or(Code::Ok, Status::code);
    if let (Ok(response), Some(turn)) = (&mut answered, turn) {
        response.extensions_mut().insert(turn);
    }
    note(&method, code, started);
    answered
}

/// A command that was handed in is decided all the same; asking again with the same ids changes
/// nothing.
fn too_slow() -> Refusal {
    let (zh, en) = (
        "处理超时，请稍后重试",
        "it took too long: try again shortly",
    );
    Refusal::advise(Reason::Overloaded, "", "", zh, en)
}

/// A handler answered without having asked what the caller may do: a fault of this program.
fn nobody_asked(method: &Method) -> Refusal {
    let Method { service, name, .. } = *method;
    tracing::error!(service, name, "an answer that nobody asked the rights for");
    internal("rights")
}

fn note(method: &Method, code: Code, started: Instant) {
    let Method { service, name, .. } = *method;
    metrics::counter!(
        "liandong_requests_total",
        "service" => service,
        "method" => name,
        "code" => word(code),
    )
    .increment(1);
    metrics::histogram!("liandong_request_seconds", "service" => service, "method" => name)
        .record(started.elapsed().as_secs_f64());
}

/// A status code as a label.
fn word(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Has a command decided that writes one document, if the caller is entitled to it; returns the
/// document's id and version.
pub(super) async fn write(
    context: &Context,
    caller: &Caller,
    command: Command,
) -> Result<(String, u64), Refusal> {
    context.require_for(caller, &command)?;
    match context.committer.submit(command, caller.origin()).await? {
        Answer::Written { id, version } => Ok((id, version)),
        other => Err(unexpected(&other)),
    }
}

/// The commit loop answered a command with the answer to another one: a fault of this program.
pub(super) fn unexpected(answer: &Answer) -> Refusal {
    tracing::error!(?answer, "a command was answered with the answer to another");
    internal("answer")
}

/// A refusal for faults of the node itself; what is wrong stands in the log.
pub(crate) fn internal(what: &str) -> Refusal {
    Refusal::advise(
        Reason::Corrupt,
        what,
        "",
        "请查看节点日志",
        "see the node's log",
    )
}

/// A refusal of a list that would be longer than one answer may be.
pub(super) fn too_long(field: &str, rows: usize) -> Refusal {
    let most = i64::try_from(MAX_LISTED).unwrap_or(i64::MAX);
    Refusal::new(Reason::TooManyRows, field, rows, Accepted::Range(0, most))
}

/// Does blocking work where it holds nobody up.
pub(crate) async fn blocking<T: Send + 'static>(
    context: &Context,
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let span = Span::current();
    let threads = context.surroundings.threads;
    let joined = threads.blocking(move || span.in_scope(work)).await;
    joined.unwrap_or_else(|error| {
        tracing::error!(%error, "work on a thread of its own failed");
        Err(internal("work"))
    })
}

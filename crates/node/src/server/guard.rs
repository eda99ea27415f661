//! What stands between a connection and the routes: how many requests of it, and of its identity,
//! are worked on, what they may hold in memory, and how long they may take.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body as AxumBody;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body::Body;
use liandong_core::identity::Role;
use liandong_core::language::Language;
use liandong_core::refusal::{Reason, Refusal};
use liandong_wire::refusal::{self, RemoteRefusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Status};
use tower::Service;

use super::body::{AnswerBody, Charge, Open, Paid, Purse, RequestBody, Unread};
use super::foreign;
use super::handshake::Shown;
use super::line::Moved;
use super::method::{Method, is_enrolment};
use super::quota::{Account, Kind};
use super::turned_away::TurnedAway;
use crate::long_answers::Turn;

/// How many other answers are made for a connection at a time, each until it is read: whoever does
/// not read gets no more made for it.
pub(super) const TURNS: usize = 3;

/// The header in which a caller says how long it waits.
const GRPC_TIMEOUT: &str = "grpc-timeout";

/// The requests of one connection on their way to the routes.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) router: Router,
    /// What all requests of the node are paid from.
    pub(super) purse: Purse,
    /// How long a request may take to come.
    pub(super) patience: Duration,
    /// Requests of the connection that may be worked on at a time.
    pub(super) share: Arc<Semaphore>,
    /// Turns of the connection's answers, [`TURNS`] at first.
    pub(super) turns: Arc<Semaphore>,
    /// Answers of the connection that wait for their caller.
    pub(super) unread: Arc<Unread>,
    pub(super) moved: Arc<Moved>,
    /// Streams of links on the connection.
    pub(super) links: Arc<AtomicUsize>,
    pub(super) info: TcpConnectInfo,
    /// What the caller's identity has, on this connection and others.
    pub(super) account: Arc<Account>,
    /// Who calls, by the connection's certificate.
    pub(super) shown: Option<Shown>,
    /// Set where nobody is answered who shows none.
    pub(super) must_show: Option<MustShow>,
    /// Whether callers are of this machine and known by nothing else, so that a browser's are not to
    /// be taken for them.
    pub(super) is_of_this_machine: bool,
}

/// What is asked of the callers of a node that has an identity.
#[derive(Debug)]
pub(super) struct MustShow {
    turned_away: Arc<TurnedAway>,
    /// Whether it was noted that the caller shows nothing.
    is_noted: AtomicBool,
    /// Why everything on the connection has to end, once it has.
    ends: watch::Receiver<Option<Status>>,
}

impl MustShow {
    pub(super) fn new(turned_away: Arc<TurnedAway>, ends: watch::Receiver<Option<Status>>) -> Self {
        Self {
            turned_away,
            is_noted: AtomicBool::new(false),
            ends,
        }
    }

    /// Why the caller is not answered any more; never while it is to be believed.
    fn end(&self) -> impl Future<Output = Status> + Send + use<> {
        let mut ends = self.ends.clone();
        async move {
            let ended = ends.wait_for(Option::is_some).await;
            let status = ended.ok().and_then(|ended| ended.clone());
            match status {
                Some(status) => status,
                // The connection is gone, and with it whoever could hear of it.
                None => std::future::pending().await,
            }
        }
    }
}

/// The stream of a link that is open on a connection, for as long as this lives.
#[derive(Debug)]
pub(super) struct OpenLink(Arc<AtomicUsize>);

impl OpenLink {
    fn new(links: &Arc<AtomicUsize>) -> Self {
        links.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(links))
    }
}

impl Drop for OpenLink {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a caller is told that asks too much at a time.
pub(super) fn overloaded() -> Status {
    let (zh, en) = ("请稍后重试", "try again shortly");
    let refusal = Refusal::advise(Reason::Overloaded, "", "", zh, en);
    refusal::status(&refusal, Language::En)
}

/// What a caller is told whose compressed message is none, or too large.
pub(super) fn unpacks_badly() -> Status {
    let (zh, en) = (
        "压缩的消息解压后不得超过 4 MB，也不得超过压缩后的 100 倍；超过的请不压缩发送",
        "a compressed message may unpack to 4 MB, and to 100 times what was sent; send others \
         without compression",
    );
    let refusal = Refusal::advise(Reason::TooLong, "", "", zh, en);
    refusal::status(&refusal, Language::En)
}

/// What a caller is told that shows no certificate: nothing of what is here.
fn nobody() -> Status {
    Status::new(Code::Unauthenticated, "show a certificate")
}

impl Guard {
    /// Has one request answered.
    pub(super) async fn answer<B>(
        self: Arc<Self>,
        request: Request<B>,
    ) -> Result<Response<AnswerBody<AxumBody>>, Infallible>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if self.is_of_this_machine
            && let Err(foreign) = foreign::check(&request)
        {
            tracing::debug!(why = %foreign, "a request in plain text is not answered");
            let response = foreign.answer(request.headers());
            return Ok(self.bounded(response, None, Open::default()));
        }
        let path = request.uri().path();
        if let Some(must_show) = &self.must_show {
            let has_ended = must_show.ends.borrow().is_some();
            let shows_nothing = self.shown.is_none() && !is_enrolment(path);
            if shows_nothing && !must_show.is_noted.swap(true, Ordering::Relaxed) {
                let turned_away = &must_show.turned_away;
                turned_away.note(self.info.remote_addr(), &"no certificate was shown");
            }
            if has_ended || shows_nothing {
                let response = refused(is_grpc(request.headers()), nobody());
                return Ok(self.bounded(response, None, Open::default()));
            }
        }
        let Method {
            is_link,
            is_small,
            kind,
        } = Method::of(path);
        let held = match self.account.admit(kind) {
            Ok(held) => held,
            Err(refusal) => {
                let status = refusal::status(&refusal, language(request.headers()));
                let response = refused(is_grpc(request.headers()), status);
                return Ok(self.bounded(response, None, Open::default()));
            }
        };
        // What is open for long ends with its caller's certificate.
        let may_end = self.must_show.as_ref();
        let may_end = may_end.filter(|_| kind == Kind::Stream && is_grpc(request.headers()));
        let open = Open {
            _link: is_link.then(|| OpenLink::new(&self.links)),
            _held: Some(held),
            ends: may_end.map(|must_show| Box::pin(must_show.end()) as _),
        };
        let mut turn = None;
        if !is_small {
            let waiting = Arc::clone(&self.turns).acquire_owned();
            match tokio::time::timeout(self.patience, waiting).await {
                Ok(taken) => turn = taken.ok(),
                Err(_) => {
                    let response = refused(is_grpc(request.headers()), overloaded());
                    return Ok(self.bounded(response, None, open));
                }
            }
        }
        let response = match may_end {
            Some(must_show) => tokio::select! {
                response = self.routed(request, is_link) => response,
                status = must_show.end() => refused(true, status),
            },
            None => self.routed(request, is_link).await,
        };
        Ok(self.bounded(response, turn, open))
    }

    /// Whether the caller is a node, or may be one.
    fn is_node(&self) -> bool {
        let Some(Shown(certificate)) = &self.shown else {
            return true;
        };
        let role = certificate.identity().map(|identity| identity.role);
        role == Some(Role::Node)
    }

    fn bounded(
        &self,
        response: Response<AxumBody>,
        turn: Option<OwnedSemaphorePermit>,
        open: Open,
    ) -> Response<AnswerBody<AxumBody>> {
        let (unread, moved) = (Arc::clone(&self.unread), Arc::clone(&self.moved));
        let mut response = response.map(|body| AnswerBody::new(body, unread, moved, turn, open));
        // Its bytes are there.
        response.extensions_mut().remove::<Turn>();
        response
    }

    async fn routed<B>(&self, request: Request<B>, is_link: bool) -> Response<AxumBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (mut parts, body) = request.into_parts();
        let is_grpc = is_grpc(&parts.headers);
        let Ok(_working) = self.share.try_acquire() else {
            return refused(is_grpc, overloaded());
        };
        let deadline = if is_grpc {
            asked_for(&parts.headers)
        } else {
            Some(self.patience)
        };
        // Paid until the answer begins.
        let paid = Arc::new(Paid::default());
        let patience = (!is_link).then_some(self.patience);
        let mut body = RequestBody::new(body, self.purse.clone(), Arc::clone(&paid), patience);
        // A node's link has bounds of its own: its frames, and the pace of its line.
        if !(is_link && self.is_node()) {
            let account = Arc::clone(&self.account);
            body = body.charged_to(Charge::new(account, language(&parts.headers)));
        }
        parts.extensions.insert(self.info.clone());
        if let Some(shown) = &self.shown {
            parts.extensions.insert(shown.clone());
        }
        let request = Request::from_parts(parts, AxumBody::new(body));
        let answering = self.router.clone().call(request);
        let answered = match deadline {
            Some(deadline) => tokio::time::timeout(deadline, answering).await,
            None => Ok(answering.await),
        };
        match answered {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => refused(is_grpc, Status::new(Code::DeadlineExceeded, "too late")),
        }
    }
}

/// The language that a caller asks for.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let asked = headers.get(refusal::LANGUAGE_KEY);
    let tag = asked.and_then(|value| value.to_str().ok());
    tag.map_or_else(Language::default, Language::from_tag)
}

pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

fn refused(is_grpc: bool, status: Status) -> Response<AxumBody> {
    if is_grpc {
        status.into_http()
    } else if status.code() == Code::Unauthenticated {
        StatusCode::UNAUTHORIZED.into_response()
    } else if status.code() == Code::ResourceExhausted {
        let told = RemoteRefusal::from_status(&status).and_then(|refusal| refusal.retry_after);
        let seconds = told.map_or(1, |wait| wait.as_secs() + 1);
        let after = [(header::RETRY_AFTER, seconds.to_string())];
        // Which limit it is; no browser tells the number of seconds.
        let says = status.message().to_owned();
        (StatusCode::TOO_MANY_REQUESTS, after, says).into_response()
    } else {
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

/// How long the caller says that it waits: up to eight digits and a unit.
fn asked_for(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3_600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};

    use super::{GRPC_TIMEOUT, asked_for};

    #[test]
    fn a_caller_says_how_long_it_waits() {
        let cases = [
            ("1S", Some(Duration::from_secs(1))),
            ("250m", Some(Duration::from_millis(250))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3_600))),
            ("100000000n", None),
            ("S", None),
            ("", None),
            ("-1S", None),
            ("5", None),
            ("5年", None),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
            headers.insert(GRPC_TIMEOUT, value);
            assert_eq!(asked_for(&headers), expected, "{text:?}");
        }
    }
}

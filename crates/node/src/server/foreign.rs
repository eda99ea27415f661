//! Requests that a page of somebody else's made a browser send.
//!
//! A node in plain text takes whoever reaches it for its administrator, and a browser on its machine
//! reaches it for any page that is open there. Such a page can neither hide where it is from nor, on
//! its own, say that it speaks gRPC; nor does a name of its own that leads to this machine make the
//! host another one.

use axum::body::Body;
use axum::response::IntoResponse;
use http::uri::Authority;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use liandong_core::language::Language;
use liandong_identity::is_of_this_machine;
use thiserror::Error;
use tonic::{Code, Status};

use super::guard::{is_grpc, language};

/// In which a browser says whether the page that asks is of the same origin.
const FETCH_SITE: &str = "sec-fetch-site";

/// Why a request in plain text is not answered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.message(Language::En))]
pub(super) enum Foreign {
    /// It is for another host, or for none.
    Host {
        /// For which; empty where it names none.
        host: String,
    },
    /// A page asks.
    Page {
        /// The header that says so.
        header: &'static str,
        /// What it says.
        value: String,
    },
    /// It would change something, and is not what a client of the services sends.
    NotGrpc,
}

impl Foreign {
    /// What the caller is told.
    pub(super) fn message(&self, language: Language) -> String {
        match self {
            Self::Host { host } => language.pick(
                format!("明文节点只应答发往本机的请求，而不是 {host:?}：请用 127.0.0.1、[::1] 或 localhost"),
                format!(
                    "in plain text a node answers for its own machine alone, not for {host:?}: ask \
                     127.0.0.1, [::1] or localhost"
                ),
            ),
            Self::Page { header, value } => language.pick(
                format!("明文节点不应答网页发出的请求（{header}: {value}）：请在浏览器地址栏输入节点的地址"),
                format!(
                    "in plain text a node does not answer what a page asks ({header}: {value}): \
                     enter the node's address into the browser"
                ),
            ),
            Self::NotGrpc => language.pick(
                "明文节点上，除读取页面外只接受 gRPC（content-type: application/grpc）".to_owned(),
                "in plain text a node takes gRPC (content-type: application/grpc), besides reading \
                 its pages with GET"
                    .to_owned(),
            ),
        }
    }

    /// The answer, in both languages unless the caller speaks gRPC.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response<Body> {
        if is_grpc(headers) {
            let said = self.message(language(headers));
            return Status::new(Code::PermissionDenied, said).into_http();
        }
        let said = [Language::Zh, Language::En].map(|language| self.message(language));
        (StatusCode::FORBIDDEN, said.join("\n")).into_response()
    }
}

/// Refuses what a page of somebody else's can have sent.
///
/// # Errors
/// [`Foreign`] says by what that is seen.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), Foreign> {
    let headers = request.headers();
    let named = request.uri().authority().map(Authority::as_str);
    let mut hosts = named.map(str::as_bytes).into_iter().chain(
        headers
            .get_all(header::HOST)
            .into_iter()
            .map(http::HeaderValue::as_bytes),
    );
    let mut is_named = false;
    if let Some(other) = hosts.find(|host| {
        is_named = true;
        !is_here(host)
    }) {
        let host = String::from_utf8_lossy(other).into_owned();
        return Err(Foreign::Host { host });
    }
    if !is_named {
        let host = String::new();
        return Err(Foreign::Host { host });
    }
    if let Some(value) = said(headers, "origin", &[]) {
        let header = "origin";
        return Err(Foreign::Page { header, value });
    }
    if let Some(value) = said(headers, FETCH_SITE, &["none", "same-origin"]) {
        let header = FETCH_SITE;
        return Err(Foreign::Page { header, value });
    }
    let only_reads = [Method::GET, Method::HEAD].contains(request.method());
    if !only_reads && !is_grpc(headers) {
        return Err(Foreign::NotGrpc);
    }
    Ok(())
}

fn is_here(host: &[u8]) -> bool {
    let host = Authority::try_from(host);
    host.is_ok_and(|host| is_of_this_machine(host.host()))
}

/// What a header says, if it says something else than these.
fn said(headers: &HeaderMap, name: &str, harmless: &[&str]) -> Option<String> {
    let mut values = headers.get_all(name).into_iter();
    let other = values.find(|value| !harmless.iter().any(|word| value == word))?;
    Some(String::from_utf8_lossy(other.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::{Foreign, check};

    fn checked(method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<(), Foreign> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap())
    }

    #[test]
    fn clients_and_a_browser_that_was_sent_by_its_user_are_let_through() {
        let grpc = ("content-type", "application/grpc");
        for host in [
            "127.0.0.1:7410",
            "localhost:7410",
            "[::1]:7410",
            "127.9.8.7",
        ] {
            let uri = format!("http://{host}/some.Service/Call");
            assert_eq!(checked("POST", &uri, &[grpc]), Ok(()), "{host}");
            let named = ("host", host);
            assert_eq!(
                checked("POST", "/some.Service/Call", &[named, grpc]),
                Ok(())
            );
            assert_eq!(checked("GET", "/metrics", &[named]), Ok(()), "{host}");
            for site in ["none", "same-origin"] {
                let site = ("sec-fetch-site", site);
                assert_eq!(checked("GET", "/console", &[named, site]), Ok(()));
            }
        }
    }

    #[test]
    fn what_a_page_of_somebody_elses_sends_is_not() {
        let (here, grpc) = (
            ("host", "127.0.0.1:7410"),
            ("content-type", "application/grpc"),
        );
        for host in [
            "evil.example:7410",
            "localhost.evil.example",
            "10.1.2.3",
            "",
            "a b",
        ] {
            let other = Err(Foreign::Host {
                host: host.to_owned(),
            });
            assert_eq!(
                checked("GET", "/console", &[("host", host)]),
                other,
                "{host}"
            );
            assert_eq!(checked("POST", "/", &[here, ("host", host), grpc]), other);
        }
        let nowhere = Err(Foreign::Host {
            host: String::new(),
        });
        assert_eq!(checked("GET", "/console", &[]), nowhere);
        let elsewhere = checked("GET", "http://evil.example/console", &[here]);
        assert!(
            matches!(elsewhere, Err(Foreign::Host { .. })),
            "{elsewhere:?}"
        );
        let of_a_page = [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:7410"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ];
        for (name, value) in of_a_page {
            let page = Err(Foreign::Page {
                header: name,
                value: value.to_owned(),
            });
            assert_eq!(checked("GET", "/console", &[here, (name, value)]), page);
            assert_eq!(checked("POST", "/", &[here, grpc, (name, value)]), page);
        }
        for method in ["POST", "PUT", "OPTIONS"] {
            for headers in [&[here][..], &[here, ("content-type", "text/plain")]] {
                assert_eq!(
                    checked(method, "/", headers),
                    Err(Foreign::NotGrpc),
                    "{method}"
                );
            }
        }
    }
}

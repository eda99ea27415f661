//! Pages of a node for a browser that has no certificate: fetched over a person's own.
//!
//! It listens on a loopback address of the person's machine alone, shows the person's certificate to
//! the node, and passes on what the node answers that person. Whoever opens the address that was
//! printed gets a cookie with a random key in it; another program of the machine, or a page that a
//! browser has open elsewhere, gets nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use liandong_client::{Address, Credentials};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The longest head of a request.
const HEAD: usize = 8 << 10;
/// Browsers at a time.
const AT_ONCE: usize = 32;
/// How long a browser may take to ask, and a page to be passed on.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is looked at.
const PAGE: &str = "/console";

/// A listener for a browser.
#[derive(Debug)]
pub(crate) struct Relay {
    listener: TcpListener,
    at: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    key: String,
    cookie: String,
    hosts: [String; 2],
    node: Address,
    credentials: Credentials,
}

/// What a browser asked for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// To be let in, with the key.
    Entry,
    /// A page, with the language to have it in.
    Page { path: String, language: String },
    /// Something else: the status line of the answer.
    No(&'static str),
}

impl Relay {
    /// Listens on that port of the loopback address; 0 picks a free one.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub(crate) async fn open(
        node: Address,
        credentials: Credentials,
        port: u16,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let at = listener.local_addr()?;
        let inner = Inner {
            key: uuid::Uuid::new_v4().simple().to_string(),
            // Cookies of one host are shared by its ports.
            cookie: format!("liandong-{}", at.port()),
            hosts: [at.to_string(), format!("localhost:{}", at.port())],
            node,
            credentials,
        };
        Ok(Self {
            listener,
            at,
            inner: Arc::new(inner),
        })
    }

    /// What to open in the browser.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/?key={}", self.at, self.inner.key)
    }

    /// Passes pages on until it is dropped.
    pub(crate) async fn run(self) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let Ok((browser, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                continue;
            };
            let inner = Arc::clone(&self.inner);
            tokio::spawn(async move {
                // A browser that has gone or is slow is nobody's trouble.
                let _ = timeout(PATIENCE, inner.answer(browser)).await;
                drop(place);
            });
        }
    }
}

impl Inner {
    async fn answer(&self, mut browser: TcpStream) -> std::io::Result<()> {
        let head = read_head(&mut browser).await?;
        let answer = match self.asked(&head) {
            Asked::Entry => format!(
                "HTTP/1.1 303 See Other\r\nLocation: {PAGE}\r\nSet-Cookie: {}={}; HttpOnly; \
                 SameSite=Strict; Path=/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                self.cookie, self.key
            ),
            Asked::No(status) => {
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            }
            Asked::Page { path, language } => match self.credentials.line(&self.node).await {
                Ok(mut node) => {
                    let request = format!(
                        "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept-Language: {language}\r\n\
                         Connection: close\r\n\r\n",
                        self.hosts[0]
                    );
                    node.write_all(request.as_bytes()).await?;
                    node.flush().await?;
                    // A node that ends the line without a farewell has said everything all the same.
                    let _ = copy(&mut node, &mut browser).await;
                    return browser.shutdown().await;
                }
                Err(error) => {
                    let why = error.to_string();
                    format!(
                        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\n\
                         Content-Length: {}\r\nConnection: close\r\n\r\n{why}",
                        why.len()
                    )
                }
            },
        };
        browser.write_all(answer.as_bytes()).await?;
        browser.shutdown().await
    }

    fn asked(&self, head: &str) -> Asked {
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (method, path) = (words.next(), words.next().unwrap_or_default());
        let header = |name: &str| {
            let mut named = lines.clone().filter_map(|line| line.split_once(':'));
            let found = named.find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map_or("", |(_, value)| value.trim())
        };
        // Under another name it is a page from elsewhere that had its name point here.
        if !self.hosts.iter().any(|host| host == header("host")) {
            return Asked::No("421 Misdirected Request");
        }
        if method != Some("GET") {
            return Asked::No("405 Method Not Allowed");
        }
        if path.strip_prefix("/?key=") == Some(&self.key) {
            return Asked::Entry;
        }
        let mut cookies = header("cookie").split(';').map(str::trim);
        let is_known = cookies.any(|cookie| {
            cookie.split_once('=') == Some((self.cookie.as_str(), self.key.as_str()))
        });
        if !is_known {
            return Asked::No("401 Unauthorized");
        }
        let page = path.split('?').next().unwrap_or_default();
        if page != PAGE || path.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Asked::No("404 Not Found");
        }
        Asked::Page {
            path: path.to_owned(),
            language: header("accept-language").to_owned(),
        }
    }
}

/// The head of a request; of one that is too long, its beginning.
async fn read_head(browser: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while head.len() < HEAD && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = browser.read(&mut piece).await?;
        if read == 0 {
            break;
        }
        head.extend_from_slice(&piece[..read]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests {
    use liandong_client::Credentials;
    use liandong_core::identity::Role;

    use super::{Asked, Inner};

    fn inner() -> Inner {
        let place = tempfile::tempdir().unwrap();
        let places = crate::demo::world_for_tests().places;
        crate::demo::identities::make(place.path(), &places).unwrap();
        let folder = crate::local::person(place.path(), places.shandong, Role::Viewer);
        let folder = liandong_identity::Folder::at(folder);
        Inner {
            key: "k".repeat(32),
            cookie: "liandong-7".to_owned(),
            hosts: ["127.0.0.1:7".to_owned(), "localhost:7".to_owned()],
            node: "https://127.0.0.1:1".parse().unwrap(),
            credentials: Credentials::of_folder(folder).unwrap(),
        }
    }

    #[test]
    fn whoever_has_the_key_and_the_name_sees_pages_and_nothing_else() {
        let inner = inner();
        let key = inner.key.clone();
        let with = |path: &str, more: &str| {
            inner.asked(&format!(
                "GET {path} HTTP/1.1\r\nHost: localhost:7\r\n{more}\r\n\r\n"
            ))
        };
        assert_eq!(with(&format!("/?key={key}"), ""), Asked::Entry);
        let unknown = Asked::No("401 Unauthorized");
        assert_eq!(with("/?key=other", ""), unknown);
        assert_eq!(with("/console", ""), unknown);
        assert_eq!(
            with("/console", &format!("Cookie: liandong-8={key}")),
            unknown
        );
        let cookie = format!("Cookie: a=b; liandong-7={key}\r\nAccept-Language: zh");
        let page = Asked::Page {
            path: "/console?period=2026-06".to_owned(),
            language: "zh".to_owned(),
        };
        assert_eq!(with("/console?period=2026-06", &cookie), page);
        for other in [
            "/metrics",
            "/console/../metrics",
            "/liandong.admin.v1",
            "/console\t",
        ] {
            assert_eq!(with(other, &cookie), Asked::No("404 Not Found"), "{other}");
        }
        let elsewhere = format!("GET /?key={key} HTTP/1.1\r\nHost: evil.example\r\n\r\n");
        assert_eq!(
            inner.asked(&elsewhere),
            Asked::No("421 Misdirected Request")
        );
        let writing = format!("POST /?key={key} HTTP/1.1\r\nHost: localhost:7\r\n\r\n");
        assert_eq!(inner.asked(&writing), Asked::No("405 Method Not Allowed"));
        assert_eq!(inner.asked(""), Asked::No("421 Misdirected Request"));
    }
}

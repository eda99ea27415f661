//! The address of a node, checked before anything is dialled.

use std::fmt;
use std::str::FromStr;

use liandong_identity::is_of_this_machine;
use thiserror::Error;
use tonic::codegen::http::uri::Scheme;
use tonic::transport::Uri;

/// Where a node listens: `https://node.example:7410`, or `http` for a node of this machine that
/// speaks in plain text. A bare `host:port` is whichever suits: `https` for whoever has an identity
/// to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
    is_bare: bool,
}

/// A text that is not the address of a node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{value:?} is not the address of a node: write https://HOST:PORT, or http:// for plain text"
)]
pub struct InvalidAddress {
    /// The text that was given, shortened to what an error message can bear.
    pub value: String,
}

impl Address {
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether connections to it are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Whether it can only be this machine: a loopback address or `localhost`.
    pub fn is_of_this_machine(&self) -> bool {
        self.uri.host().is_some_and(is_of_this_machine)
    }

    /// The same address for somebody who has an identity to show: a bare one is encrypted then.
    #[must_use]
    pub fn for_identity(&self) -> Self {
        if !self.is_bare {
            return self.clone();
        }
        let mut parts = self.uri.clone().into_parts();
        parts.scheme = Some(Scheme::HTTPS);
        Self {
            uri: Uri::from_parts(parts).unwrap_or_else(|_| self.uri.clone()),
            is_bare: false,
        }
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidAddress {
            value: text.chars().take(64).collect(),
        };
        let trimmed = text.trim();
        let is_bare = !trimmed.contains("://");
        let whole = if is_bare {
            format!("http://{trimmed}")
        } else {
            trimmed.to_owned()
        };
        let uri: Uri = whole.parse().map_err(|_| invalid())?;
        let is_dialled = matches!(uri.scheme_str(), Some("http" | "https"));
        let names_host = uri.host().is_some_and(|host| !host.is_empty());
        let is_whole = is_dialled && names_host && uri.port_u16().is_some();
        let has_path = !matches!(uri.path(), "" | "/") || uri.query().is_some();
        if !is_whole || has_path {
            return Err(invalid());
        }
        Ok(Self { uri, is_bare })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uri.to_string().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn takes_an_address_with_or_without_its_scheme() {
        for text in [
            "http://127.0.0.1:7410",
            "127.0.0.1:7410",
            " http://[::1]:7410/ ",
            "https://node.example:7410",
        ] {
            assert!(text.parse::<Address>().is_ok(), "{text}");
        }
        let bare: Address = "node.example:7410".parse().unwrap();
        assert_eq!(bare.to_string(), "http://node.example:7410");
        assert!(!bare.is_encrypted() && !bare.is_of_this_machine());
        let shown = bare.for_identity();
        assert_eq!(shown.to_string(), "https://node.example:7410");
        assert!(shown.is_encrypted());
        // What was said is not changed.
        let plain: Address = "http://node.example:7410".parse().unwrap();
        assert_eq!(plain.for_identity(), plain);
    }

    #[test]
    fn refuses_what_could_not_be_dialled_as_meant() {
        let refused = [
            "",
            "http://",
            "127.0.0.1",
            "ftp://127.0.0.1:7410",
            "https://127.0.0.1",
            "http://127.0.0.1:7410/console",
            "http://127.0.0.1:99999",
            "一二三",
        ];
        for text in refused {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}

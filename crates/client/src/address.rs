//! The address of a node, checked before anything is dialled.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use tonic::transport::Uri;

/// Where a node listens: `http://127.0.0.1:7410`. A bare `host:port` is read as `http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
}

/// A text that is not the address of a node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{value:?} is not the address of a node: write http://HOST:PORT")]
pub struct InvalidAddress {
    /// The text that was given, shortened to what an error message can bear.
    pub value: String,
}

impl Address {
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidAddress {
            value: text.chars().take(64).collect(),
        };
        let trimmed = text.trim();
        let whole = if trimmed.contains("://") {
            trimmed.to_owned()
        } else {
            format!("http://{trimmed}")
        };
        let uri: Uri = whole.parse().map_err(|_| invalid())?;
        let is_plain = uri.scheme_str() == Some("http") && uri.port_u16().is_some();
        let names_host = uri.host().is_some_and(|host| !host.is_empty());
        let has_path = !matches!(uri.path(), "" | "/") || uri.query().is_some();
        if !is_plain || !names_host || has_path {
            return Err(invalid());
        }
        Ok(Self { uri })
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
        ] {
            assert!(text.parse::<Address>().is_ok(), "{text}");
        }
        let bare: Address = "node.example:7410".parse().unwrap();
        assert_eq!(bare.to_string(), "http://node.example:7410");
    }

    #[test]
    fn refuses_what_could_not_be_dialled_as_meant() {
        let refused = [
            "",
            "http://",
            "127.0.0.1",
            "ftp://127.0.0.1:7410",
            "https://127.0.0.1:7410",
            "http://127.0.0.1:7410/console",
            "http://127.0.0.1:99999",
            "一二三",
        ];
        for text in refused {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}

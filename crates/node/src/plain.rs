//! Plain text: spoken only when whoever starts the node asked for it, and with its machine alone.
//!
//! A node in plain text knows nobody, and takes whoever reaches it for its administrator.

use std::net::SocketAddr;

use liandong_core::language::Language;
use liandong_core::region::RegionCode;
use liandong_identity::is_of_this_machine;
use thiserror::Error;

use crate::config::{Config, Peer};

/// Why a node may not speak as it is set up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.message(Language::En))]
pub enum PlainTextError {
    /// There is no certificate, and nobody asked for plain text.
    NotAskedFor,
    /// Plain text was asked for, and there is a certificate.
    Both,
    /// Others than this machine could reach it.
    Open {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// Somebody else was to be reached.
    Away {
        /// Whose node.
        peer: RegionCode,
        /// Where it was to be dialled.
        address: String,
    },
}

impl PlainTextError {
    /// What a person is told.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::NotAskedFor => language.pick(
                "节点没有证书：请运行 liandong cert init（建立机构）或凭邀请运行 liandong cert issue，\
                 再在 node.toml 写 [identity] folder = \"identity\"；仅在本机试用的，用 liandong serve --insecure-loopback"
                    .to_owned(),
                "the node has no certificate: `liandong cert init` (a new authority) or `liandong cert \
                 issue` (with an invitation), then [identity] folder = \"identity\" in node.toml; to \
                 try it on this machine alone: `liandong serve --insecure-loopback`"
                    .to_owned(),
            ),
            Self::Both => language.pick(
                "节点有证书（[identity]），不能以明文运行：请去掉 --insecure-loopback".to_owned(),
                "the node has certificates ([identity]) and does not speak in plain text: leave out \
                 --insecure-loopback"
                    .to_owned(),
            ),
            Self::Open { address } => language.pick(
                format!(
                    "{address} 不是本机回环地址，明文只能在本机使用：listen 填 127.0.0.1:端口，或改用证书（见 liandong cert）"
                ),
                format!(
                    "{address} is not a loopback address, and plain text never leaves this machine: \
                     listen on 127.0.0.1:PORT, or have certificates (see `liandong cert`)"
                ),
            ),
            Self::Away { peer, address } => language.pick(
                format!(
                    "{peer} 的地址 {address} 不在本机，明文只能在本机使用：两个节点都改用证书（见 liandong cert）"
                ),
                format!(
                    "{address}, where {peer} is, is not of this machine, and plain text never leaves \
                     it: have certificates on both sides (see `liandong cert`)"
                ),
            ),
        }
    }
}

/// Refuses a node that would speak in plain text with anybody but its machine.
pub(crate) fn check(config: &Config) -> Result<(), PlainTextError> {
    match (&config.identity, config.insecure_loopback) {
        (Some(_), false) => return Ok(()),
        (Some(_), true) => return Err(PlainTextError::Both),
        (None, false) => return Err(PlainTextError::NotAskedFor),
        (None, true) => {}
    }
    let address = config.listen;
    if !address.ip().is_loopback() {
        return Err(PlainTextError::Open { address });
    }
    for Peer { region, address } in config.parent.iter().chain(&config.partners) {
        let Some(address) = address else {
            continue;
        };
        let uri: Result<http::Uri, _> = address.parse();
        if !uri.is_ok_and(|uri| uri.host().is_some_and(is_of_this_machine)) {
            return Err(PlainTextError::Away {
                peer: *region,
                address: address.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{PlainTextError, check};
    use crate::config::Config;

    const REST: &str = "region = '371524'\ndata = 'data'\n";

    fn checked(listen: &str, more: &str, asked_for: bool) -> Result<(), PlainTextError> {
        let text = format!("{REST}listen = '{listen}'\n{more}");
        let mut config = Config::read(&text, Path::new("/node.toml")).unwrap();
        config.insecure_loopback = asked_for;
        check(&config)
    }

    #[test]
    fn plain_text_is_spoken_when_asked_for_and_with_this_machine() {
        let identity = "[identity]\nfolder = 'identity'\n";
        assert_eq!(checked("0.0.0.0:7410", identity, false), Ok(()));
        let both = checked("127.0.0.1:7410", identity, true);
        assert_eq!(both, Err(PlainTextError::Both));
        let silent = checked("127.0.0.1:7410", "", false);
        assert_eq!(silent, Err(PlainTextError::NotAskedFor));
        for own in ["127.0.0.1:7410", "127.9.9.9:0", "[::1]:7410"] {
            assert_eq!(checked(own, "", true), Ok(()), "{own}");
        }
        for open in ["0.0.0.0:7410", "[::]:7410", "10.1.2.3:7410"] {
            let address = open.parse().unwrap();
            let refused = Err(PlainTextError::Open { address });
            assert_eq!(checked(open, "", true), refused, "{open}");
        }
    }

    #[test]
    fn nobody_else_is_dialled_in_plain_text() {
        let partner = |host: &str| {
            format!("[[partner]]\nregion = '500243'\naddress = 'http://{host}:7410'\n")
        };
        for own in ["127.0.0.1", "[::1]", "localhost"] {
            assert_eq!(checked("127.0.0.1:0", &partner(own), true), Ok(()), "{own}");
        }
        let refused = checked("127.0.0.1:0", &partner("10.1.2.3"), true).unwrap_err();
        let said = refused.to_string();
        assert!(said.contains("http://10.1.2.3:7410"), "{said}");
        assert!(said.contains("500243"), "{said}");
    }
}

//! Plain text: with whom it may be spoken, and how it is noticed that the other side speaks TLS.

use std::net::IpAddr;

/// The first two bytes of what TLS says to whoever speaks otherwise: an alert of some TLS 1.x.
const ALERT: [u8; 2] = [21, 3];

/// Whether a host, as it stands in an address, can only be this machine: a loopback address or
/// `localhost`.
pub fn is_of_this_machine(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let ip: Result<IpAddr, _> = bare.unwrap_or(host).parse();
    ip.map_or(host == "localhost", |ip| ip.is_loopback())
}

/// Whether what came first on a line in plain text is said by TLS. HTTP/2 never begins so.
pub fn is_said_by_tls(first: [u8; 2]) -> bool {
    first == ALERT
}

#[cfg(test)]
mod tests {
    use super::{is_of_this_machine, is_said_by_tls};

    #[test]
    fn only_loopback_addresses_are_of_this_machine() {
        for host in ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "localhost"] {
            assert!(is_of_this_machine(host), "{host}");
        }
        for host in [
            "",
            "0.0.0.0",
            "::",
            "[::]",
            "10.1.2.3",
            "128.0.0.1",
            "::ffff:127.0.0.1",
            "localhost.example",
            "127.0.0.1.example",
            "node.example",
        ] {
            assert!(!is_of_this_machine(host), "{host}");
        }
    }

    #[test]
    fn the_settings_of_http_2_are_not_taken_for_tls() {
        assert!(is_said_by_tls([0x15, 0x03]));
        assert!(!is_said_by_tls([0x00, 0x00]));
        assert!(!is_said_by_tls(*b"HT"));
    }
}

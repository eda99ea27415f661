//! Certificates, as they are asked for and passed on.
//!
//! What they hold is checked by whoever keeps them; here only their sizes are.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "written by the code generator; the proto files carry the comments"
)]
/// The generated messages, client and server of `liandong.identity.v1`.
pub mod v1 {
    tonic::include_proto!("liandong.identity.v1");
}

use std::fmt;

use liandong_core::refusal::{Accepted, Reason, Refusal};

impl fmt::Debug for v1::EnrolRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret entitles whoever has it.
        f.debug_struct("EnrolRequest")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// The longest request for a certificate in bytes.
pub const MAX_REQUEST_LEN: usize = 8 << 10;

/// The secret of an invitation.
///
/// # Errors
/// A refusal that names the field.
pub fn secret(bytes: &[u8]) -> Result<[u8; 16], Refusal> {
    bytes.try_into().map_err(|_| {
        // Never shown: it may be most of a good one.
        let accepted = Accepted::Form("16 bytes".to_owned());
        Refusal::new(Reason::Malformed, "secret", "", accepted)
    })
}

/// A request for a certificate, unread.
///
/// # Errors
/// A refusal of one that is longer than any.
pub fn request(text: String) -> Result<String, Refusal> {
    if text.len() <= MAX_REQUEST_LEN {
        return Ok(text);
    }
    let most = i64::try_from(MAX_REQUEST_LEN).unwrap_or(i64::MAX);
    Err(Refusal::new(
        Reason::TooLong,
        "request",
        text.len(),
        Accepted::Range(0, most),
    ))
}

#[cfg(test)]
mod tests {
    use super::{MAX_REQUEST_LEN, request, secret};

    #[test]
    fn a_secret_of_another_size_is_refused_and_not_shown() {
        assert_eq!(secret(&[7; 16]), Ok([7; 16]));
        for len in [0, 15, 17, 4096] {
            let refusal = secret(&vec![7; len]).unwrap_err();
            assert_eq!(
                (refusal.field.as_str(), refusal.value.as_str()),
                ("secret", "")
            );
        }
    }

    #[test]
    fn a_request_is_bounded() {
        assert!(request("a".repeat(MAX_REQUEST_LEN)).is_ok());
        assert!(request("a".repeat(MAX_REQUEST_LEN + 1)).is_err());
    }
}

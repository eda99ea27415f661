//! Chains of certificates that were found to lead to a root, so that the next signature of the same
//! node costs one look at a signature and not one for every certificate.
//!
//! Only what was found good is kept, and only as long as all of it is valid; what was taken back is
//! asked of the list every time. Whoever trusts other roots, or has another list, begins anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;

use super::Usage;
use crate::certificate::Certificate;

/// The most chains that are kept: more than a province has nodes and a year of their renewals.
const MOST: usize = 1_024;

/// The longest chain that is kept, in bytes.
const LONGEST: usize = 8 << 10;

/// The chains.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<BTreeMap<Vec<u8>, Valid>>);

/// From when until when all certificates of a chain are valid, in seconds since 1970, both included.
#[derive(Clone, Copy, Debug)]
struct Valid {
    from: i64,
    until: i64,
}

impl Known {
    /// Whether this chain is known to be good at that moment.
    pub(super) fn has(
        &self,
        leaf: &Certificate,
        above: &[CertificateDer<'_>],
        usage: Usage,
        at: Timestamp,
    ) -> bool {
        let Some(key) = key(leaf, above, usage) else {
            return false;
        };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let valid = known.get(&key);
        valid.is_some_and(|valid| (valid.from..=valid.until).contains(&at.as_second()))
    }

    /// Notes a chain that was found good.
    pub(super) fn note(&self, leaf: &Certificate, above: &[CertificateDer<'_>], usage: Usage) {
        let Some(key) = key(leaf, above, usage) else {
            return;
        };
        let mut valid = Valid::of(leaf);
        for der in above {
            // One whose times are not known makes the chain one that is looked at every time.
            let Ok(certificate) = Certificate::from_der(der) else {
                return;
            };
            let also = Valid::of(&certificate);
            valid.from = valid.from.max(also.from);
            valid.until = valid.until.min(also.until);
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, valid);
    }
}

impl Valid {
    fn of(certificate: &Certificate) -> Self {
        Self {
            from: certificate.not_before().as_second(),
            until: certificate.not_after().as_second(),
        }
    }
}

/// The chain byte for byte; `None` for one that is too long to be kept.
fn key(leaf: &Certificate, above: &[CertificateDer<'_>], usage: Usage) -> Option<Vec<u8>> {
    let leaf = leaf.der();
    let mut key = usage.word().as_bytes().to_vec();
    for der in std::iter::once(&leaf).chain(above) {
        let der: &[u8] = der.as_ref();
        key.extend_from_slice(&u32::try_from(der.len()).ok()?.to_le_bytes());
        key.extend_from_slice(der);
    }
    (key.len() <= LONGEST).then_some(key)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Known, MOST};
    use crate::authority::{Authority, Grant};
    use crate::certificate::Certificate;
    use crate::key::Key;
    use crate::request::Request;
    use crate::trust::Usage;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn start() -> Timestamp {
        "2026-09-01T08:00:00Z".parse().expect("a time")
    }

    fn certificate(authority: &Authority, request: &Request, number: u64) -> Certificate {
        let mut serial = [1; 16];
        serial[8..].copy_from_slice(&number.to_be_bytes());
        let grant = Grant {
            identity: "spiffe://edu.example/region/371524/node"
                .parse()
                .expect("an identity"),
            names: Vec::new(),
            serial,
            from: start(),
            until: start() + 90 * DAY,
        };
        authority.issue(request, &grant).expect("a certificate")
    }

    #[test]
    fn a_chain_is_known_for_what_it_was_checked_and_while_it_is_valid() {
        let domain = "edu.example".parse().expect("a domain");
        let authority = Authority::create(domain, [0xff; 16], start(), start() + 3650 * DAY);
        let authority = authority.expect("a root");
        let request = Request::of(&Key::generate().expect("a key")).expect("a request");
        let leaf = certificate(&authority, &request, 0);
        let root = authority.certificate().der();
        let known = Known::default();
        let day = |days: i32| start() + DAY * days;
        assert!(!known.has(&leaf, &[], Usage::Client, day(1)));
        known.note(&leaf, &[], Usage::Client);
        assert!(known.has(&leaf, &[], Usage::Client, day(0)));
        assert!(known.has(&leaf, &[], Usage::Client, day(90)));
        // Not before it was valid, nor after, nor for anything else.
        let second = SignedDuration::from_secs(1);
        assert!(!known.has(&leaf, &[], Usage::Client, leaf.not_before() - second));
        assert!(!known.has(&leaf, &[], Usage::Client, day(90) + second));
        assert!(!known.has(&leaf, &[], Usage::Server, day(1)));
        assert!(!known.has(&leaf, &[root], Usage::Client, day(1)));
        let other = certificate(&authority, &request, 1);
        assert!(!known.has(&other, &[], Usage::Client, day(1)));
        // What cannot be read, or is too long, is looked at every time.
        let long = vec![0x30; super::LONGEST].into();
        known.note(&leaf, &[long], Usage::Client);
        known.note(&leaf, &[vec![0x30].into()], Usage::Client);
        assert_eq!(known.0.lock().expect("the chains").len(), 1);
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let domain = "edu.example".parse().expect("a domain");
        let authority = Authority::create(domain, [0xff; 16], start(), start() + 3650 * DAY);
        let authority = authority.expect("a root");
        let request = Request::of(&Key::generate().expect("a key")).expect("a request");
        let known = Known::default();
        for number in 0..=MOST as u64 {
            let leaf = certificate(&authority, &request, number);
            known.note(&leaf, &[], Usage::Client);
            assert!(known.has(&leaf, &[], Usage::Client, start()));
            assert!(known.0.lock().expect("the chains").len() <= MOST);
        }
    }
}

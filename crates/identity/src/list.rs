//! Lists of revoked certificates: whose signature is on them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::revocation_list::CertificateRevocationList;

use crate::certificate::{Certificate, Serial};

/// Whether one of the roots signed the list.
pub(crate) fn is_signed_by_any(list: &[u8], roots: &[Certificate]) -> bool {
    let Ok((rest, list)) = CertificateRevocationList::from_der(list) else {
        return false;
    };
    rest.is_empty() && roots.iter().any(|root| is_signed_by(&list, root))
}

fn is_signed_by(list: &CertificateRevocationList<'_>, root: &Certificate) -> bool {
    let der = root.der();
    let Ok((_, root)) = X509Certificate::from_der(&der) else {
        return false;
    };
    list.issuer() == root.subject() && list.verify_signature(root.public_key()).is_ok()
}

/// The number of a list: a higher one takes the place of a lower one. `None` for what is no list.
pub fn list_number(list: &[u8]) -> Option<u64> {
    let (_, list) = CertificateRevocationList::from_der(list).ok()?;
    let number = list.crl_number()?;
    u64::try_from(number).ok()
}

/// How many certificates a list takes back. `None` for what is no list.
pub fn revoked_count(list: &[u8]) -> Option<u64> {
    let (_, list) = CertificateRevocationList::from_der(list).ok()?;
    u64::try_from(list.iter_revoked_certificates().count()).ok()
}

/// The certificates that a list takes back, and since when. `None` for what is no list.
pub(crate) fn revoked_since(list: &[u8]) -> Option<BTreeMap<Serial, Timestamp>> {
    let (_, list) = CertificateRevocationList::from_der(list).ok()?;
    let mut since = BTreeMap::new();
    for revoked in list.iter_revoked_certificates() {
        let at = Timestamp::from_second(revoked.revocation_date.timestamp()).ok()?;
        since.insert(Serial(revoked.raw_serial().to_vec()), at);
    }
    Some(since)
}

//! A trust domain as it is believed: its roots, and what they took back.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use liandong_core::identity::TrustDomain;
use rustls::pki_types::TrustAnchor;
use webpki::{BorrowedCertRevocationList, CertRevocationList, OwnedCertRevocationList};

use super::TrustError;
use crate::certificate::{Certificate, Serial, all_from_pem};
use crate::regions::Regions;

/// One trust domain: its roots, of which there are two while one takes the place of the other, and
/// the newest list of what they took back.
pub struct Domain {
    pub(super) name: TrustDomain,
    pub(super) roots: Vec<Certificate>,
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    pub(super) regions: Regions,
    pub(super) revoked: Option<Revoked>,
}

/// A list of revoked certificates.
pub(super) struct Revoked {
    pub(super) list: CertRevocationList<'static>,
    pub(super) since: BTreeMap<Serial, Timestamp>,
}

impl Domain {
    /// The roots of a domain as a file holds them, and the newest list of what they took back. It
    /// speaks for all regions unless told otherwise.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn new(
        name: TrustDomain,
        roots_pem: &str,
        revoked: Option<&[u8]>,
    ) -> Result<Self, TrustError> {
        let roots = all_from_pem(roots_pem).map_err(|cause| TrustError::Roots {
            domain: name.clone(),
            cause,
        })?;
        let mut anchors = Vec::new();
        for root in &roots {
            let der = root.der();
            let anchor = webpki::anchor_from_trusted_cert(&der).map(|anchor| anchor.to_owned());
            match anchor {
                Ok(anchor) if root.root_of() == Some(&name) => anchors.push(anchor),
                _ => {
                    return Err(TrustError::NotARoot {
                        domain: name,
                        serial: root.serial().clone(),
                    });
                }
            }
        }
        let mut domain = Self {
            name,
            roots,
            anchors,
            regions: Regions::All,
            revoked: None,
        };
        if let Some(list) = revoked {
            domain.revoked = Some(domain.read_list(list)?);
        }
        Ok(domain)
    }

    /// Believes the domain's certificates where they are of these regions, and no others.
    #[must_use]
    pub fn speaking_for(mut self, regions: Regions) -> Self {
        self.regions = regions;
        self
    }

    /// The regions that it may speak for.
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// Its name.
    pub fn name(&self) -> &TrustDomain {
        &self.name
    }

    /// Its roots.
    pub fn roots(&self) -> &[Certificate] {
        &self.roots
    }

    /// The newest list of what they took back; none was ever needed where there is none.
    pub fn has_list(&self) -> bool {
        self.revoked.is_some()
    }

    /// A list that one of the roots signed.
    fn read_list(&self, der: &[u8]) -> Result<Revoked, TrustError> {
        let no_list = || TrustError::List {
            domain: self.name.clone(),
        };
        let borrowed = BorrowedCertRevocationList::from_der(der).map_err(|_| no_list())?;
        let owned: OwnedCertRevocationList = borrowed.to_owned().map_err(|_| no_list())?;
        if !crate::list::is_signed_by_any(der, &self.roots) {
            return Err(no_list());
        }
        let since = crate::list::revoked_since(der).ok_or_else(no_list)?;
        let list = CertRevocationList::Owned(owned);
        Ok(Revoked { list, since })
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain")
            .field("name", &self.name)
            .field("regions", &self.regions)
            .field("roots", &self.roots.len())
            .field("has_list", &self.revoked.is_some())
            .finish()
    }
}

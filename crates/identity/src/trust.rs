//! Who is trusted: the roots of some trust domains, and what each of them took back.

mod known;
mod refused;

pub use refused::Refused;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use liandong_core::identity::{Identity, TrustDomain};
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use thiserror::Error;
use webpki::{
    BorrowedCertRevocationList, CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage,
    OwnedCertRevocationList, RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use self::known::Known;
use self::refused::refusal;
use crate::certificate::{Certificate, CertificateError, Serial, all_from_pem};
use crate::regions::Regions;

/// The most words of roots on others that are remembered.
const MOST_CROSSED: usize = 16;

/// One trust domain: its roots, of which there are two while one takes the place of the other, and
/// the newest list of what they took back.
pub struct Domain {
    name: TrustDomain,
    roots: Vec<Certificate>,
    anchors: Vec<TrustAnchor<'static>>,
    regions: Regions,
    revoked: Option<Revoked>,
}

/// A list of revoked certificates.
struct Revoked {
    list: CertRevocationList<'static>,
    since: BTreeMap<Serial, Timestamp>,
}

/// All the trust domains that somebody trusts.
#[derive(Debug, Default)]
pub struct Trust {
    domains: Vec<Domain>,
    /// Chains that lead to one of the roots. Other roots, or another list, are another `Trust`.
    known: Known,
    /// What roots were seen to say of those that take their places, for whoever is looked at again
    /// later without it.
    crossed: Mutex<Vec<Certificate>>,
}

/// What a certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// By whoever dials.
    Client,
    /// By whoever listens.
    Server,
}

/// Roots or a list of revoked certificates that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TrustError {
    /// The roots cannot be read.
    #[error("the roots of {domain}: {cause}")]
    Roots {
        /// Whose.
        domain: TrustDomain,
        /// Why.
        cause: CertificateError,
    },
    /// One of them is no root, or another domain's.
    #[error("the certificate {serial} among the roots of {domain} is not a root of that domain")]
    NotARoot {
        /// Whose.
        domain: TrustDomain,
        /// Which.
        serial: Serial,
    },
    /// The list cannot be read, or no root of the domain signed it.
    #[error("the list of revoked certificates is not one that a root of {domain} signed")]
    List {
        /// Whose.
        domain: TrustDomain,
    },
    /// Two sets of roots for one domain.
    #[error("the trust domain {domain} is named twice")]
    Twice {
        /// Which.
        domain: TrustDomain,
    },
}

impl Usage {
    fn word(self) -> &'static str {
        match self {
            Self::Client => "dialling",
            Self::Server => "listening",
        }
    }

    fn key_usage(self) -> KeyUsage {
        match self {
            Self::Client => KeyUsage::client_auth(),
            Self::Server => KeyUsage::server_auth(),
        }
    }
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

impl Trust {
    /// Trusts these domains and no others.
    ///
    /// # Errors
    /// [`TrustError::Twice`].
    pub fn new(domains: Vec<Domain>) -> Result<Self, TrustError> {
        for (place, domain) in domains.iter().enumerate() {
            if domains[..place]
                .iter()
                .any(|other| other.name == domain.name)
            {
                return Err(TrustError::Twice {
                    domain: domain.name.clone(),
                });
            }
        }
        Ok(Self {
            domains,
            known: Known::default(),
            crossed: Mutex::default(),
        })
    }

    /// Remembers what was seen by whoever trusted before it.
    #[must_use]
    pub fn following(self, before: &Self) -> Self {
        for crossed in before.crossed() {
            self.remember(&crossed.der());
        }
        self
    }

    fn crossed(&self) -> Vec<Certificate> {
        let crossed = self.crossed.lock().unwrap_or_else(PoisonError::into_inner);
        crossed.clone()
    }

    /// Remembers what a root says of another. Nothing is believed for that: each look checks it again.
    fn remember(&self, der: &[u8]) {
        let Ok(crossed) = Certificate::from_der(der) else {
            return;
        };
        let mut roots = self.domains.iter().flat_map(|domain| &domain.roots);
        if !crossed.is_authority() || crossed.root_of().is_some() {
            return;
        }
        let mut known = self.crossed.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST_CROSSED
            && !known.contains(&crossed)
            && roots.any(|root| crossed.is_issued_by(root))
        {
            known.push(crossed);
        }
    }

    /// The domains.
    pub fn domains(&self) -> &[Domain] {
        &self.domains
    }

    /// Every root of every domain, for whoever dials to choose its certificate by.
    pub(crate) fn root_subjects(&self) -> Vec<rustls::DistinguishedName> {
        let anchors = self.domains.iter().flat_map(|domain| &domain.anchors);
        anchors
            .map(|anchor| rustls::DistinguishedName::in_sequence(anchor.subject.as_ref()))
            .collect()
    }

    /// The roots of the certificate's domain.
    pub(crate) fn roots_above(&self, leaf: &Certificate) -> Vec<CertificateDer<'static>> {
        let domain = leaf
            .identity()
            .and_then(|identity| self.domain_of(identity));
        let roots = domain.map_or(&[][..], Domain::roots);
        roots.iter().map(Certificate::der).collect()
    }

    /// Who shows this certificate, if it is to be believed.
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub fn check(
        &self,
        leaf: &[u8],
        above: &[CertificateDer<'_>],
        usage: Usage,
        now: UnixTime,
    ) -> Result<Certificate, Refused> {
        self.verify(leaf, above, usage, now, true)
    }

    /// Checks that a certificate was trusted at a moment, whether or not it was taken back. A chain
    /// that was is not looked at again for any moment at which all of it is valid.
    pub(crate) fn was_trusted(
        &self,
        leaf: &Certificate,
        above: &[CertificateDer<'_>],
        usage: Usage,
        at: Timestamp,
    ) -> Result<(), Refused> {
        if self.known.has(leaf, above, usage, at) {
            return Ok(());
        }
        let seconds = u64::try_from(at.as_second()).unwrap_or(0);
        let moment = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        self.verify(&leaf.der(), above, usage, moment, false)?;
        self.known.note(leaf, above, usage);
        Ok(())
    }

    /// When a certificate was taken back, as far as is known here.
    pub fn revoked_at(&self, leaf: &Certificate) -> Option<Timestamp> {
        let domain = self.domain_of(leaf.identity()?)?;
        let revoked = domain.revoked.as_ref()?;
        revoked.since.get(leaf.serial()).copied()
    }

    fn domain_of(&self, identity: &Identity) -> Option<&Domain> {
        let mut domains = self.domains.iter();
        domains.find(|domain| domain.name == identity.domain)
    }

    fn verify(
        &self,
        leaf: &[u8],
        above: &[CertificateDer<'_>],
        usage: Usage,
        now: UnixTime,
        minds_revocation: bool,
    ) -> Result<Certificate, Refused> {
        let certificate = Certificate::from_der(leaf)?;
        let identity = certificate.identity().ok_or(Refused::Nameless)?.clone();
        let Some(domain) = self.domain_of(&identity) else {
            return Err(Refused::ForeignDomain { identity });
        };
        if !domain.regions.include(identity.region) {
            return Err(Refused::ForeignRegion { identity });
        }
        // By its number alone: while a domain has two roots one of them signs for both.
        let revoked = domain.revoked.as_ref().filter(|_| minds_revocation);
        if revoked.is_some_and(|revoked| revoked.since.contains_key(certificate.serial())) {
            let serial = certificate.serial().clone();
            return Err(Refused::Revoked { identity, serial });
        }
        let der = CertificateDer::from(leaf);
        let parsed = EndEntityCert::try_from(&der).map_err(|error| Refused::Bad {
            identity: identity.clone(),
            why: error.to_string(),
        })?;
        let lists = domain.revoked.iter().filter(|_| minds_revocation);
        let lists: Vec<&CertRevocationList<'_>> = lists.map(|revoked| &revoked.list).collect();
        // A list that has run out still counts, and so does its silence: a node that is cut off
        // from its authority goes on.
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_depth(RevocationCheckDepth::Chain)
                .with_status_policy(UnknownStatusPolicy::Allow)
                .with_expiration_policy(ExpirationPolicy::Ignore)
                .build()
        });
        let crossed = self.crossed();
        let crossed: Vec<CertificateDer<'_>> = crossed.iter().map(Certificate::der).collect();
        let mut all_above: Vec<CertificateDer<'_>> = Vec::new();
        for der in above.iter().map(AsRef::<[u8]>::as_ref) {
            all_above.push(CertificateDer::from(der));
        }
        for der in crossed.iter().map(AsRef::<[u8]>::as_ref) {
            if !above.iter().any(|shown| shown.as_ref() == der) {
                all_above.push(CertificateDer::from(der));
            }
        }
        let verified = parsed.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &domain.anchors,
            &all_above,
            now,
            usage.key_usage(),
            revocation,
            None,
        );
        match verified {
            Ok(_) => {
                for der in above {
                    self.remember(der);
                }
                Ok(certificate)
            }
            Err(error) => Err(refusal(&certificate, identity, usage, &error)),
        }
    }
}

//! Who is trusted: the roots of some trust domains, and what each of them took back.

mod domain;
mod error;
mod known;
mod refused;

pub use domain::Domain;
pub use error::TrustError;
pub use refused::Refused;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use liandong_core::identity::Identity;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, RevocationCheckDepth,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};

use self::known::Known;
use self::refused::refusal;
use crate::certificate::Certificate;

/// The most words of roots on others that are remembered.
const MOST_CROSSED: usize = 16;

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

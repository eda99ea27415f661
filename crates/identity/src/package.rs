//! What somebody gets who is issued a certificate: the certificate, the roots it is known by, and
//! the list of what they took back. In one file of PEM where it is carried by hand.

use jiff::Timestamp;
use liandong_core::identity::{Identity, TrustDomain};
use rustls::pki_types::UnixTime;
use thiserror::Error;

use crate::certificate::{Certificate, CertificateError, Chain, Fingerprint, all_from_pem, to_pem};
use crate::folder::{Folder, FolderError, Own};
use crate::key::Key;
use crate::trust::{Domain, Refused, Trust, TrustError, Usage};

/// The longest text that is read.
const MAX_LEN: usize = 4 << 20;

const LIST: &str = "X509 CRL";

/// A certificate with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The certificate.
    pub chain: Chain,
    /// The roots of its trust domain, as text.
    pub roots: String,
    /// The newest list of what they took back.
    pub list: Option<Vec<u8>>,
}

/// By what the roots of a package are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introduction {
    /// One of them has this fingerprint.
    Fingerprint(Fingerprint),
    /// They are the ones that the folder trusts; where it trusts none of that domain, the package is
    /// believed.
    Folder,
}

/// A package that is not taken.
#[derive(Debug, Error)]
pub enum PackageError {
    /// A certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// It is too long.
    #[error("longer than any package")]
    TooLong,
    /// No root is in it.
    #[error("no root is with the certificate: install the file that `cert issue --out` wrote")]
    NoRoot,
    /// No root has the fingerprint.
    #[error("no root has the fingerprint {expected}")]
    AnotherRoot {
        /// The one that was given.
        expected: Fingerprint,
    },
    /// The certificate is another key's.
    #[error("the certificate is not for the key that was made here")]
    AnotherKey,
    /// The certificate names another identity.
    #[error("the certificate is {found}, and {expected} was asked for")]
    AnotherIdentity {
        /// Whose it is.
        found: Identity,
        /// Whose was asked for.
        expected: Identity,
    },
    /// The folder is somebody else's.
    #[error("{folder} holds the certificate of {found}: name another folder with --identity")]
    Occupied {
        /// The folder.
        folder: String,
        /// Whose it is.
        found: Identity,
    },
    /// The certificate is not to be believed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The roots or the list are no good.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Package {
    /// Everything as text: the certificate, the roots, the list.
    pub fn to_pem(&self) -> String {
        let mut text = self.chain.to_pem();
        text.push_str(&self.roots);
        if let Some(list) = &self.list {
            let block = pem::Pem::new(LIST, list.clone());
            let form = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
            text.push_str(&pem::encode_config(&block, form));
        }
        text
    }

    /// Reads what [`Package::to_pem`] wrote. Nothing is believed before [`Package::install`].
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn from_pem(text: &str) -> Result<Self, PackageError> {
        if text.len() > MAX_LEN {
            return Err(PackageError::TooLong);
        }
        let mut certificates = all_from_pem(text)?.into_iter();
        let leaf = certificates.next().ok_or(CertificateError::None)?;
        let (roots, above): (Vec<Certificate>, Vec<Certificate>) =
            certificates.partition(|certificate| certificate.root_of().is_some());
        if roots.is_empty() {
            return Err(PackageError::NoRoot);
        }
        let blocks = pem::parse_many(text).unwrap_or_default();
        let list = blocks.into_iter().find(|block| block.tag() == LIST);
        Ok(Self {
            chain: Chain { leaf, above },
            roots: roots.iter().map(to_pem).collect(),
            list: list.map(pem::Pem::into_contents),
        })
    }

    /// Keeps everything in a folder, with the key, if it is as it has to be.
    ///
    /// # Errors
    /// [`PackageError`]; of what is not to be believed nothing is kept.
    pub fn install(
        self,
        folder: &Folder,
        key: Key,
        expected: Option<&Identity>,
        introduction: Introduction,
        now: Timestamp,
    ) -> Result<Certificate, PackageError> {
        let leaf = self.chain.leaf.clone();
        let identity = leaf.identity().ok_or(Refused::Nameless)?.clone();
        if let Some(expected) = expected.filter(|expected| **expected != identity) {
            return Err(PackageError::AnotherIdentity {
                found: identity,
                expected: expected.clone(),
            });
        }
        if !key.is_of(&leaf) {
            return Err(PackageError::AnotherKey);
        }
        folder.free_for(&identity)?;
        let domain = &identity.domain;
        let known = folder.roots(domain)?;
        let roots = self.believed(domain, introduction, known.as_deref())?;
        let checked = Domain::new(domain.clone(), &roots, self.list.as_deref())?;
        let ders = self.chain.ders();
        let trust = Trust::new(vec![checked])?;
        trust.check(&leaf.der(), &ders[1..], Usage::Client, unix(now))?;
        if known.as_deref() != Some(&roots) {
            folder.keep_roots(domain, &roots)?;
        }
        if let Some(list) = &self.list {
            folder.keep_list(domain, list)?;
        }
        let chain = self.chain;
        folder.keep_own(&Own { chain, key })?;
        Ok(leaf)
    }

    /// The roots that are known, and those that one of them says takes its place.
    fn with_endorsed(&self, domain: &TrustDomain, known: &str) -> Result<String, PackageError> {
        let trusted = Domain::new(domain.clone(), known, None)?;
        let shown = Domain::new(domain.clone(), &self.roots, None)?;
        let mut roots = known.to_owned();
        for root in shown.roots() {
            let is_endorsed = self.chain.above.iter().any(|crossed| {
                let mut trusted = trusted.roots().iter();
                crossed.is_authority()
                    && crossed.public_key_info() == root.public_key_info()
                    && trusted.any(|trusted| crossed.is_issued_by(trusted))
            });
            if is_endorsed && !trusted.roots().contains(root) {
                roots.push_str(&to_pem(root));
            }
        }
        Ok(roots)
    }

    /// The roots to trust from now on.
    fn believed(
        &self,
        domain: &TrustDomain,
        introduction: Introduction,
        known: Option<&str>,
    ) -> Result<String, PackageError> {
        match (introduction, known) {
            (Introduction::Folder, Some(known)) => self.with_endorsed(domain, known),
            (Introduction::Folder, None) => Ok(self.roots.clone()),
            (Introduction::Fingerprint(expected), _) => {
                let shown = Domain::new(domain.clone(), &self.roots, None)?;
                let mut roots = shown.roots().iter();
                if !roots.any(|root| root.fingerprint() == expected) {
                    return Err(PackageError::AnotherRoot { expected });
                }
                Ok(self.roots.clone())
            }
        }
    }
}

impl Folder {
    /// Whether a certificate of that identity may be put here: no other's is here.
    ///
    /// # Errors
    /// [`PackageError::Occupied`].
    pub fn free_for(&self, identity: &Identity) -> Result<(), PackageError> {
        let own = self.own()?;
        let found = own.as_ref().and_then(|own| own.chain.leaf.identity());
        match found.filter(|found| *found != identity) {
            None => Ok(()),
            Some(found) => Err(PackageError::Occupied {
                folder: self.path().display().to_string(),
                found: found.clone(),
            }),
        }
    }
}

fn unix(at: Timestamp) -> UnixTime {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

//! Whom a folder trusts: roots, what they took back, and which regions they may speak for.

use std::path::{Path, PathBuf};

use liandong_core::identity::TrustDomain;

use super::{AUTHORITY, CERTIFICATE, Folder, FolderError, REVOKED, ROOT, ROOTS};
use crate::certificate::Chain;
use crate::files::{self, FileError, Secrecy};
use crate::list::list_number;
use crate::regions::{RegionPattern, Regions};
use crate::trust::{Domain, Trust};

impl Folder {
    /// Whether there is a place for roots in it, which only an identity's folder has.
    pub(crate) fn has_roots(&self) -> bool {
        self.0.join(ROOTS).is_dir()
    }

    /// Everybody who is trusted.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn trust(&self) -> Result<Trust, FolderError> {
        let folder = self.0.join(ROOTS);
        let mut domains = Vec::new();
        for path in listed(&folder)? {
            let stray = || FolderError::Stray { path: path.clone() };
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if path.extension().is_none_or(|extension| extension != "pem") {
                continue;
            }
            let name: TrustDomain = stem.and_then(|stem| stem.parse().ok()).ok_or_else(stray)?;
            let roots = files::read(&path)?.unwrap_or_default();
            let list = files::read(&self.list_path(&name))?;
            let regions = self.regions(&name)?;
            let domain = Domain::new(name, &String::from_utf8_lossy(&roots), list.as_deref());
            let domain = domain.map_err(|cause| FolderError::Trust { path, cause })?;
            domains.push(domain.speaking_for(regions));
        }
        Trust::new(domains).map_err(|cause| FolderError::Trust {
            path: folder,
            cause,
        })
    }

    /// The regions that a domain may speak for: those that were named; or else all for the domain
    /// that issued the certificate here, and none for any other.
    fn regions(&self, domain: &TrustDomain) -> Result<Regions, FolderError> {
        let path = self.regions_path(domain);
        if let Some(text) = files::read(&path)? {
            let regions = Regions::read(&String::from_utf8_lossy(&text));
            return regions.map_err(|cause| FolderError::Regions { path, cause });
        }
        let is_own = self.domain()?.is_none_or(|own| own == *domain);
        let none = Regions::Named(Vec::new());
        Ok(if is_own { Regions::All } else { none })
    }

    /// The domain that issued the certificate here, or that has its authority here.
    fn domain(&self) -> Result<Option<TrustDomain>, FolderError> {
        for path in [self.0.join(CERTIFICATE), self.0.join(AUTHORITY).join(ROOT)] {
            let Some(text) = files::read(&path)? else {
                continue;
            };
            let chain = Chain::from_pem(&String::from_utf8_lossy(&text));
            let leaf = chain
                .map_err(|cause| FolderError::Certificate { path, cause })?
                .leaf;
            let named = leaf.identity().map(|identity| &identity.domain);
            return Ok(named.or_else(|| leaf.root_of()).cloned());
        }
        Ok(None)
    }

    /// Trusts these roots of another domain from now on, for these regions.
    ///
    /// # Errors
    /// As [`Folder::keep_roots`].
    pub fn keep_foreign(
        &self,
        domain: &TrustDomain,
        pem: &str,
        regions: &[RegionPattern],
    ) -> Result<(), FolderError> {
        let lines: String = regions
            .iter()
            .map(|pattern| format!("{pattern}\n"))
            .collect();
        let path = self.regions_path(domain);
        // First what is allowed: roots that nobody may speak under are harmless, the other way round
        // they are not.
        files::replace(&path, lines.as_bytes(), Secrecy::Public)?;
        self.keep_roots(domain, pem)
    }

    /// Trusts these roots of a domain from now on.
    ///
    /// # Errors
    /// [`FolderError`] also when they are no roots of that domain; nothing is written then.
    pub fn keep_roots(&self, domain: &TrustDomain, pem: &str) -> Result<(), FolderError> {
        let path = self.roots_path(domain);
        if let Err(cause) = Domain::new(domain.clone(), pem, None) {
            return Err(FolderError::Trust { path, cause });
        }
        Ok(files::replace(&path, pem.as_bytes(), Secrecy::Public)?)
    }

    /// The roots of a domain as text, where it is trusted.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn roots(&self, domain: &TrustDomain) -> Result<Option<String>, FolderError> {
        let read = files::read(&self.roots_path(domain))?;
        Ok(read.map(|text| String::from_utf8_lossy(&text).into_owned()))
    }

    /// The list of what a domain took back, as it was signed.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn list(&self, domain: &TrustDomain) -> Result<Option<Vec<u8>>, FolderError> {
        Ok(files::read(&self.list_path(domain))?)
    }

    /// Keeps a list of what a domain took back, if it is one of that domain and newer than what is
    /// there; whether it was.
    ///
    /// # Errors
    /// [`FolderError`] also when no root of the domain signed it; nothing is written then.
    pub fn keep_list(&self, domain: &TrustDomain, list: &[u8]) -> Result<bool, FolderError> {
        let path = self.roots_path(domain);
        let roots = files::read(&path)?.unwrap_or_default();
        let roots = String::from_utf8_lossy(&roots);
        if let Err(cause) = Domain::new(domain.clone(), &roots, Some(list)) {
            return Err(FolderError::Trust { path, cause });
        }
        let known = self.list(domain)?;
        if list_number(list) <= known.as_deref().and_then(list_number) {
            return Ok(false);
        }
        files::replace(&self.list_path(domain), list, Secrecy::Public)?;
        Ok(true)
    }

    fn regions_path(&self, domain: &TrustDomain) -> PathBuf {
        self.0.join(ROOTS).join(format!("{domain}.regions"))
    }

    fn roots_path(&self, domain: &TrustDomain) -> PathBuf {
        self.0.join(ROOTS).join(format!("{domain}.pem"))
    }

    fn list_path(&self, domain: &TrustDomain) -> PathBuf {
        self.0.join(REVOKED).join(format!("{domain}.crl"))
    }
}

/// The files of a folder in the order of their names; none where there is no folder.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(files::failing("list", folder)(error)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths
        .collect::<Result<_, _>>()
        .map_err(files::failing("list", folder))?;
    paths.sort();
    Ok(paths)
}

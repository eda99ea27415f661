//! Certificates for nodes of this machine: a trust domain with its authority, and in it a node, an
//! administrator and whoever else is needed for a region.
//!
//! They are made anew every time and go with the directory. An authority is at home where a real
//! one would be, in the identity folder of the domain's uppermost node.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use liandong_core::identity::{Identity, InvalidIdentity, Role};
use liandong_core::region::RegionCode;
use liandong_identity::{
    Folder, FolderError, Introduction, Key, KeyError, NODE_DAYS, NoRegionPattern, Office,
    OfficeError, PackageError, Request, RequestError, Wanted,
};
use thiserror::Error;

/// How long the roots are valid: nobody keeps such nodes that long.
const YEARS: u8 = 1;
/// The folder of a node's identity, as its configuration names it.
pub(crate) const NODE: &str = "identity";
/// What every node is called by: all are on this machine.
const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

/// Certificates that cannot be made.
#[derive(Debug, Error)]
pub(crate) enum CertificatesError {
    #[error(transparent)]
    Name(#[from] InvalidIdentity),
    #[error(transparent)]
    Regions(#[from] NoRegionPattern),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Office(#[from] OfficeError),
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// Who somebody of a region is shown to be, by role: the folder that holds the certificate.
pub(crate) fn person(base: &Path, region: RegionCode, role: Role) -> PathBuf {
    base.join(region.as_str()).join(role.word())
}

/// A domain's authority, and everybody in its trust domain.
pub(crate) struct Realm {
    office: Office,
    base: PathBuf,
    now: Timestamp,
}

impl Realm {
    /// Founds the authority at home in the node of the domain's uppermost region.
    pub(crate) fn found(
        base: &Path,
        top: RegionCode,
        domain: &str,
    ) -> Result<Self, CertificatesError> {
        let now = Timestamp::now();
        let home = Folder::at(base.join(top.as_str()).join(NODE));
        Ok(Self {
            office: Office::found(&home, domain.parse()?, YEARS, now)?,
            base: base.to_owned(),
            now,
        })
    }

    /// Makes a certificate and puts it where its owner looks for it.
    pub(crate) fn issue(&self, region: RegionCode, role: Role) -> Result<(), CertificatesError> {
        let is_node = role == Role::Node;
        let path = if is_node {
            self.base.join(region.as_str()).join(NODE)
        } else {
            person(&self.base, region, role)
        };
        let identity = Identity {
            domain: self.office.domain().clone(),
            region,
            role,
        };
        let names = if is_node { &HOSTS[..] } else { &[] };
        let wanted = Wanted {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            identity: identity.clone(),
        };
        let key = Key::generate()?;
        let package = self
            .office
            .issue(&Request::of(&key)?, wanted, NODE_DAYS, self.now)?;
        let folder = Folder::at(path);
        package.install(
            &folder,
            key,
            Some(&identity),
            Introduction::Folder,
            self.now,
        )?;
        Ok(())
    }

    /// A node of another domain takes this domain's word from now on, for regions whose codes begin
    /// so.
    pub(crate) fn trusted_by(
        &self,
        region: RegionCode,
        speaks_for: &str,
    ) -> Result<(), CertificatesError> {
        let folder = Folder::at(self.base.join(region.as_str()).join(NODE));
        let domain = self.office.domain();
        let regions = [speaks_for.parse()?];
        folder.keep_foreign(domain, &self.office.root_pem(), &regions)?;
        Ok(())
    }
}

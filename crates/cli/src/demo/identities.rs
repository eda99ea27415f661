//! The certificates of the demonstration: two trust domains, one a province, and in them a node, an
//! administrator and whoever else is needed for every region.
//!
//! They are made anew with every demonstration and go with its directory. Both authorities are at
//! home where a real one would be, in the identity folder of their province's node; partners trust
//! each other's roots, and nobody else does.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use liandong_core::identity::{Identity, InvalidIdentity, Role};
use liandong_core::region::RegionCode;
use liandong_identity::{
    Folder, FolderError, Introduction, Key, KeyError, NODE_DAYS, NoRegionPattern, Office,
    OfficeError, PackageError, Request, RequestError, Wanted,
};
use thiserror::Error;

use super::world::Places;

/// How long the roots are valid: nobody keeps a demonstration that long.
const YEARS: u8 = 1;
/// The folder of a node's identity, as its configuration names it.
pub(super) const NODE: &str = "identity";
/// What every node is called by: all are on this machine.
const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

/// Certificates that cannot be made.
#[derive(Debug, Error)]
pub(crate) enum IdentitiesError {
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

/// A province's authority, and everybody in its trust domain.
struct Realm {
    office: Office,
    base: PathBuf,
    now: Timestamp,
}

impl Realm {
    fn found(base: &Path, province: RegionCode, domain: &str) -> Result<Self, IdentitiesError> {
        let now = Timestamp::now();
        let home = Folder::at(base.join(province.as_str()).join(NODE));
        Ok(Self {
            office: Office::found(&home, domain.parse()?, YEARS, now)?,
            base: base.to_owned(),
            now,
        })
    }

    fn issue(&self, region: RegionCode, role: Role) -> Result<(), IdentitiesError> {
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
    fn trusted_by(&self, region: RegionCode, speaks_for: &str) -> Result<(), IdentitiesError> {
        let folder = Folder::at(self.base.join(region.as_str()).join(NODE));
        let domain = self.office.domain();
        let regions = [speaks_for.parse()?];
        folder.keep_foreign(domain, &self.office.root_pem(), &regions)?;
        Ok(())
    }
}

/// Makes all of them.
pub(crate) fn make(base: &Path, places: &Places) -> Result<(), IdentitiesError> {
    let shandong = Realm::found(base, places.shandong, "shandong.example")?;
    let chongqing = Realm::found(base, places.chongqing, "chongqing.example")?;
    let in_chongqing = [places.chongqing, places.pengshui];
    for region in places.all() {
        let realm = if in_chongqing.contains(&region) {
            &chongqing
        } else {
            &shandong
        };
        realm.issue(region, Role::Node)?;
        realm.issue(region, Role::Admin)?;
    }
    shandong.issue(places.comments, Role::Reporter)?;
    shandong.issue(places.shandong, Role::Viewer)?;
    shandong.trusted_by(places.pengshui, "37*")?;
    chongqing.trusted_by(places.liaocheng, "50*")
}

#[cfg(test)]
mod tests {
    use liandong_core::identity::Role;
    use liandong_identity::Folder;

    use super::{NODE, make, person};
    use crate::demo::world::World;

    #[test]
    fn everybody_has_a_certificate_and_only_partners_trust_two_domains() {
        let place = tempfile::tempdir().unwrap();
        let base = place.path();
        let places = World::new().unwrap().places;
        make(base, &places).unwrap();
        for region in places.all() {
            let node = Folder::at(base.join(region.as_str()).join(NODE));
            let own = node.own().unwrap().unwrap();
            let identity = own.chain.leaf.identity().unwrap().clone();
            assert_eq!((identity.region, identity.role), (region, Role::Node));
            let admin = Folder::at(person(base, region, Role::Admin));
            assert!(admin.own().unwrap().is_some());
            let trusts = ["shandong.example", "chongqing.example"]
                .map(|domain| node.roots(&domain.parse().unwrap()).unwrap().is_some());
            let is_paired = [places.liaocheng, places.pengshui].contains(&region);
            assert_eq!(trusts == [true, true], is_paired, "{region}");
        }
    }
}

//! The certificates of the demonstration: two trust domains, one a province, and in them a node, an
//! administrator and whoever else is needed for every region.
//!
//! They are made anew with every demonstration and go with its directory. Partners trust each
//! other's roots, and nobody else does.

use std::path::Path;

use liandong_core::identity::Role;

use super::world::Places;
use crate::local::{CertificatesError, Realm};

/// Makes all of them.
pub(crate) fn make(base: &Path, places: &Places) -> Result<(), CertificatesError> {
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

    use super::make;
    use crate::demo::world::World;
    use crate::local::{NODE, person};

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

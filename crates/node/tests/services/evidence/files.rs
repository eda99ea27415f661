//! Links by file between nodes with certificates: no key has to be compared and written down.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use liandong_identity::{Attestation, Purpose};
use liandong_wire::admin::v1::VerifyResult;
use liandong_wire::link::file::{FileHeader, FileReader, FileSection, FileWriter, KeyShown};
use tonic::Code;

use super::{CITY, COUNTY, evidence, folder, start, started};
use crate::files::pair::{export, import, trusts};
use crate::support::certificates::Realm;
use crate::support::{TREE, dropouts};

const PARENT: &str = "[parent]\nregion = '371500'\n";

#[tokio::test]
async fn a_file_is_taken_by_the_certificate_of_its_exporter() {
    let realm = Realm::new("edu.example");
    let city = start(&realm, folder(), CITY, "", "").await;
    let county = start(&realm, folder(), COUNTY, TREE, PARENT).await;
    county.push("1", vec![dropouts("371524-A", 2)]).await;
    let file = export(&county, CITY, false).await;
    // Another authority's county, and one without any certificate.
    let stranger = Realm::new("edu.example");
    let impostor = start(&stranger, folder(), COUNTY, TREE, PARENT).await;
    impostor.push("1", vec![dropouts("371524-A", 9)]).await;
    let forged = export(&impostor, CITY, false).await;
    let status = import(&city, &forged).await.expect_err("forged");
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    let key = format!("{PARENT}key = 'ed25519:{}'\n", "11".repeat(32));
    let plain = crate::support::start(COUNTY, TREE, &key).await;
    let unsigned = export(&plain, CITY, false).await;
    let status = import(&city, &unsigned).await.expect_err("nobody's");
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    // Every third byte of the good one, in turn.
    for position in (0..file.len()).step_by(3) {
        let mut changed = file.clone();
        changed[position] ^= 1;
        let taken = import(&city, &changed).await;
        assert!(taken.is_err(), "byte {position}");
    }
    let taken = import(&city, &file).await.expect("taken");
    assert!(taken.applied > 0 && taken.set_aside == 0, "{taken:?}");
    assert_eq!(city.sum(COUNTY).await.0, 2);
    let (result, checked, _) = evidence(&city).await;
    assert_eq!(result, VerifyResult::Fits);
    assert!(checked >= 2, "{checked}");
}

/// Whoever has stolen a key names a moment before it was revoked, or before it was over.
#[tokio::test]
async fn a_certificate_that_is_revoked_or_over_shows_nothing_whatever_moment_is_named() {
    let realm = Realm::new("edu.example");
    let dir = folder();
    let own = realm.issue(COUNTY, "node");
    realm.settle(&dir.path().join("identity"), &own, &[]);
    let county = started(&realm, dir, COUNTY, TREE, PARENT).await;
    county.push("1", vec![dropouts("371524-A", 2)]).await;
    let file = export(&county, CITY, false).await;
    let dir = folder();
    let identity = dir.path().join("identity");
    realm.settle(&identity, &realm.issue(CITY, "node"), &[]);
    // Lists of what was revoked tell whole seconds.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    realm.revoke(&identity, &[own.chain.leaf.serial()], 1);
    let city = started(&realm, dir, CITY, "", "").await;
    let status = import(&city, &file).await.expect_err("revoked");
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    assert!(status.message().contains("was revoked"), "{status:?}");

    let hour = SignedDuration::from_hours(1);
    let over = realm.issue_for(COUNTY, "node", -hour);
    let mut reader = FileReader::default();
    reader.feed(&file);
    let Ok(Some(FileSection::Header(header))) = reader.next_section() else {
        panic!("no header");
    };
    let digest = FileHeader::key_digest(header.exporter, &header.key);
    let at = Timestamp::now() - 2 * hour;
    let given = Attestation::give(&over.key, Purpose::LinkFile, &digest, at);
    let (_, forged) = FileWriter::begin(&FileHeader {
        shown: Some(KeyShown {
            certificates: vec![over.chain.leaf.der().to_vec()],
            at_micros: at.as_microsecond(),
            signature: given.expect("a signature").signature.0,
        }),
        ..*header
    });
    let status = import(&city, &forged).await.expect_err("over");
    assert!(status.message().contains("expired"), "{status:?}");

    // A key that the city was told of is another matter.
    let more = trusts(&county, COUNTY).await;
    let city = started(&realm, city.stop().await, CITY, "", &more).await;
    let taken = import(&city, &file).await.expect("taken");
    assert!(taken.applied > 0, "{taken:?}");
}

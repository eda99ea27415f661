//! Links by file between nodes with certificates: no key has to be compared and written down.

use liandong_wire::admin::v1::VerifyResult;
use tonic::Code;

use super::{CITY, COUNTY, evidence, folder, start};
use crate::files::pair::{export, import};
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

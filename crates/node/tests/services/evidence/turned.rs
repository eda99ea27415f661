//! A city that signs for a county which had a node of its own is seen to do so.

use liandong_core::document::Document;
use liandong_core::region::Level;
use liandong_node::maintenance::Check;
use liandong_wire::admin::v1::{GetStatusRequest, SignerChange, VerifyResult};

use super::forged::{City, region, set_aside, signed};
use super::{CITY, COUNTY, PROVINCE, evidence, folder, part, start, verify};
use crate::support::Running;
use crate::support::certificates::Realm;

async fn changes(province: &Running) -> Vec<SignerChange> {
    let status = province.admin().get_status(GetStatusRequest {}).await;
    status.expect("a status").into_inner().signer_changes
}

#[tokio::test]
async fn a_county_that_is_said_to_have_come_to_its_city_is_to_be_asked_about() {
    let realm = Realm::new("edu.example");
    let province = start(&realm, folder(), PROVINCE, "", "").await;
    let (own, county) = (realm.issue(CITY, "node"), realm.issue(COUNTY, "node"));
    let mut city = City::dial(&realm, &province, &own).await;
    let here = vec![region(CITY, PROVINCE, Level::Prefecture)];
    let proofs = signed(&own, &here);
    city.say(&province, here, proofs, Vec::new()).await;
    let entry = |epoch: u64| Document {
        version: epoch << 40 | 1,
        ..region(COUNTY, CITY, Level::County)
    };
    let told = vec![entry(0)];
    let proofs = signed(&county, &told);
    city.say(&province, told, proofs, Vec::new()).await;
    assert_eq!(changes(&province).await, []);
    assert_eq!(evidence(&province).await.0, VerifyResult::Fits);

    let told = vec![entry(1)];
    let proofs = signed(&own, &told);
    city.say(&province, told, proofs, Vec::new()).await;
    assert_eq!(set_aside(&province).await, []);
    let listed = changes(&province).await;
    assert_eq!(listed.len(), 1);
    let change = &listed[0];
    assert_eq!(
        (&*change.region, &*change.from, &*change.to),
        (COUNTY, COUNTY, CITY)
    );
    assert_eq!(change.told_by, CITY);
    assert!(change.to_ask_about && !change.told_by_former && change.signed_at.is_some());
    let (result, _, first) = evidence(&province).await;
    assert_eq!(result, VerifyResult::NotChecked);
    assert!(first.contains(COUNTY) && first.contains(CITY), "{first}");
    // Of the files, too, with the frame that it came in.
    let identity = province.dir.path().join("identity");
    let data = province.dir.path().join("data");
    let dir = province.stop().await;
    let parts = verify(&data, Some(&identity));
    let turns = part(&parts, Check::Turns);
    assert_eq!((turns.count, turns.fits), (1, None));
    let text = turns.wrong.as_ref().expect("a fault").to_string();
    assert!(text.contains("frame ") && text.contains(COUNTY), "{text}");
    assert_eq!(part(&parts, Check::Evidence).fits, Some(true), "{parts:?}");
    drop(dir);
}

//! A county and its township that move from the county's node to their city are handed over by its
//! signature, which outlives that node.

use liandong_node::maintenance::Check;
use liandong_wire::admin::v1::{GetStatusRequest, VerifyNodeRequest, VerifyPart, VerifyResult};

use super::{
    CITY, COUNTY, PROVINCE, arrives, evidence, folder, parent, part, sealed, start, verify,
};
use crate::moving::{export, import};
use crate::support::certificates::Realm;
use crate::support::{dropouts, until};

const TREE: &str = "code,name,parent,level,kind\n\
    371524001,铜城街道,371524,township,\n\
    371524-A,铜城街道中心小学,371524001,unit,primary-school\n\
    371524-C,东阿县实验小学,371524,unit,primary-school\n";

#[tokio::test]
async fn a_county_that_moves_to_its_city_is_handed_over() {
    let realm = Realm::new("edu.example");
    let province = start(&realm, folder(), PROVINCE, "", "").await;
    let above = parent(&province, PROVINCE);
    let city = start(&realm, folder(), CITY, "", &above).await;
    let county = start(&realm, folder(), COUNTY, TREE, &parent(&city, CITY)).await;
    county.push("1", vec![dropouts("371524-A", 2)]).await;
    arrives(&province, 2).await;
    sealed(&province).await;

    let file = export(&county, COUNTY, true).await.expect("an export");
    drop(county.stop().await);
    import(&city, &file).await.expect("an import");
    city.push("2", vec![dropouts("371524-C", 5)]).await;
    arrives(&province, 7).await;
    let changes = until("the handover has come", async || {
        let status = province.admin().get_status(GetStatusRequest {}).await;
        let changes = status.expect("a status").into_inner().signer_changes;
        let agreed = changes.iter().filter(|change| change.agreed).count();
        (agreed == 2).then_some(changes)
    });
    for change in changes.await {
        assert_eq!((&*change.from, &*change.to), (COUNTY, CITY), "{change:?}");
        assert!(!change.to_ask_about, "{change:?}");
        assert_eq!(change.told_by, CITY);
    }
    until("the province has the city's seals", async || {
        (evidence(&province).await.0 == VerifyResult::Fits).then_some(())
    })
    .await;
    // Whom the city has taken over is no peer to wait for.
    let request = VerifyNodeRequest {
        parts: vec![VerifyPart::Peers.into()],
    };
    let verified = city.admin().verify_node(request).await;
    let peers = verified.expect("an answer").into_inner().parts;
    let peers: Vec<&str> = peers.iter().map(|part| &*part.peer).collect();
    assert_eq!(peers, [PROVINCE]);
    // The city has changed its word on nothing that it handed on, and so it stays after a restart.
    let identity = province.dir.path().join("identity");
    let data = province.dir.path().join("data");
    let dir = province.stop().await;
    let parts = verify(&data, Some(&identity));
    assert!(
        parts.iter().all(|part| part.fits == Some(true)),
        "{parts:?}"
    );
    assert_eq!(part(&parts, Check::Turns).count, 2);
    assert_eq!(part(&parts, Check::Handovers).count, 2);
    drop(dir);
    let (data, dir) = (city.dir.path().join("data"), city.stop().await);
    let parts = verify(&data, Some(&dir.path().join("identity")));
    assert!(
        parts.iter().all(|part| part.fits != Some(false)),
        "{parts:?}"
    );
}

//! What is handed out piece by piece ends with the right to it, and says why: nothing is read ahead of
//! the question but what fits in between.

use liandong_core::refusal::Reason;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::admin::v1::{
    ExportRegionRequest, HostRegionsRequest, Level, Region, RegionKind,
};
use liandong_wire::progress::v1::Report;
use liandong_wire::refusal::RemoteRefusal;
use liandong_wire::rollup::v1::ProveRollupRequest;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use super::{CITY, COUNTY, begin};
use crate::support::certificates::Realm;
use crate::support::{Running, dropouts};

const PROVINCE: &str = "370000";
/// A city that the county comes to stand below.
const OTHER_CITY: &str = "371600";
/// So many towns that a proof is of many parts, each with schools.
const TOWNS: usize = 60;
const SCHOOLS: usize = 8;
/// So many corrections that an export is of many pieces.
const BATCHES: usize = 8;
const ROWS: usize = 2_000;
/// Of what is not read yet no more than this is on its way.
const WINDOW: u32 = 1_024;

/// A province that hosts two cities and a county of the first.
async fn province(realm: &Realm) -> Running {
    let mut tree = format!(
        "code,name,parent,level,kind\n\
         {CITY},聊城市,{PROVINCE},prefecture,\n\
         {OTHER_CITY},滨州市,{PROVINCE},prefecture,\n\
         {COUNTY},东阿县,{CITY},county,\n"
    );
    for town in 1..=TOWNS {
        tree += &format!("{COUNTY}{town:03},街道{town},{COUNTY},township,\n");
        for school in 0..SCHOOLS {
            let (code, above) = (school_of(town, school), format!("{COUNTY}{town:03}"));
            tree += &format!("{code},小学{town}-{school},{above},unit,primary-school\n");
        }
    }
    begin(realm, &Realm::new("edu.cq.example"), PROVINCE, &tree, "").await
}

fn school_of(town: usize, school: usize) -> String {
    format!("{COUNTY}-T{town:03}{school}")
}

/// The county stands below the other city, and nobody of the first has to do with it any more.
async fn place_elsewhere(province: &Running) {
    let county = Region {
        code: COUNTY.to_owned(),
        name: "东阿县".to_owned(),
        parent: OTHER_CITY.to_owned(),
        level: Level::County.into(),
        kind: RegionKind::Bureau.into(),
    };
    let request = HostRegionsRequest {
        regions: vec![county],
    };
    let hosted = province.admin().host_regions(request).await;
    assert_eq!(hosted.expect("it is placed").into_inner().changed, 1);
}

/// Somebody of the city who reads what comes when it is asked for.
async fn dial(realm: &Realm, province: &Running, role: &str) -> Channel {
    let own = realm.issue(CITY, role);
    let address = province.node.address();
    let channel = realm.dial_narrow(address, Some(&own), WINDOW).await;
    channel.expect("let in")
}

/// Reads what still comes: how much, and why no more.
async fn rest<T>(mut stream: Streaming<T>) -> (usize, Option<Status>) {
    let mut read = 0;
    loop {
        match stream.message().await {
            Ok(Some(_)) => read += 1,
            Ok(None) => return (read, None),
            Err(why) => return (read, Some(why)),
        }
    }
}

fn is_denied(ended: Option<Status>) {
    let ended = ended.expect("it does not come to its end");
    assert_eq!(ended.code(), Code::PermissionDenied, "{ended}");
    let told = RemoteRefusal::from_status(&ended).expect("a reason");
    assert_eq!(told.reason, Some(Reason::NoRight), "{ended}");
    assert!(ended.message().contains(COUNTY), "{ended}");
}

#[tokio::test]
async fn an_export_ends_with_the_right_to_it() {
    let realm = Realm::new("edu.sd.example");
    let province = province(&realm).await;
    for batch in 0..BATCHES {
        let row = |row: usize| Report {
            note: format!("{row}{}", "更正".repeat(95)),
            ..dropouts(&school_of(1, row % SCHOOLS), (batch * ROWS + row) as i64)
        };
        let (id, rows) = (batch.to_string(), (0..ROWS).map(row).collect());
        let outcomes = province.push(&id, rows).await.outcomes;
        assert!(outcomes.iter().all(|outcome| outcome.refusal.is_none()));
    }
    let mut admin = AdminServiceClient::new(dial(&realm, &province, "admin").await);
    let asked = ExportRegionRequest {
        region: COUNTY.to_owned(),
        move_out: false,
    };
    let whole = admin.export_region(asked.clone()).await.expect("an export");
    let (whole, ended) = rest(whole.into_inner()).await;
    assert!(ended.is_none(), "{ended:?}");

    let stream = admin.export_region(asked.clone()).await;
    let mut stream = stream.expect("an export").into_inner();
    stream.message().await.expect("a piece").expect("a piece");
    place_elsewhere(&province).await;
    let (read, ended) = rest(stream).await;
    is_denied(ended);
    assert!(1 + read < whole, "{read} after the first, of {whole}");
    let again = admin.export_region(asked).await;
    is_denied(again.err());
}

#[tokio::test]
async fn a_proof_ends_with_the_right_to_it() {
    let realm = Realm::new("edu.sd.example");
    let province = province(&realm).await;
    let towns = 1..=TOWNS;
    let schools = towns.flat_map(|town| (0..SCHOOLS).map(move |school| school_of(town, school)));
    let rows = schools.map(|school| dropouts(&school, 1)).collect();
    province.push("march", rows).await;
    let mut rollup = RollupServiceClient::new(dial(&realm, &province, "reviewer").await);
    let asked = ProveRollupRequest {
        region: COUNTY.to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        partial: false,
    };
    let whole = rollup.prove_rollup(asked.clone()).await.expect("a proof");
    let (whole, ended) = rest(whole.into_inner()).await;
    assert!(ended.is_none(), "{ended:?}");
    assert_eq!(whole, 1 + TOWNS);

    let stream = rollup.prove_rollup(asked.clone()).await;
    let mut stream = stream.expect("a proof").into_inner();
    stream.message().await.expect("a part").expect("a part");
    place_elsewhere(&province).await;
    let (read, ended) = rest(stream).await;
    is_denied(ended);
    assert!(1 + read < whole, "{read} after the first, of {whole}");
    let again = rollup.prove_rollup(asked).await;
    is_denied(again.err());
}

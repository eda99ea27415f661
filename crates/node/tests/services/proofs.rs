//! Proofs of figures through nodes with certificates: a province, a city, two counties, and schools
//! that a county hosts.

mod flips;

use std::time::Duration;

use liandong_core::proof::SignedStatement;
use liandong_proof::{NotProven, ProofWriter, Proven, Told, read};
use liandong_wire::progress::v1::Report;
use liandong_wire::rollup::ProofQuestion;
use liandong_wire::rollup::v1::ProveRollupRequest;
use liandong_wire::rollup::v1::prove_rollup_response::Part;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use tempfile::TempDir;
use tonic::{Code, Status};

use crate::moving::{export, import};
use crate::support::certificates::Realm;
use crate::support::{Running, Setup, TREE, dropouts, start, until};

const PROVINCE: &str = "370000";
const CITY: &str = "371500";
const COUNTY: &str = "371524";
/// A county without schools in the mesh, which reports its own figure.
const OTHER: &str = "371525";
const TOWN: &str = "371524001";
/// The county with two schools, where the city hosts it.
const HOSTED: &str = "code,name,parent,level,kind\n\
    371524,东阿县,371500,county,bureau\n\
    371524-A,第一小学,371524,unit,primary-school\n\
    371524-B,第二小学,371524,unit,primary-school\n";

/// A province with all that is below it.
pub(crate) struct World {
    pub(crate) realm: Realm,
    pub(crate) province: Running,
    city: Running,
    county: Running,
    other: Option<Running>,
}

async fn begin_in(realm: &Realm, dir: TempDir, region: &str, tree: &str, more: &str) -> Running {
    let own = realm.issue(region, "node");
    realm.settle(&dir.path().join("identity"), &own, &[]);
    let more = format!("{more}\n[identity]\nfolder = 'identity'\n");
    let node = Setup::new(region, tree, &more).start_node(dir.path());
    let node = node.await.expect("the node starts");
    let admin = realm.issue(region, "admin");
    let channel = realm.dial(node.address(), Some(&admin)).await;
    Running {
        dir,
        node,
        channel: channel.expect("the node listens"),
    }
}

async fn begin(realm: &Realm, region: &str, tree: &str, more: &str) -> Running {
    let dir = tempfile::tempdir().expect("a directory");
    begin_in(realm, dir, region, tree, more).await
}

/// The part of a configuration that names the node above.
fn below(region: &str, above: &Running) -> String {
    let address = above.node.address();
    format!("[parent]\nregion = '{region}'\naddress = 'https://{address}'\n")
}

impl World {
    pub(crate) async fn new() -> Self {
        let realm = Realm::new("edu.sd.example");
        let province = begin(&realm, PROVINCE, "", "").await;
        let city = begin(&realm, CITY, "", &below(PROVINCE, &province)).await;
        let county = begin(&realm, COUNTY, TREE, &below(CITY, &city)).await;
        let other = begin(&realm, OTHER, "", &below(CITY, &city)).await;
        Self {
            realm,
            province,
            city,
            county,
            other: Some(other),
        }
    }

    /// With figures of three schools and of the other county.
    pub(crate) async fn reported() -> Self {
        let world = Self::new().await;
        let schools = [("371524-A", 3), ("371524-B", 4), ("371524-C", 5)];
        let rows = schools.map(|(school, figure)| dropouts(school, figure));
        world.county.push("march", rows.to_vec()).await;
        let rows = vec![dropouts(OTHER, 100)];
        world.other().push("march", rows).await;
        world.arrived(112).await;
        world
    }

    fn other(&self) -> &Running {
        self.other.as_ref().expect("it runs")
    }

    async fn arrived(&self, sum: i64) {
        until("the province has it", async || {
            (self.province.sum(PROVINCE).await.0 == sum).then_some(())
        })
        .await;
    }
}

/// A correction of a school's figure.
fn corrected(school: &str, figure: i64) -> Report {
    Report {
        note: "更正".to_owned(),
        ..dropouts(school, figure)
    }
}

/// The file of a proof, as the command line would write it.
pub(crate) async fn file(
    mut client: RollupServiceClient<tonic::transport::Channel>,
    region: &str,
    partial: bool,
) -> Result<Vec<u8>, Status> {
    let request = ProveRollupRequest {
        region: region.to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        partial,
    };
    let asked = ProofQuestion::try_from(request.clone()).expect("a question");
    let mut parts = client.prove_rollup(request).await?.into_inner();
    let writer = ProofWriter::begin(Vec::new(), &asked.figure);
    let mut writer = writer.expect("written");
    while let Some(part) = parts.message().await? {
        match part.part.expect("a part") {
            Part::Statement(said) => {
                let said = SignedStatement::try_from(said).expect("a statement");
                writer.statement(&said).expect("written");
            }
            Part::Missing(region) => {
                let region = region.parse().expect("a region");
                writer.missing(region).expect("written");
            }
        }
    }
    Ok(writer.end().expect("written").0)
}

type Line = (u32, String, i64, usize, String);

/// What a proof tells whoever trusts that domain: level, region, figure, reports and signer.
fn told(file: &[u8], realm: &Realm, host: Option<&str>) -> Result<(Proven, Vec<Line>), NotProven> {
    let mut lines = Vec::new();
    let host = host.map(|host| host.parse().expect("a region"));
    let proven = read(file, &realm.trust(), host, &mut |part| {
        if let Told::Statement {
            row, certificate, ..
        } = part
        {
            let signer = certificate.identity().expect("an identity").to_string();
            let region = row.region.to_string();
            let line = (row.level, region, row.sums.numerator, row.reports, signer);
            lines.push(line);
        }
    });
    proven.map(|proven| (proven, lines))
}

fn line(level: u32, region: &str, figure: i64, reports: usize, signer: &str) -> Line {
    let signer = format!("spiffe://edu.sd.example/region/{signer}/node");
    (level, region.to_owned(), figure, reports, signer)
}

#[tokio::test]
async fn a_figure_of_the_province_is_proven_down_to_the_reports() {
    let world = World::reported().await;
    let whole = file(world.province.rollup(), PROVINCE, false).await;
    let whole = whole.expect("a proof");
    let (proven, lines) = told(&whole, &world.realm, None).expect("it fits");
    assert_eq!((proven.statements, proven.missing.len()), (5, 0));
    let expected = [
        line(0, PROVINCE, 112, 0, PROVINCE),
        line(1, CITY, 112, 0, CITY),
        line(2, COUNTY, 12, 1, COUNTY),
        line(2, OTHER, 100, 1, OTHER),
        line(3, TOWN, 7, 2, COUNTY),
    ];
    assert_eq!(lines, expected);
    // Nobody is named in it, and nothing that anybody wrote by hand.
    let text = String::from_utf8(whole.clone()).expect("a text");
    assert!(!text.contains("march") && !text.contains("教育"), "{text}");

    // A stranger's roots, and a file of one level only.
    let stranger = Realm::new("edu.sd.example");
    let why = told(&whole, &stranger, None).expect_err("other roots");
    assert!(matches!(why, NotProven::Signature { line: 4, .. }), "{why}");
    let stranger = Realm::new("other.example");
    let why = told(&whole, &stranger, None).expect_err("other roots");
    assert!(why.to_string().contains("line 4"), "{why}");

    // A region that is hosted is spoken for by its host, which whoever checks has to know.
    for asked in [&world.province, &world.county] {
        let town = file(asked.rollup(), TOWN, false).await;
        let town = town.expect("a proof");
        let why = told(&town, &world.realm, None).expect_err("hosted");
        assert!(why.to_string().contains("--hosted-by 371524"), "{why}");
        let (_, lines) = told(&town, &world.realm, Some(COUNTY)).expect("it fits");
        assert_eq!(lines, [line(0, TOWN, 7, 2, COUNTY)]);
    }
    // A single school.
    let school = file(world.county.rollup(), "371524-A", false).await;
    let (_, lines) = told(&school.expect("a proof"), &world.realm, Some(COUNTY)).expect("it fits");
    assert_eq!(lines, [line(0, "371524-A", 3, 1, COUNTY)]);
    // The city asks its county, which is below it and of another node.
    let county = file(world.city.rollup(), COUNTY, false).await;
    let (proven, _) = told(&county.expect("a proof"), &world.realm, None).expect("it fits");
    assert_eq!(proven.statements, 2);
}

#[tokio::test]
async fn a_correction_is_proven_with_its_revision_and_nobody_else_may_ask() {
    let world = World::reported().await;
    world
        .county
        .push("later", vec![corrected("371524-A", 30)])
        .await;
    world.arrived(139).await;
    let proof = file(world.province.rollup(), PROVINCE, false).await;
    let proof = proof.expect("a proof");
    told(&proof, &world.realm, None).expect("it fits");
    let text = String::from_utf8(proof).expect("a text");
    assert!(text.contains("\"numerator\":30,\"denominator\":0,\"revision\":2"));
    assert!(!text.contains("更正"));

    let address = world.province.node.address();
    for (region, role, code) in [
        (PROVINCE, "viewer", Code::PermissionDenied),
        (CITY, "admin", Code::PermissionDenied),
        ("500000", "admin", Code::PermissionDenied),
        (PROVINCE, "reporter", Code::Ok),
    ] {
        let own = world.realm.issue(region, role);
        let channel = world.realm.dial(address, Some(&own)).await;
        let client = RollupServiceClient::new(channel.expect("a line"));
        let answer = file(client, PROVINCE, false).await;
        let found = answer.as_ref().err().map_or(Code::Ok, Status::code);
        assert_eq!(found, code, "{region} {role}: {answer:?}");
    }
    // What is computed from others and what nobody reported cannot be proven.
    let nothing = file(world.county.rollup(), OTHER, false).await;
    assert_eq!(nothing.expect_err("foreign").code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_node_in_plain_text_proves_nothing() {
    let plain = start(COUNTY, TREE, "").await;
    plain.push("march", vec![dropouts("371524-A", 3)]).await;
    let refused = file(plain.rollup(), COUNTY, false).await;
    let refused = refused.expect_err("no certificate");
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
}

#[tokio::test]
async fn a_county_that_is_offline_is_named_and_half_a_proof_says_so() {
    let mut world = World::reported().await;
    let other = world.other.take().expect("it runs");
    let dir = other.stop().await;
    until("the city noticed", async || {
        let links = world.city.links().await;
        let link = links.iter().find(|link| link.peer == OTHER);
        link.is_some_and(|link| !link.connected).then_some(())
    })
    .await;
    let refused = file(world.province.rollup(), PROVINCE, false).await;
    let refused = refused.expect_err("it is offline");
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains(OTHER), "{refused}");
    assert!(!refused.message().contains(COUNTY), "{refused}");
    let half = file(world.province.rollup(), PROVINCE, true).await;
    let half = half.expect("what there is");
    let (proven, lines) = told(&half, &world.realm, None).expect("it fits as far as it goes");
    assert_eq!(proven.missing, [OTHER.parse().expect("a region")]);
    assert_eq!(lines.len(), 4);
    // Without the line that says so, it is none at all.
    let text = String::from_utf8(half).expect("a text");
    let lines = text.lines().filter(|line| !line.contains("missing"));
    let cut: String = lines.map(|line| format!("{line}\n")).collect();
    told(cut.as_bytes(), &world.realm, None).expect_err("it is cut");
    // There again, at another address.
    let more = below(CITY, &world.city);
    world.other = Some(begin_in(&world.realm, dir, OTHER, "", &more).await);
    let whole = until("it is there again", async || {
        file(world.province.rollup(), PROVINCE, false).await.ok()
    })
    .await;
    let (proven, _) = told(&whole, &world.realm, None).expect("it fits");
    assert_eq!(proven.statements, 5);
}

#[tokio::test]
async fn the_first_county_that_is_offline_ends_a_whole_proof() {
    let World {
        realm: _realm,
        province,
        city,
        county,
        other,
    } = World::reported().await;
    county.stop().await;
    other.expect("it runs").stop().await;
    until("the city noticed", async || {
        let links = city.links().await;
        let mut below = links.iter().filter(|link| link.peer != PROVINCE);
        below.all(|link| !link.connected).then_some(())
    })
    .await;
    let refused = file(province.rollup(), PROVINCE, false).await;
    let refused = refused.expect_err("they are offline");
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    let named = [COUNTY, OTHER].map(|county| refused.message().contains(county));
    assert_ne!(named[0], named[1], "{refused}");
    let half = file(province.rollup(), PROVINCE, true).await;
    let text = String::from_utf8(half.expect("what there is")).expect("a text");
    assert_eq!(text.matches("{\"missing\":{").count(), 2, "{text}");
}

#[tokio::test]
async fn figures_that_move_are_asked_for_again_until_they_fit() {
    let world = World::reported().await;
    let moving = async {
        for figure in 0..60 {
            let id = format!("m-{figure}");
            let school = corrected("371524-B", figure % 7 + 1);
            world.county.push(&id, vec![school]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let proving = async {
        let mut proven = 0;
        for _ in 0..6 {
            match file(world.province.rollup(), PROVINCE, false).await {
                Ok(proof) => {
                    told(&proof, &world.realm, None).expect("what is given out fits");
                    proven += 1;
                }
                // It may say that a region moves, and nothing else.
                Err(status) => assert_eq!(status.code(), Code::FailedPrecondition, "{status}"),
            }
        }
        proven
    };
    let ((), proven) = tokio::join!(moving, proving);
    assert!(proven > 0, "never once did the figures stand still");
}

#[tokio::test]
async fn a_proof_holds_when_the_region_has_moved_to_a_node_of_its_own_and_back() {
    let realm = Realm::new("edu.sd.example");
    let city = begin(&realm, CITY, HOSTED, "").await;
    let rows = [("371524-A", 3), ("371524-B", 4)];
    let rows = rows.map(|(school, figure)| dropouts(school, figure));
    city.push("march", rows.to_vec()).await;
    let lines = |county: &str| [line(0, CITY, 7, 0, CITY), line(1, COUNTY, 7, 2, county)];
    let before = file(city.rollup(), CITY, false).await.expect("a proof");
    let (_, told_before) = told(&before, &realm, None).expect("it fits");
    assert_eq!(told_before, lines(CITY));

    let county = begin(&realm, COUNTY, "", &below(CITY, &city)).await;
    let history = export(&city, COUNTY, true).await.expect("an export");
    import(&county, &history).await.expect("an import");
    // The county's node proves what the city's has taken.
    let own = until("the county answers", async || {
        file(city.rollup(), CITY, false).await.ok()
    });
    let (_, told_by_county) = told(&own.await, &realm, None).expect("it fits");
    assert_eq!(told_by_county, lines(COUNTY));

    // And the city's node again, what the county's had.
    let later = vec![corrected("371524-A", 3), corrected("371524-B", 5)];
    county.push("april", later).await;
    let history = export(&county, COUNTY, true).await.expect("an export");
    drop(county.stop().await);
    import(&city, &history).await.expect("an import");
    let back = file(city.rollup(), CITY, false).await.expect("a proof");
    let (_, told_after) = told(&back, &realm, None).expect("it fits");
    let expected = [line(0, CITY, 8, 0, CITY), line(1, COUNTY, 8, 2, CITY)];
    assert_eq!(told_after, expected);
    // What was proven before stays so.
    told(&before, &realm, None).expect("it fits as it did");
}

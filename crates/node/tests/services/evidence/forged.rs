//! A city that alters what a county said is found out at the province.

use std::sync::Arc;

use jiff::Timestamp;
use liandong_core::document::{Body, CellDocument, Document};
use liandong_core::evidence::{Batch, Proof, Signer, Tree, document_leaf};
use liandong_core::plan::Comment;
use liandong_core::region::{Level, Region, RegionCode, RegionKind};
use liandong_core::rollup::Sums;
use liandong_core::seal::{SEAL_ID, Seal};
use liandong_core::state::ChangeSet;
use liandong_core::step::{Action, Step};
use liandong_identity::{Attestation, Own, Purpose};
use liandong_wire::admin::v1::{GetStatusRequest, VerifyResult};
use liandong_wire::link::StreamWriter;
use liandong_wire::link::v1::frame::Frame as Said;

use super::{CITY, COUNTY, PROVINCE, evidence, folder, start};
use crate::peers::{Line, dial, hello};
use crate::support::certificates::Realm;
use crate::support::{Running, until};

pub(super) fn code(text: &str) -> RegionCode {
    text.parse().expect("a region's code")
}

pub(super) fn region(name: &str, parent: &str, level: Level) -> Document {
    Document {
        owner: code(name),
        id: name.to_owned(),
        version: 1,
        body: Body::Region(Region {
            code: code(name),
            name: name.to_owned(),
            parent: Some(code(parent)),
            level,
            kind: RegionKind::Bureau,
        }),
    }
}

fn comment(version: u64, text: &str) -> Document {
    Document {
        owner: code(COUNTY),
        id: "c-1".to_owned(),
        version,
        body: Body::Comment(Comment {
            issuer: code(PROVINCE),
            plan: "plan-1".to_owned(),
            item: String::new(),
            text: text.to_owned(),
            made: Step {
                action: Action::Comment,
                by: "教育股".to_owned(),
                at: Timestamp::from_second(1_741_910_400).expect("a moment"),
                why: String::new(),
            },
        }),
    }
}

/// As the node that has this certificate signs them.
pub(super) fn signed(own: &Own, documents: &[Document]) -> Vec<Option<Proof>> {
    let leaves: Vec<_> = documents.iter().filter_map(document_leaf).collect();
    let tree = Tree::over(leaves.clone()).expect("leaves");
    let now = Timestamp::now();
    let given = Attestation::give(&own.key, Purpose::Documents, &tree.root(), now);
    let given = given.expect("a signature");
    let identity = own.chain.leaf.identity().expect("an identity");
    let batch = Arc::new(Batch {
        signer: Arc::new(Signer {
            region: identity.region,
            certificates: own.chain.ders().iter().map(|der| der.to_vec()).collect(),
        }),
        at_micros: given.at.as_microsecond(),
        signature: given.signature.0,
        size: u32::try_from(documents.len()).expect("a few"),
        leaves: if leaves.len() > 1 { leaves } else { Vec::new() },
    });
    let proof = |place| {
        Some(Proof {
            batch: Arc::clone(&batch),
            place,
            path: Vec::new(),
        })
    };
    (0u32..).take(documents.len()).map(proof).collect()
}

/// A city that says whatever the test wants.
pub(super) struct City {
    line: Line,
    writer: StreamWriter,
    said: u64,
}

impl City {
    pub(super) async fn dial(realm: &Realm, province: &Running, own: &Own) -> Self {
        let channel = realm.dial(province.node.address(), Some(own)).await;
        let channel = channel.expect("let in");
        let line = dial(&channel, Some(hello(CITY))).await;
        let mut line = line.expect("admitted");
        line.hear_hello().await;
        let writer = StreamWriter::new();
        let said = 0;
        Self { line, writer, said }
    }

    /// Says it, and waits until the province has taken it.
    pub(super) async fn say(
        &mut self,
        province: &Running,
        documents: Vec<Document>,
        proofs: Vec<Option<Proof>>,
        cells: Vec<CellDocument>,
    ) {
        let set = ChangeSet {
            documents: documents.into_iter().map(Arc::new).collect(),
            proofs,
            cells,
            upto: self.said + 1,
        };
        let changes = self.writer.changes(self.said, &set, "");
        self.said += 1;
        self.line.say(Said::Changes(changes)).await;
        until("the province has taken it", async || {
            let links = province.links().await;
            (links[0].received_upto == self.said).then_some(())
        })
        .await;
    }
}

/// What the province has set aside, by reason and subject.
pub(super) async fn set_aside(province: &Running) -> Vec<(String, String)> {
    let status = province.admin().get_status(GetStatusRequest {}).await;
    let listed = status.expect("a status").into_inner().quarantined;
    let told = listed.into_iter().map(|one| (one.reason, one.what));
    told.collect()
}

async fn refused(province: &Running, reason: &str) {
    let listed = set_aside(province).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0].0, reason, "{listed:?}");
    assert!(listed[0].1.contains(COUNTY), "{listed:?}");
}

#[tokio::test]
async fn a_city_cannot_alter_what_a_county_said() {
    let realm = Realm::new("edu.example");
    let province = start(&realm, folder(), PROVINCE, "", "").await;
    let (own, county) = (realm.issue(CITY, "node"), realm.issue(COUNTY, "node"));
    let mut city = City::dial(&realm, &province, &own).await;

    let here = vec![region(CITY, PROVINCE, Level::Prefecture)];
    let proofs = signed(&own, &here);
    city.say(&province, here, proofs, Vec::new()).await;
    let told = vec![region(COUNTY, CITY, Level::County), comment(1, "同意")];
    let proofs = signed(&county, &told);
    let of_the_comment = proofs[1].clone();
    city.say(&province, told, proofs, Vec::new()).await;
    assert_eq!(set_aside(&province).await, []);
    assert_eq!(evidence(&province).await.0, VerifyResult::Fits);

    // Another text under the county's own signature, under none, and under the city's.
    let altered = vec![comment(2, "不同意")];
    city.say(&province, altered.clone(), vec![of_the_comment], Vec::new())
        .await;
    refused(&province, "BAD_SIGNATURE").await;
    city.say(&province, altered.clone(), Vec::new(), Vec::new())
        .await;
    refused(&province, "NOT_SIGNED").await;
    let by_the_city = signed(&own, &altered);
    city.say(&province, altered, by_the_city, Vec::new()).await;
    refused(&province, "BAD_SIGNATURE").await;
    // Two of one version at a time, one under each signature: none passes by the other's.
    let twins = vec![comment(2, "不同意"), comment(2, "原则同意")];
    let proofs = [
        signed(&own, &twins[..1]).remove(0),
        signed(&county, &twins[1..]).remove(0),
    ];
    city.say(&province, twins, proofs.to_vec(), Vec::new())
        .await;
    refused(&province, "BAD_SIGNATURE").await;
    // What the county itself says releases it, and the rest was never held up.
    let good = vec![comment(2, "同意，建议写明口径")];
    let proofs = signed(&county, &good);
    city.say(&province, good, proofs, Vec::new()).await;
    assert_eq!(set_aside(&province).await, []);
    assert_eq!(evidence(&province).await.0, VerifyResult::Fits);
}

#[tokio::test]
async fn a_city_cannot_alter_the_figures_of_a_county() {
    let realm = Realm::new("edu.example");
    let province = start(&realm, folder(), PROVINCE, "", "").await;
    let (own, county) = (realm.issue(CITY, "node"), realm.issue(COUNTY, "node"));
    let mut city = City::dial(&realm, &province, &own).await;
    let here = vec![region(CITY, PROVINCE, Level::Prefecture)];
    let proofs = signed(&own, &here);
    city.say(&province, here, proofs, Vec::new()).await;

    let cells: Vec<CellDocument> = (1u8..=12).map(figure).collect();
    let seal = Seal::of(cells.clone()).expect("figures");
    let seal = |version| Document {
        owner: code(COUNTY),
        id: SEAL_ID.to_owned(),
        version,
        body: Body::Seal(seal),
    };
    let told = vec![region(COUNTY, CITY, Level::County), seal(1)];
    let proofs = signed(&county, &told);
    city.say(&province, told, proofs, cells.clone()).await;
    assert_eq!(set_aside(&province).await, []);
    let (result, _, first) = evidence(&province).await;
    assert_eq!((result, first.as_str()), (VerifyResult::Fits, ""));

    // A figure that is newer than the seal waits for the next, and does not pass for it.
    let mut altered = cells[3];
    altered.sums.numerator += 1;
    altered.version = 100;
    city.say(&province, Vec::new(), Vec::new(), vec![altered])
        .await;
    let (result, _, first) = evidence(&province).await;
    assert_eq!(result, VerifyResult::Fits);
    assert!(first.contains("newer"), "{first}");
    let mut sealed = cells.clone();
    sealed[3].version = 100;
    let next = Document {
        body: Body::Seal(Seal::of(sealed).expect("figures")),
        ..seal(2)
    };
    let told = vec![next];
    let proofs = signed(&county, &told);
    city.say(&province, told, proofs, Vec::new()).await;
    let (result, _, first) = evidence(&province).await;
    assert_eq!(result, VerifyResult::Differs);
    assert!(first.contains(COUNTY), "{first}");
}

fn figure(month: u8) -> CellDocument {
    CellDocument {
        region: code(COUNTY),
        indicator: "compulsory-dropouts".parse().expect("an indicator"),
        period: format!("2025-{month:02}").parse().expect("a month"),
        sums: Sums {
            numerator: i64::from(month),
            reported: 1,
            on_time: 1,
            ..Sums::default()
        },
        version: u64::from(month),
    }
}

//! The table of rights through a running node: who is answered what, by certificates that are shown
//! on real connections.

mod across;
mod audit;
mod every_method;
mod matrix;
pub(crate) mod pages;
mod published;
mod rows;
mod streaming;
mod watching;

use std::collections::BTreeMap;

use liandong_core::identity::Role;
use liandong_wire::collaboration::v1::{
    ConsentProjectRequest, ListPairingsRequest, ListProjectsRequest, PairingKind,
    ProposePairingRequest, ProposeProjectRequest, SignPairingRequest,
};
use tonic::transport::Channel;

use crate::support::certificates::Realm;
use crate::support::{Running, Setup, TREE, author, until};

/// The county whose node is asked; Standing "own".
const COUNTY: &str = "371524";
/// One of its schools, which it hosts.
const SCHOOL: &str = "371524-A";
/// The city above the county.
const CITY: &str = "371500";
/// A town below the county.
const TOWN: &str = "371524001";
/// A town below the county with a node of its own.
const CHILD: &str = "371524009";
/// A county of another province, paired with the county, at its own node and in its own trust domain.
const PARTNER: &str = "500243";
/// The municipality above the partner.
const PARTNERS_SUPERIOR: &str = "500000";
/// The county's neighbour.
const NEIGHBOUR: &str = "371525";

/// Which regions each domain may speak for at the other's node: too many, so that what has to refuse
/// is the table of rights.
const REGIONS: [&str; 2] = ["37*", "50*"];

/// Two nodes of two trust domains that are paired, and whoever calls the first one.
struct World {
    shandong: Realm,
    chongqing: Realm,
    county: Running,
    // Keeps it running.
    _partner: Running,
    channels: BTreeMap<(&'static str, &'static str), Channel>,
}

async fn begin(realm: &Realm, other: &Realm, region: &str, tree: &str, more: &str) -> Running {
    let dir = tempfile::tempdir().expect("a directory");
    let own = realm.issue(region, "node");
    realm.settle(&dir.path().join("identity"), &own, &[(other, &REGIONS)]);
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

impl World {
    async fn new() -> Self {
        let (shandong, chongqing) = (Realm::new("edu.sd.example"), Realm::new("edu.cq.example"));
        let lists = format!("children = ['{CHILD}']\n[[partner]]\nregion = '{PARTNER}'\n");
        let county = begin(&shandong, &chongqing, COUNTY, TREE, &lists).await;
        let address = county.node.address();
        let dials = format!("[[partner]]\nregion = '{COUNTY}'\naddress = 'https://{address}'\n");
        let partner = begin(&chongqing, &shandong, PARTNER, "", &dials).await;
        pair(&county, &partner).await;
        Self {
            shandong,
            chongqing,
            county,
            _partner: partner,
            channels: BTreeMap::new(),
        }
    }

    /// A connection on which that role of that region calls the county's node.
    async fn channel(&mut self, region: &'static str, role: &'static str) -> Channel {
        if let Some(channel) = self.channels.get(&(region, role)) {
            return channel.clone();
        }
        let realm = match region {
            PARTNER | PARTNERS_SUPERIOR => &self.chongqing,
            _ => &self.shandong,
        };
        let own = realm.issue(region, role);
        let address = self.county.node.address();
        // Whoever calls trusts the node it calls, and shows a certificate of its own domain.
        let dialled = self.shandong.dial(address, Some(&own)).await;
        let channel = dialled.expect("the node lets everybody in whom it trusts");
        self.channels.insert((region, role), channel.clone());
        channel
    }
}

/// Pairs the two, and has them agree on a project that the county proposes.
async fn pair(county: &Running, partner: &Running) {
    let proposal = ProposePairingRequest {
        region: COUNTY.to_owned(),
        partner: PARTNER.to_owned(),
        kind: PairingKind::AcrossProvinces.into(),
        terms: "渝鲁协作".to_owned(),
        from: "2023-01-01".to_owned(),
        until: String::new(),
        author: author(),
    };
    let proposed = county.aid().propose_pairing(proposal).await;
    proposed.expect("a proposal");
    let signature = SignPairingRequest {
        region: PARTNER.to_owned(),
        partner: COUNTY.to_owned(),
        author: author(),
    };
    until("the proposal arrives", async || {
        partner.aid().sign_pairing(signature.clone()).await.ok()
    })
    .await;
    until("the signature arrives", async || {
        let mut aid = county.aid();
        let listed = aid.list_pairings(ListPairingsRequest::default());
        let pairings = listed.await.expect("a list").into_inner().pairings;
        pairings
            .iter()
            .any(|pairing| pairing.in_force)
            .then_some(())
    })
    .await;
    let project = ProposeProjectRequest {
        region: COUNTY.to_owned(),
        id: "p-1".to_owned(),
        partner: PARTNER.to_owned(),
        donor: COUNTY.to_owned(),
        name: "智慧教室".to_owned(),
        content: String::new(),
        fund_fen: 100_000,
        milestones: Vec::new(),
        author: author(),
    };
    let proposed = county.aid().propose_project(project).await;
    proposed.expect("a project");
    let consent = ConsentProjectRequest {
        region: PARTNER.to_owned(),
        proposer: COUNTY.to_owned(),
        project: "p-1".to_owned(),
        author: author(),
    };
    until("the project arrives", async || {
        partner.aid().consent_project(consent.clone()).await.ok()
    })
    .await;
    until("the consent arrives", async || {
        let mut aid = county.aid();
        let listed = aid.list_projects(ListProjectsRequest::default());
        let projects = listed.await.expect("a list").into_inner().projects;
        let state = projects.first().and_then(|project| project.state.as_ref());
        state.is_some_and(|state| state.agreed).then_some(())
    })
    .await;
}

/// The words of the roles, as certificates carry them.
fn word(role: Role) -> &'static str {
    role.word()
}

//! Nodes and callers with certificates: who gets in, who does not, and what changes while a node
//! runs.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use liandong_identity::Own;
use liandong_node::NodeError;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::admin::v1::{CertificateStatus, GetStatusRequest};
use liandong_wire::progress::v1::UploadReportsRequest;
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::rollup::v1::WatchRollupRequest;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use tempfile::TempDir;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::transport::Channel;

use crate::support::certificates::Realm;
use crate::support::{Running, Setup, TREE, dropouts, until};

const CITY: &str = "371500";
const COUNTY: &str = "371524";

/// Starts a node that shows a certificate of its own, in `dir`; `more` comes before the identity.
async fn start(realm: &Realm, dir: TempDir, region: &str, tree: &str, more: &str) -> Running {
    let own = realm.issue(region, "node");
    let folder = dir.path().join("identity");
    realm.settle(&folder, &own, &[]);
    started(realm, dir, region, tree, more).await
}

async fn started(realm: &Realm, dir: TempDir, region: &str, tree: &str, more: &str) -> Running {
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

fn folder() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn parent(city: &Running) -> String {
    let address = city.node.address();
    format!("[parent]\nregion = '{CITY}'\naddress = 'https://{address}'\n")
}

/// How asking for the node's status ends.
async fn asks(channel: Channel) -> Code {
    let mut admin = AdminServiceClient::new(channel);
    let answer = admin.get_status(GetStatusRequest {});
    answer.await.err().map_or(Code::Ok, |status| status.code())
}

async fn gets_in(realm: &Realm, node: &Running, own: Option<&Own>) -> Option<Code> {
    let channel = realm.dial(node.node.address(), own).await.ok()?;
    Some(asks(channel).await)
}

#[tokio::test]
async fn figures_go_up_between_nodes_that_show_who_they_are() {
    let realm = Realm::new("edu.example");
    let city = start(&realm, folder(), CITY, "", "").await;
    let county = start(&realm, folder(), COUNTY, TREE, &parent(&city)).await;
    county.push("1", vec![dropouts("371524-A", 2)]).await;
    until("the city has it", async || {
        (city.sum(CITY).await.0 == 2).then_some(())
    })
    .await;
    county.verify().await;
    city.verify().await;
}

#[tokio::test]
async fn whoever_cannot_show_who_he_is_stays_outside() {
    let (realm, foreign) = (Realm::new("edu.example"), Realm::new("other.example"));
    let impostor = Realm::new("edu.example");
    let city = start(&realm, folder(), CITY, "", "").await;
    let good = realm.issue(CITY, "admin");
    assert_eq!(gets_in(&realm, &city, Some(&good)).await, Some(Code::Ok));

    // Without a certificate there is a connection, for whoever comes to ask for one, and no answer.
    let nobody = gets_in(&realm, &city, None).await;
    assert_eq!(nobody, Some(Code::Unauthenticated));
    let expired = realm.issue_for(CITY, "admin", -SignedDuration::from_secs(60));
    let strangers = [
        foreign.issue(CITY, "admin"),
        impostor.issue(CITY, "admin"),
        expired,
    ];
    for stranger in &strangers {
        let code = gets_in(&realm, &city, Some(stranger)).await;
        assert!(
            matches!(
                code,
                None | Some(Code::Unavailable | Code::Unknown | Code::Internal)
            ),
            "{code:?}"
        );
    }
    // And in plain text there is nobody at all.
    let address = format!("http://{}", city.node.address());
    let plain = Channel::from_shared(address).expect("an address");
    let code = match plain.connect().await {
        Ok(channel) => asks(channel).await,
        Err(_) => Code::Unavailable,
    };
    assert_ne!(code, Code::Ok);
    assert_eq!(gets_in(&realm, &city, Some(&good)).await, Some(Code::Ok));
}

#[tokio::test]
async fn a_peer_is_the_region_of_its_certificate() {
    let realm = Realm::new("edu.example");
    let city = start(&realm, folder(), CITY, "", "").await;

    // A county whose parent is not the one that it means.
    let wrong = parent(&city).replace(CITY, "371400");
    let lost = start(&realm, folder(), "371402", "", &wrong).await;
    let why = until("the county says why", async || {
        let links = lost.links().await;
        let why = links.first().map(|link| link.trouble.clone());
        why.filter(|why| !why.is_empty())
    })
    .await;
    assert!(why.contains(CITY) && why.contains("371400"), "{why}");

    // A county under the name of another one.
    let dir = folder();
    let own = realm.issue(COUNTY, "node");
    realm.settle(&dir.path().join("identity"), &own, &[]);
    let more = format!("{}\n[identity]\nfolder = 'identity'\n", parent(&city));
    let posing = Setup::new("371525", "", &more).start_node(dir.path()).await;
    let refused = posing.expect_err("the certificate is another region's");
    assert!(matches!(refused, NodeError::Identity(_)), "{refused}");
    let text = refused.to_string();
    assert!(text.contains(COUNTY) && text.contains("371525"), "{text}");
}

#[tokio::test]
async fn whoever_is_revoked_loses_his_connection_and_does_not_come_back() {
    let realm = Realm::new("edu.example");
    let city = start(&realm, folder(), CITY, "", "").await;
    let (gone, stays) = (realm.issue(CITY, "admin"), realm.issue(CITY, "admin"));
    let address = city.node.address();
    let going = realm.dial(address, Some(&gone)).await.expect("let in");
    let staying = realm.dial(address, Some(&stays)).await.expect("let in");
    assert_eq!(asks(going.clone()).await, Code::Ok);
    let identity = city.dir.path().join("identity");
    realm.revoke(&identity, &[gone.chain.leaf.serial()], 1);
    until("the connection is cut", async || {
        (asks(going.clone()).await != Code::Ok).then_some(())
    })
    .await;
    assert_ne!(gets_in(&realm, &city, Some(&gone)).await, Some(Code::Ok));
    assert_eq!(asks(staying).await, Code::Ok);
}

#[tokio::test]
async fn whatever_is_open_says_why_it_ends_when_its_caller_is_revoked() {
    let realm = Realm::new("edu.example");
    let city = start(&realm, folder(), CITY, "", "").await;
    let gone = realm.issue(CITY, "admin");
    let channel = realm.dial(city.node.address(), Some(&gone)).await;
    let channel = channel.expect("let in");
    let asked = WatchRollupRequest {
        regions: vec![CITY.to_owned()],
        ..WatchRollupRequest::default()
    };
    let watching = RollupServiceClient::new(channel.clone())
        .watch_rollup(asked)
        .await;
    let mut watching = watching.expect("a watch").into_inner();
    let first = watching.message().await.expect("a step").expect("a step");
    assert!(first.caught_up);
    // An upload whose caller has sent nothing yet is open as well.
    let (batches, upload) = tokio::sync::mpsc::channel::<UploadReportsRequest>(1);
    let mut reports = ProgressServiceClient::new(channel);
    let uploading =
        tokio::spawn(async move { reports.upload_reports(ReceiverStream::new(upload)).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let identity = city.dir.path().join("identity");
    realm.revoke(&identity, &[gone.chain.leaf.serial()], 1);
    let ended = watching.message().await.expect_err("the watch ends");
    let refused = uploading.await.expect("no panic").expect_err("so does it");
    for why in [ended, refused] {
        assert_eq!(why.code(), Code::Unauthenticated, "{why}");
        assert!(why.message().contains("was revoked"), "{why}");
    }
    drop(batches);
}

#[tokio::test]
async fn whoever_dialled_ends_the_link_when_the_other_side_is_revoked() {
    let realm = Realm::new("edu.example");
    let (dir, own) = (folder(), realm.issue(CITY, "node"));
    realm.settle(&dir.path().join("identity"), &own, &[]);
    let city = started(&realm, dir, CITY, "", "").await;
    let county = start(&realm, folder(), COUNTY, TREE, &parent(&city)).await;
    until("the link is up", async || {
        county
            .links()
            .await
            .iter()
            .any(|link| link.connected)
            .then_some(())
    })
    .await;
    // Only the county has heard of it.
    let identity = county.dir.path().join("identity");
    realm.revoke(&identity, &[own.chain.leaf.serial()], 1);
    let trouble = until("the link is down", async || {
        let links = county.links().await;
        let down = links.into_iter().find(|link| !link.connected)?;
        Some(down.trouble)
    })
    .await;
    assert!(trouble.contains("revoked"), "{trouble}");
}

#[tokio::test]
async fn a_certificate_is_renewed_without_a_restart_and_a_bad_one_changes_nothing() {
    let realm = Realm::new("edu.example");
    let city = start(&realm, folder(), CITY, "", "").await;
    let county = start(&realm, folder(), COUNTY, TREE, &parent(&city)).await;
    let identity = city.dir.path().join("identity");
    let certificate = || std::fs::read_to_string(identity.join("certificate.pem"));
    let before = certificate().expect("readable");
    // What cannot be used leaves what was in use.
    write(&identity, "nonsense");
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let admin = realm.issue(CITY, "admin");
    assert_eq!(gets_in(&realm, &city, Some(&admin)).await, Some(Code::Ok));
    write(&identity, &before);

    let renewed = realm.issue(CITY, "node");
    let serial = renewed.chain.leaf.serial().clone();
    realm.settle(&identity, &renewed, &[]);
    until("the new certificate is shown", async || {
        let shown = realm.shown(city.node.address()).await;
        (*shown.serial() == serial).then_some(())
    })
    .await;
    county.push("1", vec![dropouts("371524-A", 4)]).await;
    until("the link goes on", async || {
        (city.sum(CITY).await.0 == 4).then_some(())
    })
    .await;
}

async fn certificate(node: &Running) -> Option<CertificateStatus> {
    let mut admin = AdminServiceClient::new(node.channel.clone());
    let answer = admin.get_status(GetStatusRequest {}).await;
    answer.expect("a status").into_inner().certificate
}

#[tokio::test]
async fn a_node_whose_certificate_was_revoked_says_so_and_goes_by_newer_lists() {
    let realm = Realm::new("edu.example");
    let own = realm.issue_for(CITY, "node", SignedDuration::from_hours(29 * 24));
    let dir = folder();
    let identity = dir.path().join("identity");
    realm.settle(&identity, &own, &[]);
    let city = started(&realm, dir, CITY, "", "").await;
    let told = certificate(&city).await.expect("a certificate");
    assert!(told.ends_soon && told.trouble.is_empty(), "{told:?}");
    assert_eq!(told.days_left, 28);
    assert_eq!(told.serial, own.chain.leaf.serial().to_string());

    let gone = realm.issue(CITY, "admin");
    assert_eq!(gets_in(&realm, &city, Some(&gone)).await, Some(Code::Ok));
    let list = [own.chain.leaf.serial(), gone.chain.leaf.serial()];
    realm.revoke(&identity, &list, 1);
    // The list counts for others though it is about the node's own certificate, too.
    until("whoever is on the list is shut out", async || {
        (gets_in(&realm, &city, Some(&gone)).await != Some(Code::Ok)).then_some(())
    })
    .await;
    let told = certificate(&city).await.expect("a certificate");
    assert!(told.trouble.contains("was revoked"), "{told:?}");

    let other = realm.issue(CITY, "node");
    realm.settle(&identity, &other, &[]);
    until("the new certificate is in use", async || {
        let told = certificate(&city).await.expect("a certificate");
        (told.trouble.is_empty() && !told.ends_soon).then_some(())
    })
    .await;
}

fn write(identity: &Path, text: &str) {
    let path = identity.join("certificate.pem");
    std::fs::write(path, text).expect("written");
}

//! Who said it can be shown wherever it has got to: signed documents and sealed figures, along a line
//! of three nodes that show who they are.

mod cost;
mod files;
mod forged;
mod handed_over;
mod returned;
mod turned;

use std::path::Path;

use liandong_node::maintenance::{self, Check, Checked, Files};
use liandong_wire::admin::v1::{VerifyNodeRequest, VerifyPart, VerifyResult};
use tempfile::TempDir;

use crate::support::certificates::Realm;
use crate::support::{Running, Setup, TREE, dropouts, until};

const PROVINCE: &str = "370000";
const CITY: &str = "371500";
const COUNTY: &str = "371524";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn parent(above: &Running, region: &str) -> String {
    let address = above.node.address();
    format!("[parent]\nregion = '{region}'\naddress = 'https://{address}'\n")
}

/// Starts a node with a certificate of its own.
async fn start(realm: &Realm, dir: TempDir, region: &str, tree: &str, more: &str) -> Running {
    let own = realm.issue(region, "node");
    realm.settle(&dir.path().join("identity"), &own, &[]);
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

/// Province, city and county, with a figure of the county's that has gone up and been sealed.
async fn line(realm: &Realm) -> (Running, Running, Running) {
    let province = start(realm, folder(), PROVINCE, "", "").await;
    let above = parent(&province, PROVINCE);
    let city = start(realm, folder(), CITY, "", &above).await;
    let county = start(realm, folder(), COUNTY, TREE, &parent(&city, CITY)).await;
    county.push("1", vec![dropouts("371524-A", 2)]).await;
    arrives(&province, 2).await;
    sealed(&province).await;
    (province, city, county)
}

async fn arrives(node: &Running, sum: i64) {
    until("the figure has come", async || {
        (node.sum(COUNTY).await.0 == sum).then_some(())
    })
    .await;
}

/// What the node itself finds of evidence: how it is, and what it says first.
async fn evidence(node: &Running) -> (VerifyResult, u64, String) {
    let request = VerifyNodeRequest {
        parts: vec![VerifyPart::Evidence.into()],
    };
    let verified = node.admin().verify_node(request).await;
    let parts = verified.expect("an answer").into_inner().parts;
    let part = parts.into_iter().next().expect("a part");
    (part.result(), part.checked, part.first)
}

/// Waits until every figure is as its seal says.
async fn sealed(node: &Running) {
    until("the figures are sealed", async || {
        let (result, checked, first) = evidence(node).await;
        (result == VerifyResult::Fits && checked >= 4 && first.is_empty()).then_some(())
    })
    .await;
}

fn verify(data: &Path, identity: Option<&Path>) -> Vec<Checked> {
    let verified = maintenance::verify(data, None, Files::OfANode, identity, &mut |_, _| {});
    verified.expect("verified")
}

fn part(parts: &[Checked], what: Check) -> &Checked {
    let found = parts.iter().find(|part| part.what == what);
    found.unwrap_or_else(|| panic!("{what:?} of {parts:?}"))
}

#[tokio::test]
async fn what_a_county_said_is_shown_at_the_province_to_be_its_word() {
    let realm = Realm::new("edu.example");
    let (province, city, county) = line(&realm).await;
    // Many figures later, and with another certificate, the earlier word still stands.
    let identity = county.dir.path().join("identity");
    let renewed = realm.issue(COUNTY, "node");
    realm.settle(&identity, &renewed, &[]);
    let serial = renewed.chain.leaf.serial().clone();
    until("the new certificate is shown", async || {
        let shown = realm.shown(county.node.address()).await;
        (*shown.serial() == serial).then_some(())
    })
    .await;
    county.push("2", vec![dropouts("371524-B", 3)]).await;
    arrives(&province, 5).await;
    sealed(&province).await;
    sealed(&city).await;

    let data = province.dir.path().join("data");
    let folder = province.dir.path().join("identity");
    let dir = province.stop().await;
    let parts = verify(&data, Some(&folder));
    for checked in &parts {
        assert_eq!(checked.fits, Some(true), "{checked:?}");
    }
    assert!(part(&parts, Check::Evidence).count >= 6, "{parts:?}");
    // The county's, its township's and the city's.
    assert_eq!(part(&parts, Check::Seals).count, 3);
    // A backup holds the same evidence.
    let backup = tempfile::tempdir().expect("a directory");
    let target = backup.path().join("copy");
    let made = maintenance::backup(&data, &target, None, &mut |_, _| {});
    made.expect("a backup");
    let kind = Files::OfABackup;
    let copied = maintenance::verify(&target, None, kind, Some(&folder), &mut |_, _| {});
    let copied = copied.expect("verified");
    let (one, other) = (
        part(&parts, Check::Evidence),
        part(&copied, Check::Evidence),
    );
    assert_eq!(
        (one.count, Some(true)),
        (other.count, other.fits),
        "{copied:?}"
    );
    // Without roots nobody can tell; what can be compared is.
    let parts = verify(&data, None);
    assert_eq!(part(&parts, Check::Evidence).fits, None);
    assert_eq!(part(&parts, Check::Seals).fits, Some(true));
    // A list of what was taken back knows no parts of a second.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    // A certificate that is taken back later takes nothing back that was signed before.
    realm.revoke(&folder, &[renewed.chain.leaf.serial()], 1);
    let parts = verify(&data, Some(&folder));
    assert_eq!(part(&parts, Check::Evidence).fits, Some(true), "{parts:?}");
    // Whoever trusts another root of that name believes none of it, and is told where it begins.
    let stranger = Realm::new("edu.example");
    let other = tempfile::tempdir().expect("a directory");
    let own = stranger.issue(PROVINCE, "node");
    stranger.settle(other.path(), &own, &[]);
    let parts = verify(&data, Some(other.path()));
    let wrong = part(&parts, Check::Evidence);
    assert_eq!(wrong.fits, Some(false));
    let text = wrong.wrong.as_ref().expect("a fault").to_string();
    assert!(
        text.contains("frame ") && text.contains("region "),
        "{text}"
    );
    drop(dir);
}

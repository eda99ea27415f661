//! Two nodes, weeks after their certificates were issued: the county's node has its own renewed by
//! the authority at the city, and the city's node renews its own at home.

#![expect(clippy::expect_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use liandong_identity::{Certificate, Folder, Introduction, Key, Office, Request, Wanted};
use liandong_node::Node;
use liandong_node::config::Config;
use liandong_node::surroundings::{Clock, Surroundings};
use metrics_exporter_prometheus::PrometheusBuilder;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn issued() -> Timestamp {
    "2026-01-05T00:00:00Z".parse().expect("a time")
}

/// A clock that stands still.
#[derive(Debug)]
struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn furnish(office: &Office, folder: &Folder, region: &str) -> Certificate {
    let key = Key::generate().expect("a key");
    let identity = format!("spiffe://edu.example/region/{region}/node");
    let wanted = Wanted {
        identity: identity.parse().expect("an identity"),
        names: Vec::new(),
    };
    let request = Request::of(&key).expect("a request");
    let package = office.issue(&request, wanted, 90, issued());
    let installed =
        package
            .expect("issued")
            .install(folder, key, None, Introduction::Folder, issued());
    installed.expect("installed")
}

async fn start(place: &Path, region: &str, now: Timestamp, more: &str) -> Node {
    let text = format!(
        "region = '{region}'\ndata = 'data'\nlisten = '127.0.0.1:0'\n\
         [journal]\nsegment_mb = 1\nfree_floor_mb = 0\n\
         [identity]\nfolder = 'identity'\n{more}"
    );
    let config = Config::read(&text, &place.join("node.toml")).expect("a configuration");
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let surroundings = Surroundings {
        clock: Arc::new(At(now)),
        ..Surroundings::system()
    };
    let node = Node::start_in(config, metrics, surroundings).await;
    node.expect("the node starts")
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never came: {what}");
}

fn own(folder: &Folder) -> Certificate {
    folder.own().expect("readable").expect("own").chain.leaf
}

#[tokio::test]
async fn certificates_are_renewed_in_the_last_third_of_their_lives() {
    let (city, county) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let at_city = Folder::at(city.path().join("identity"));
    let at_county = Folder::at(county.path().join("identity"));
    let domain = "edu.example".parse().expect("a domain");
    let office = Office::found(&at_city, domain, 10, issued()).expect("founded");
    let (first_city, first_county) = (
        furnish(&office, &at_city, "371500"),
        furnish(&office, &at_county, "371524"),
    );
    // In the first two thirds nothing is renewed.
    let early = issued() + 50 * DAY;
    let above = start(city.path(), "371500", early, "").await;
    let parent = |above: &Node| {
        let address = above.address();
        format!(
            "authority = 'https://{address}'\n[parent]\nregion = '371500'\naddress = 'https://{address}'\n"
        )
    };
    let below = start(county.path(), "371524", early, &parent(&above)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    below.stop().await.expect("it stops");
    above.stop().await.expect("it stops");
    assert_eq!(own(&at_city), first_city);
    assert_eq!(own(&at_county), first_county);

    let late = issued() + 70 * DAY;
    let above = start(city.path(), "371500", late, "").await;
    until("the city's", || own(&at_city) != first_city).await;
    let below = start(county.path(), "371524", late, &parent(&above)).await;
    until("the county's", || own(&at_county) != first_county).await;
    let renewed = own(&at_county);
    assert_eq!(renewed.identity(), first_county.identity());
    assert_eq!(renewed.not_after(), late + 90 * DAY);
    below.stop().await.expect("it stops");
    above.stop().await.expect("it stops");
}

//! A clock that is wrong for a while: a machine whose battery is empty goes back by months, or ahead by decades.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use liandong_node::Node;
use liandong_node::surroundings::{Clock, Surroundings};
use liandong_wire::admin::v1::ListAuditRequest;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use metrics_exporter_prometheus::PrometheusBuilder;
use tonic::transport::Channel;

use crate::support::{Running, Setup, TREE, dropouts};

const COUNTY: &str = "371524";
const SCHOOL: &str = "371524-A";
/// More than are summed up together.
const MANY: i64 = 130;

/// A clock that stands where it was put.
#[derive(Clone, Debug)]
struct Put(Arc<Mutex<Timestamp>>);

impl Clock for Put {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("not poisoned")
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The batches that a list tells of, newest first.
async fn pushed(node: &Running, asked: ListAuditRequest) -> Vec<String> {
    let mut asked = asked;
    asked.action = "push-reports".to_owned();
    let mut admin = AdminServiceClient::new(node.channel.clone());
    let mut found = Vec::new();
    loop {
        let page = admin.list_audit(asked.clone()).await.expect("a page");
        let page = page.into_inner();
        found.extend(page.entries.into_iter().map(|entry| entry.id));
        if page.next_page_token.is_empty() {
            return found;
        }
        asked.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn a_clock_that_was_wrong_for_a_while_hides_nothing_of_the_trail() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = Setup::new(COUNTY, TREE, "").config(dir.path());
    let clock = Put(Arc::new(Mutex::new(at("2026-11-20T08:00:00Z"))));
    let surroundings = Surroundings {
        clock: Arc::new(clock.clone()),
        ..Surroundings::system()
    };
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let node = Node::start_in(config, metrics, surroundings).await;
    let node = node.expect("it starts");
    let address = format!("http://{}", node.address());
    let endpoint = Channel::from_shared(address).expect("an address");
    let channel = endpoint.connect().await.expect("it listens");
    let node = Running { dir, node, channel };
    let put = |text: &str| *clock.0.lock().expect("not poisoned") = at(text);
    let push = async |id: &str, count: i64| {
        node.push(id, vec![dropouts(SCHOOL, count)]).await;
    };
    push("before", 1).await;
    for (name, moment) in [
        ("back", "2026-01-01T00:00:00Z"),
        ("ahead", "2099-01-01T00:00:00Z"),
    ] {
        put(moment);
        for number in 0..MANY {
            push(&format!("{name}-{number}"), number + 2).await;
        }
        put("2026-11-22T08:00:00Z");
        // Not what counted before already, which would be told without an id.
        push(&format!("after-{name}"), 1_000 + name.len() as i64).await;
    }
    let when = |text: &str| Some(liandong_wire::timestamp(at(text)));
    let of_november = ["after-ahead", "after-back", "before"];
    // The first time all is read, the second time what was found then is known.
    for _ in 0..2 {
        let asked = ListAuditRequest {
            since: when("2026-11-01T00:00:00Z"),
            until: when("2026-12-01T00:00:00Z"),
            ..ListAuditRequest::default()
        };
        assert_eq!(pushed(&node, asked).await, of_november);
        let asked = ListAuditRequest {
            since: when("2026-11-01T00:00:00Z"),
            ..ListAuditRequest::default()
        };
        let found = pushed(&node, asked).await;
        assert_eq!(found.len(), 3 + MANY as usize);
        assert_eq!(found.last().map(String::as_str), Some("before"));
        let asked = ListAuditRequest {
            until: when("2026-12-01T00:00:00Z"),
            ..ListAuditRequest::default()
        };
        let found = pushed(&node, asked).await;
        assert_eq!(found.len(), 3 + MANY as usize);
        assert_eq!(found.first().map(String::as_str), Some("after-ahead"));
    }
    node.stop().await;
}

//! The doors that are no methods: the console, and what is measured.

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{Service, ServiceExt};

use super::{CITY, COUNTY, NEIGHBOUR, PARTNER, TOWN, World};

pub(crate) async fn get(mut channel: Channel, path: &str) -> (StatusCode, String) {
    let request = Request::get(format!("https://node.example{path}"));
    let request = request.header("accept-language", "en");
    let request = request.body(Body::empty()).expect("a request");
    let channel = ServiceExt::<Request<Body>>::ready(&mut channel).await;
    let answer = channel.expect("connected").call(request).await;
    let answer = answer.expect("an answer");
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("a body");
    (
        status,
        String::from_utf8_lossy(&body.to_bytes()).into_owned(),
    )
}

#[tokio::test]
async fn pages_are_shown_to_those_who_may_look_at_what_is_on_them() {
    let mut world = World::new().await;
    let (yes, no) = (StatusCode::OK, StatusCode::FORBIDDEN);
    // Who, the console's own page, that of the town, that of the city, what is measured.
    let cases = [
        (COUNTY, "viewer", [yes, yes, no, no]),
        (COUNTY, "reporter", [yes, yes, no, yes]),
        (COUNTY, "admin", [yes, yes, no, yes]),
        (COUNTY, "node", [no, no, no, yes]),
        // At the city's own node these are published beside their neighbours.
        (CITY, "viewer", [no, no, yes, no]),
        (CITY, "admin", [yes, yes, yes, no]),
        (TOWN, "viewer", [no, yes, no, no]),
        (PARTNER, "admin", [no, no, no, no]),
        (NEIGHBOUR, "admin", [no, no, no, no]),
        (NEIGHBOUR, "viewer", [no, no, no, no]),
    ];
    let paths = [
        "/console?period=2025-03".to_owned(),
        format!("/console?region={TOWN}&period=2025-03"),
        format!("/console?region={CITY}&period=2025-03"),
        "/metrics".to_owned(),
    ];
    for (region, role, expected) in cases {
        for (path, expected) in paths.iter().zip(expected) {
            let channel = world.channel(region, role).await;
            let (status, body) = get(channel, path).await;
            let denied = status == no && body.contains("may not");
            // That the node has no figures of the city is said to those who might see them.
            let shown = status == yes || body.contains("does not belong to this node");
            assert_eq!(
                (shown, denied),
                (expected == yes, expected == no),
                "{region} {role} {path}: {status} {body}"
            );
            assert!(!denied || body.len() < 400, "{body}");
        }
    }
}

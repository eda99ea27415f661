//! Every method of every service that the descriptions list, without being listed here: a method
//! that is new and forgets to ask for rights is found.

mod filled;

use std::collections::BTreeSet;

use liandong_wire::samples::{SampleCall, sample_calls};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use super::{COUNTY, NEIGHBOUR, PARTNERS_SUPERIOR, TOWN, World};
use filled::{Raw, sample};

/// Methods that everybody may call whose certificate is trusted, and why.
const OPEN: [(&str, &str); 3] = [
    (
        "liandong.identity.v1.IdentityService/Enrol",
        "asks for the secret of an invitation instead",
    ),
    (
        "liandong.identity.v1.IdentityService/Renew",
        "gives the identity that is shown, and no other",
    ),
    (
        "liandong.identity.v1.IdentityService/GetTrust",
        "roots and lists of what they took back are public",
    ),
];

/// What somebody is answered who may read the plans of the county and nothing else.
const PLANS: [&str; 4] = [
    "liandong.admin.v1.AdminService/ListRegions",
    "liandong.admin.v1.AdminService/ListIndicators",
    "liandong.task.v1.TaskService/ListPlans",
    "liandong.task.v1.TaskService/GetPlan",
];

/// What a node is answered by itself, or by whoever has its key on its machine.
const OWN_NODE: [&str; 3] = [
    EXCHANGE,
    "liandong.admin.v1.AdminService/GetStatus",
    "liandong.admin.v1.AdminService/VerifyNode",
];

/// The stream of links, which is refused for other reasons, too.
const EXCHANGE: &str = "liandong.link.v1.LinkService/Exchange";

/// What somebody is answered who may read the sums of the county's aid and nothing else.
const SUMS: [&str; 1] = ["liandong.collaboration.v1.CollaborationService/ListProjects"];

/// Calls a method with one message and hears the beginning of its answer.
async fn call(channel: &Channel, path: &str, message: Vec<u8>) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.expect("connected");
    let path = format!("/{path}").parse().expect("a path");
    let said = tokio_stream::iter([message]);
    let answered = client.streaming(Request::new(said), path, Raw).await?;
    answered.into_inner().message().await.map(drop)
}

#[tokio::test]
async fn no_method_answers_somebody_who_has_no_right_to_it() {
    let mut world = World::new().await;
    let methods = sample_calls(&sample);
    assert!(methods.len() > 40, "{}", methods.len());
    let open: BTreeSet<&str> = OPEN.iter().map(|(path, _)| *path).collect();
    // Who, and what they may call besides.
    let callers: [(&str, &str, &[&str]); 6] = [
        (NEIGHBOUR, "admin", &[]),
        (NEIGHBOUR, "viewer", &[]),
        (NEIGHBOUR, "node", &[]),
        (COUNTY, "node", &OWN_NODE),
        (TOWN, "viewer", &PLANS),
        (PARTNERS_SUPERIOR, "admin", &SUMS),
    ];
    let (mut tried, mut wrong) = (0, Vec::new());
    for (region, role, besides) in callers {
        let channel = world.channel(region, role).await;
        for SampleCall { path, message } in &methods {
            if open.contains(path.as_str()) {
                continue;
            }
            let answer = call(&channel, path, message.clone()).await;
            let code = answer.as_ref().err().map_or(Code::Ok, Status::code);
            if besides.contains(&path.as_str()) {
                if code == Code::PermissionDenied && *path != EXCHANGE {
                    wrong.push(format!("{region} {role} {path}: {answer:?}"));
                }
                continue;
            }
            tried += 1;
            if code != Code::PermissionDenied {
                wrong.push(format!("{region} {role} {path}: {answer:?}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let listed = callers
        .map(|(_, _, besides)| besides.len())
        .iter()
        .sum::<usize>();
    assert_eq!(tried, callers.len() * (methods.len() - OPEN.len()) - listed);
}

#[tokio::test]
async fn nobody_is_answered_without_a_certificate() {
    let world = World::new().await;
    let address = world.county.node.address();
    let channel = world.shandong.dial(address, None).await.expect("a line");
    let more = [
        "grpc.health.v1.Health/Check",
        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ];
    let methods = sample_calls(&sample);
    let known = methods
        .iter()
        .map(|method| (method.path.as_str(), method.message.clone()));
    for (path, message) in known.chain(more.map(|path| (path, Vec::new()))) {
        if path.ends_with("/Enrol") {
            continue;
        }
        let status = call(&channel, path, message).await.expect_err(path);
        assert_eq!(status.code(), Code::Unauthenticated, "{path}: {status}");
    }
}

/// Health tells whoever balances load that the node serves, and reflection what every node can be
/// asked: nothing of anybody's data.
#[tokio::test]
async fn health_and_the_descriptions_are_open_to_whoever_is_trusted() {
    let mut world = World::new().await;
    let channel = world.channel(NEIGHBOUR, "viewer").await;
    let health = call(&channel, "grpc.health.v1.Health/Check", Vec::new()).await;
    health.expect("it serves");
    for version in ["v1", "v1alpha"] {
        let path = format!("grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        // List the services.
        let asked = vec![0x3a, 0x00];
        call(&channel, &path, asked).await.expect("it tells");
    }
}

//! A plan with far more text than any real one.

use liandong_wire::task::v1::task_service_client::TaskServiceClient;
use liandong_wire::task::v1::{
    Author, ConsultPlanRequest, ImportPlanRequest, IssuePlanRequest, ListPlansRequest, PlanItem,
    PlanStatus, PlanText, Target,
};
use tonic::transport::Channel;

const CODE: &str = "of-many-words";

fn author() -> Option<Author> {
    Some(Author {
        name: "教育股".to_owned(),
        why: "依原文".to_owned(),
    })
}

/// Chinese text that repeats nothing.
fn words(count: usize, seed: u64) -> String {
    let mut mixed = seed;
    let mut text = String::new();
    for _ in 0..count {
        mixed = (mixed ^ mixed << 13).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^= mixed >> 29;
        let place = u32::try_from(mixed % 20_000).unwrap();
        text.extend(char::from_u32(0x4e00 + place));
    }
    text
}

/// Brings a plan of about so many bytes to the city; returns how many its texts have.
pub(crate) async fn import_large(city: &Channel, bytes: usize) -> usize {
    const ITEM: usize = 1_000;
    let items: Vec<PlanItem> = (1..=bytes / (3 * ITEM))
        .map(|number| PlanItem {
            number: number.to_string(),
            name: "控辍保学".to_owned(),
            content: words(ITEM, number as u64),
            targets: vec![Target {
                indicator: "compulsory-dropouts".to_owned(),
                due: "2099".to_owned(),
                bound: None,
                text: "控制辍学".to_owned(),
            }],
            ..PlanItem::default()
        })
        .collect();
    let texts = items.iter().map(|item| item.content.len()).sum();
    let plan = PlanText {
        code: CODE.to_owned(),
        title: "控辍保学方案".to_owned(),
        issuer: "371500".to_owned(),
        items,
        ..PlanText::default()
    };
    let mut client = TaskServiceClient::new(city.clone());
    let imported = ImportPlanRequest {
        issuer: "371500".to_owned(),
        plan: Some(plan),
        indicators: Vec::new(),
        author: author(),
    };
    client.import_plan(imported).await.unwrap();
    texts
}

/// The city puts the plan to consultation, from when on its counties are sent it, and issues it.
pub(crate) async fn issue(city: &Channel) {
    let mut client = TaskServiceClient::new(city.clone());
    let consulted = ConsultPlanRequest {
        issuer: "371500".to_owned(),
        plan: CODE.to_owned(),
        until: "2099-01-01".to_owned(),
        author: author(),
    };
    client.consult_plan(consulted).await.unwrap();
    let issued = IssuePlanRequest {
        issuer: "371500".to_owned(),
        plan: CODE.to_owned(),
        author: author(),
    };
    client.issue_plan(issued).await.unwrap();
}

/// Whether a county shows the plan as issued.
pub(crate) async fn is_issued(county: &Channel) -> bool {
    let asked = ListPlansRequest {
        issuer: "371500".to_owned(),
        status: PlanStatus::Issued.into(),
    };
    let listed = TaskServiceClient::new(county.clone())
        .list_plans(asked)
        .await;
    let plans = listed.unwrap().into_inner().plans;
    !plans.is_empty()
}

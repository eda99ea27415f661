//! The plan's way: draft, consultation, issue, decomposition, and the work on its tasks.

mod decompose;
mod work;

pub(super) use decompose::{bound_text, decompose};
pub(super) use work::work;

use jiff::ToSpan;
use liandong_client::wire::task::v1;
use liandong_core::region::RegionCode;
use serde::Serialize;

use super::error::{Awaited, DemoError};
use super::nodes::Mesh;
use super::steps::until;
use super::world::{LIAOCHENG_PLAN, PENGSHUI_PLAN, World};
use decompose::key_projects;

/// How long the consultation lasts here.
const CONSULTATION_DAYS: i64 = 11;

/// What happened to the plan.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct PlanOutcome {
    pub(super) plan: String,
    pub(super) title: String,
    pub(super) items: usize,
    pub(super) key_projects: usize,
    pub(super) targets: usize,
    /// The last day for comments that the document names; it lies in the past.
    pub(super) consultation_in_document: String,
    /// The last day for comments that the demonstration sets instead.
    pub(super) consultation_until: String,
    pub(super) comments: usize,
    pub(super) tasks: usize,
    pub(super) shortfalls: Vec<Short>,
    pub(super) acknowledged: usize,
    pub(super) accepted: usize,
    pub(super) closed: usize,
    pub(super) returned: Vec<Returned>,
}

/// A target that the tasks made of its item do not reach.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Short {
    pub(super) item: String,
    pub(super) name: String,
    pub(super) indicator: String,
    pub(super) due: String,
    pub(super) whole: String,
    pub(super) parts_sum: String,
}

/// A task that was sent back.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Returned {
    pub(super) task: String,
    pub(super) why: String,
}

/// Who acts for a region.
pub(super) fn author(world: &World, region: RegionCode, why: &str) -> v1::Author {
    v1::Author {
        name: format!("{}教育主管部门（演示）", world.name(region)),
        why: why.to_owned(),
    }
}

/// Imports Liaocheng's plan, puts it to consultation and takes a county's comment.
pub(super) async fn consult(world: &World, mesh: &Mesh) -> Result<PlanOutcome, DemoError> {
    let places = &world.places;
    let issuer = places.liaocheng.to_string();
    let city = mesh.client(places.liaocheng)?.task();
    let text = world.plan(LIAOCHENG_PLAN)?;
    import(world, mesh, places.liaocheng, LIAOCHENG_PLAN).await?;
    // The document's own last day has passed, and a node takes no comments after it.
    let until_day = world.today.saturating_add(CONSULTATION_DAYS.days());
    city.consult_plan(v1::ConsultPlanRequest {
        issuer: issuer.clone(),
        plan: LIAOCHENG_PLAN.to_owned(),
        until: until_day.to_string(),
        author: Some(author(world, places.liaocheng, "")),
    })
    .await?;
    let county = mesh.client(places.comments)?.task();
    let wanted = v1::GetPlanRequest {
        issuer: issuer.clone(),
        plan: LIAOCHENG_PLAN.to_owned(),
    };
    until(Awaited::Comment, || async {
        let filter = v1::ListPlansRequest {
            issuer: issuer.clone(),
            status: v1::PlanStatus::Consultation.into(),
        };
        Ok(!county.list_plans(filter).await?.plans.is_empty())
    })
    .await?;
    county
        .comment_plan(v1::CommentPlanRequest {
            region: places.comments.to_string(),
            id: "demo-1".to_owned(),
            issuer: issuer.clone(),
            plan: LIAOCHENG_PLAN.to_owned(),
            item: "38".to_owned(),
            text: "样例意见：建议明确乡镇驻地学校录播室的验收标准。".to_owned(),
            author: Some(author(world, places.comments, "")),
        })
        .await?;
    until(Awaited::Comment, || async {
        Ok(!city.get_plan(wanted.clone()).await?.comments.is_empty())
    })
    .await?;
    Ok(PlanOutcome {
        plan: LIAOCHENG_PLAN.to_owned(),
        title: text.title.clone(),
        items: text.items.len(),
        key_projects: key_projects(&text.items).count(),
        targets: text.targets().count(),
        consultation_in_document: text
            .consultation_until
            .map(|day| day.to_string())
            .unwrap_or_default(),
        consultation_until: until_day.to_string(),
        comments: city.get_plan(wanted).await?.comments.len(),
        ..PlanOutcome::default()
    })
}

async fn import(
    world: &World,
    mesh: &Mesh,
    region: RegionCode,
    plan: &'static str,
) -> Result<(), DemoError> {
    let request = v1::ImportPlanRequest {
        issuer: region.to_string(),
        plan: Some(v1::PlanText::from(world.plan(plan)?)),
        indicators: Vec::new(),
        author: Some(author(world, region, "")),
    };
    mesh.client(region)?.task().import_plan(request).await?;
    Ok(())
}

/// Issues Liaocheng's plan, and Pengshui's own for its schools.
pub(super) async fn issue(world: &World, mesh: &Mesh) -> Result<(), DemoError> {
    let places = &world.places;
    import(world, mesh, places.pengshui, PENGSHUI_PLAN).await?;
    let issued = [
        (places.liaocheng, LIAOCHENG_PLAN, "征求意见结束"),
        (places.pengshui, PENGSHUI_PLAN, ""),
    ];
    for (region, plan, why) in issued {
        let request = v1::IssuePlanRequest {
            issuer: region.to_string(),
            plan: plan.to_owned(),
            author: Some(author(world, region, why)),
        };
        mesh.client(region)?.task().issue_plan(request).await?;
    }
    Ok(())
}

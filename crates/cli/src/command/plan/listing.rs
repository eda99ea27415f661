//! `liandong plan list`: the plans of a node, and those that ship with the program.

use liandong_client::wire::task::v1;
use liandong_core::region::RegionCode;

use super::shipped;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing, Output, plan_status};
use crate::session::Session;

const SHIPPED: [Column; 5] = [
    Column::text("plan", "方案", "plan"),
    Column::text("issuer", "印发区域", "issuer"),
    Column::text("title", "标题", "title"),
    Column::number("items", "项目", "items"),
    Column::number("targets", "目标", "targets"),
];

/// Lists what ships with the program.
pub(super) fn list_builtin(output: Output) -> Result<Verdict, Failure> {
    let mut listing = Listing::new(&SHIPPED);
    for plan in shipped()?.values() {
        listing.row(vec![
            Cell::text(&plan.code),
            Cell::text(
                plan.issuer
                    .map(|issuer| issuer.to_string())
                    .unwrap_or_default(),
            ),
            Cell::text(&plan.title),
            Cell::Count(plan.items.len() as u64),
            Cell::Count(plan.targets().count() as u64),
        ]);
    }
    output.listing(&listing)?;
    Ok(Verdict::Done)
}

const SUMMARY: [Column; 9] = [
    Column::text("plan", "方案", "plan"),
    Column::text("issuer", "印发区域", "issuer"),
    Column::text("title", "标题", "title"),
    Column::text("status", "状态", "status"),
    Column::text("comments_until", "意见截止", "comments until"),
    Column::number("items", "项目", "items"),
    Column::number("targets", "目标", "targets"),
    Column::number("comments", "意见", "comments"),
    Column::number("version", "版本", "version"),
];

/// Lists the plans that the node knows.
pub(super) async fn list(
    session: &Session,
    issuer: Option<RegionCode>,
) -> Result<Verdict, Failure> {
    let request = v1::ListPlansRequest {
        issuer: issuer.map(|issuer| issuer.to_string()).unwrap_or_default(),
        status: 0,
    };
    let answer = session.client.task().list_plans(request).await?;
    let mut listing = Listing::new(&SUMMARY);
    for plan in answer.plans {
        listing.row(vec![
            Cell::Text(plan.plan),
            Cell::Text(plan.issuer),
            Cell::Text(plan.title),
            Cell::Word(plan_status(plan.status)),
            Cell::Text(plan.comments_until),
            Cell::Count(plan.items.into()),
            Cell::Count(plan.targets.into()),
            Cell::Count(plan.comments.into()),
            Cell::Count(plan.version),
        ]);
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}

//! Where the two sides of a project disagree.

use liandong_client::wire::collaboration::v1;
use liandong_client::wire::collaboration::v1::difference::Difference as What;

use super::ProjectName;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Output};
use crate::session::Session;

const DIFFERENCES: [Column; 5] = [
    Column::text("difference", "不一致", "difference"),
    Column::text("about", "编号", "about"),
    Column::number("one", "一方", "one side"),
    Column::number("other", "另一方", "other side"),
    Column::text("meaning", "说明", "meaning"),
];

/// Lists the differences.
pub(super) async fn reconcile(session: &Session, name: &ProjectName) -> Result<Verdict, Failure> {
    let request = v1::ReconcileProjectRequest {
        proposer: name.proposer(session).await?,
        project: name.id.clone(),
    };
    let answer = session
        .client
        .collaboration()
        .reconcile_project(request)
        .await?;
    let mut listing = Listing::new(&DIFFERENCES);
    let output = session.output;
    for difference in answer.differences {
        if let Some(what) = difference.difference {
            listing.row(difference_row(what, output));
        }
    }
    if listing.is_empty() && output.format == Format::Table {
        output.line(output.pick("双方一致", "the two sides agree"))?;
    } else {
        output.listing(&listing)?;
    }
    Ok(Verdict::Done)
}

fn difference_row(what: What, output: Output) -> Vec<Cell> {
    let nothing = || Cell::text("");
    let teachers = |count: u32| Cell::Count(count.into());
    let (code, about, one, other, meaning) = match what {
        What::NotReceived(it) => (
            "not-received",
            it.disbursement,
            Cell::Fen(it.disbursed_fen),
            nothing(),
            output.pick("已拨付，对方尚未登记到账", "paid out, no receipt has come"),
        ),
        What::AmountDiffers(it) => (
            "amount-differs",
            it.disbursement,
            Cell::Fen(it.disbursed_fen),
            Cell::Fen(it.received_fen),
            output.pick("拨付与到账金额不同", "paid out and received differ"),
        ),
        What::NotDisbursed(it) => (
            "not-disbursed",
            it.disbursement,
            nothing(),
            Cell::Fen(it.received_fen),
            output.pick(
                "登记到账，援助方没有这笔拨付",
                "received, but the donor knows no such disbursement",
            ),
        ),
        What::OverFund(it) => (
            "over-fund",
            String::new(),
            Cell::Fen(it.fund_fen),
            Cell::Fen(it.disbursed_fen),
            output.pick("拨付超过承诺资金", "more was paid out than promised"),
        ),
        What::Overspent(it) => (
            "overspent",
            String::new(),
            Cell::Fen(it.received_fen),
            Cell::Fen(it.spent_fen),
            output.pick("支出超过到账", "more was spent than has arrived"),
        ),
        What::TeachersDiffer(it) => (
            "teachers-differ",
            it.placement,
            teachers(it.sent),
            it.confirmed.map_or_else(nothing, teachers),
            output.pick(
                "派出与到岗人数不同",
                "teachers sent and teachers that came differ",
            ),
        ),
        What::PlacementUnknown(it) => (
            "placement-unknown",
            it.placement,
            nothing(),
            teachers(it.confirmed),
            output.pick(
                "确认到岗，派出方没有这次派出",
                "confirmed, but the sender knows no such placement",
            ),
        ),
    };
    vec![
        Cell::text(code),
        Cell::Text(about),
        one,
        other,
        Cell::text(meaning),
    ]
}

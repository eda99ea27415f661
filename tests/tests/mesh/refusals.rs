//! What a node does not take, and how it says so.

use anyhow::{Context, Result, ensure};
use liandong_client::ClientError;
use liandong_client::wire::progress::v1::Report;
use liandong_client::wire::rollup::v1::GetRollupRequest;
use liandong_client::wire::rollup::v1::get_rollup_request::Subject;
use liandong_tests::figures::{DROPOUTS, MONTH, count, push, share};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

/// Refused rows: what is wrong, the reason, the field, and the value as it is told.
fn wrong_rows(unit: &str) -> Vec<(Report, &'static str, &'static str, String)> {
    let good = count(unit, 1);
    let with = |change: &dyn Fn(&mut Report)| {
        let mut report = good.clone();
        change(&mut report);
        report
    };
    let told = |text: &str| text.to_owned();
    vec![
        (count("500243", 1), "NO_RIGHT", "source", told("500243")),
        (
            count("999999", 1),
            "UNKNOWN_REGION",
            "source",
            told("999999"),
        ),
        (count("东阿县", 1), "MALFORMED", "source", told("东阿县")),
        (count("", 1), "MISSING", "source", told("")),
        (
            with(&|report| report.indicator = "no-such-thing".to_owned()),
            "UNKNOWN_INDICATOR",
            "indicator",
            told("no-such-thing"),
        ),
        (
            with(&|report| report.period = "2025-13".to_owned()),
            "MALFORMED",
            "period",
            told("2025-13"),
        ),
        (
            with(&|report| report.period = "2025".to_owned()),
            "WRONG_PERIOD_KIND",
            "period",
            told("2025"),
        ),
        (
            with(&|report| report.period = "2099-01".to_owned()),
            "FUTURE_PERIOD",
            "period",
            told("2099-01"),
        ),
        (count(unit, -1), "OUT_OF_RANGE", "numerator", told("-1")),
        (
            count(unit, i64::MAX),
            "OUT_OF_RANGE",
            "numerator",
            i64::MAX.to_string(),
        ),
        (
            with(&|report| report.denominator = Some(3)),
            "DENOMINATOR_NOT_ALLOWED",
            "denominator",
            told("3"),
        ),
        (
            share(unit, 3, 2),
            "NUMERATOR_OVER_DENOMINATOR",
            "numerator",
            told("3"),
        ),
        (
            with(&|report| report.note = "很".repeat(201)),
            "TOO_LONG",
            "note",
            "很".repeat(201),
        ),
    ]
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn every_wrong_row_is_told_by_field_and_value_and_the_good_one_counts() -> Result<()> {
    let node = Node::start(Settings::new("371524").schools("371524", 2)).await?;
    let unit = school("371524", 1);
    let wrong = wrong_rows(&unit);
    let mut rows: Vec<Report> = wrong.iter().map(|(report, ..)| report.clone()).collect();
    rows.push(count(&unit, 6));
    let answer = push(&node, "mixed", rows).await?;
    let counts = answer.counts.context("no counts")?;
    ensure!(
        counts.accepted == 1,
        "the good row is taken: {:?}",
        answer.outcomes
    );
    ensure!(
        counts.refused == wrong.len() as u64,
        "{:?}",
        answer.outcomes
    );
    for (row, (_, reason, field, value)) in (1_u32..).zip(&wrong) {
        let found = answer.outcomes.iter().find(|outcome| outcome.row == row);
        let refusal = found.and_then(|outcome| outcome.refusal.as_ref());
        let refusal = refusal.with_context(|| format!("row {row} was not refused"))?;
        let told = (refusal.reason.as_str(), refusal.field.as_str());
        ensure!(told == (*reason, *field), "row {row}: {refusal:?}");
        // A long value is shortened.
        let begins: String = refusal.value.chars().take(10).collect();
        let expected: String = value.chars().take(10).collect();
        ensure!(begins == expected, "row {row}: {refusal:?}");
        ensure!(!refusal.message.is_empty(), "row {row} has no message");
    }
    ensure!(node.recount().await? > 0, "nothing was counted");
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_refused_call_names_its_field_in_the_callers_language() -> Result<()> {
    let node = Node::start(Settings::new("371524")).await?;
    let client = node.client().await?;
    let ask = |region: &str, indicator: &str, period: &str| GetRollupRequest {
        region: region.to_owned(),
        subject: Some(Subject::Indicator(indicator.to_owned())),
        period: period.to_owned(),
    };
    let wrong = [
        (ask("没有", DROPOUTS, MONTH), "MALFORMED", "region"),
        (
            ask("371524", "no-such-thing", MONTH),
            "UNKNOWN_INDICATOR",
            "indicator",
        ),
        (ask("371524", DROPOUTS, "明天"), "MALFORMED", "period"),
        (
            GetRollupRequest {
                subject: None,
                ..ask("371524", DROPOUTS, MONTH)
            },
            "MISSING",
            "subject",
        ),
    ];
    for (request, code, field) in wrong {
        let answer = client.rollup().get_rollup(request.clone()).await;
        let Err(ClientError::Refused(refusal)) = answer else {
            anyhow::bail!("{request:?} gave {answer:?}");
        };
        let told = (refusal.code.as_str(), refusal.field.as_str());
        ensure!(told == (code, field), "{request:?}: {refusal:?}");
    }
    Ok(())
}

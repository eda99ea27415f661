//! Figures on their way from a school's county to its province, through corrections, repetitions,
//! pulled plugs and long absences.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use liandong_client::wire::progress::v1::{ListHistoryRequest, Outcome};
use liandong_tests::figures::{
    CARE_ROOMS, DROPOUTS, MONTH, arrives, count, push, push_new, share, sums,
};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

/// Shandong, Liaocheng and two of its counties with three schools each.
struct Shandong {
    province: Node,
    city: Node,
    donge: Node,
    linqing: Node,
}

impl Shandong {
    async fn start() -> Result<Self> {
        let province = Node::start(Settings::new("370000")).await?;
        let city = Node::start(Settings::new("371500").parent(&province)).await?;
        let county = |code: &str| Settings::new(code).schools(code, 3).parent(&city);
        let donge = Node::start(county("371524")).await?;
        let linqing = Node::start(county("371581")).await?;
        Ok(Self {
            province,
            city,
            donge,
            linqing,
        })
    }

    async fn recount(&self) -> Result<()> {
        for node in [&self.province, &self.city, &self.donge, &self.linqing] {
            ensure!(
                node.recount().await? > 0,
                "{} holds no cells",
                node.region()
            );
        }
        Ok(())
    }
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_figure_reaches_the_province_and_counts_once() -> Result<()> {
    let mesh = Shandong::start().await?;
    let (first, second) = (school("371524", 1), school("371524", 2));
    push_new(
        &mesh.donge,
        "warm-up",
        vec![count(&first, 3), share(&first, 1, 2)],
    )
    .await?;
    arrives(&mesh.province, "370000", DROPOUTS, 3, 1).await?;

    let begun = Instant::now();
    push_new(
        &mesh.donge,
        "fresh",
        vec![count(&second, 4), share(&second, 2, 5)],
    )
    .await?;
    let taken = begun.elapsed();
    arrives(&mesh.province, "370000", DROPOUTS, 7, 2).await?;
    println!(
        "measured: durable after {taken:?}, at the province after {:?}",
        begun.elapsed()
    );

    push_new(
        &mesh.linqing,
        "other",
        vec![count(&school("371581", 1), 10)],
    )
    .await?;
    arrives(&mesh.province, "370000", DROPOUTS, 17, 3).await?;
    let ratio = sums(&mesh.province, "370000", CARE_ROOMS).await?;
    ensure!(
        (ratio.numerator, ratio.denominator) == (3, 7),
        "ratios are sums: {ratio:?}"
    );
    ensure!(
        ratio.expected == 6,
        "six schools are expected to report: {ratio:?}"
    );
    let county = sums(&mesh.province, "371524", DROPOUTS).await?;
    ensure!(
        county.numerator == 7,
        "the province holds each county's cells: {county:?}"
    );

    // The same batch again, the same figures under another name, and a correction of one.
    let again = push(
        &mesh.donge,
        "fresh",
        vec![count(&second, 4), share(&second, 2, 5)],
    )
    .await?;
    ensure!(again.counts.unwrap_or_default().duplicate == 2, "{again:?}");
    let copied = push(&mesh.donge, "copied file", vec![count(&second, 4)]).await?;
    ensure!(
        copied.counts.unwrap_or_default().duplicate == 1,
        "{copied:?}"
    );
    let corrected = push(&mesh.donge, "corrected", vec![count(&second, 1)]).await?;
    ensure!(
        corrected.counts.unwrap_or_default().superseded == 1,
        "{corrected:?}"
    );
    let late = push(&mesh.donge, "fresh", vec![count(&second, 4)]).await?;
    let outcome = late.outcomes.first().context("no outcome")?.outcome();
    ensure!(
        outcome == Outcome::Stale,
        "a replay undid a correction: {late:?}"
    );
    arrives(&mesh.province, "370000", DROPOUTS, 14, 3).await?;

    let asked = ListHistoryRequest {
        source: second,
        indicator: DROPOUTS.to_owned(),
        period: MONTH.to_owned(),
        ..ListHistoryRequest::default()
    };
    let history = mesh
        .donge
        .client()
        .await?
        .progress()
        .list_history(asked)
        .await?
        .versions;
    let told: Vec<_> = history
        .iter()
        .map(|one| (one.numerator, one.counts_now))
        .collect();
    ensure!(
        told == [(1, true), (4, false)],
        "the history tells otherwise: {told:?}"
    );
    mesh.recount().await
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn what_was_acknowledged_survives_a_pulled_plug() -> Result<()> {
    let mut mesh = Shandong::start().await?;
    let units: Vec<String> = (1..=3).map(|number| school("371524", number)).collect();
    let mut acknowledged = 0;
    for round in 1..=4_i64 {
        for (unit, number) in units.iter().zip(1_i64..) {
            let figure = round * 10 + number;
            let batch = format!("{round}-{number}");
            let answer = push(&mesh.donge, &batch, vec![count(unit, figure)]).await?;
            ensure!(answer.counts.unwrap_or_default().refused == 0, "{answer:?}");
        }
        acknowledged = round * 30 + 6;
        // At once after the answer: nothing had time to be written later.
        mesh.donge.kill()?;
        if round % 2 == 0 {
            mesh.city.kill()?;
            mesh.city.resume().await?;
        }
        mesh.donge.resume().await?;
        let held = sums(&mesh.donge, "371524", DROPOUTS).await?;
        ensure!(
            held.numerator == acknowledged,
            "after round {round}: {held:?}"
        );
    }
    arrives(&mesh.province, "370000", DROPOUTS, acknowledged, 3).await?;
    mesh.province.kill()?;
    mesh.province.resume().await?;
    arrives(&mesh.province, "370000", DROPOUTS, acknowledged, 3).await?;
    push_new(&mesh.linqing, "after", vec![count(&school("371581", 1), 1)]).await?;
    arrives(&mesh.province, "370000", DROPOUTS, acknowledged + 1, 4).await?;
    mesh.recount().await
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn an_absent_county_holds_up_nobody_and_catches_up() -> Result<()> {
    let mut mesh = Shandong::start().await?;
    push_new(&mesh.donge, "before", vec![count(&school("371524", 1), 5)]).await?;
    arrives(&mesh.province, "370000", DROPOUTS, 5, 1).await?;

    // The county goes; the others go on, and what it had reported stays.
    mesh.donge.terminate().await?;
    push_new(
        &mesh.linqing,
        "meanwhile",
        vec![count(&school("371581", 1), 7)],
    )
    .await?;
    arrives(&mesh.province, "370000", DROPOUTS, 12, 2).await?;

    // The city goes; the county works on without it, and every version of a cell makes one trip.
    mesh.donge.resume().await?;
    mesh.city.terminate().await?;
    for figure in 1..=20 {
        let unit = school("371524", 2);
        let answer = push(
            &mesh.donge,
            &format!("alone-{figure}"),
            vec![count(&unit, figure)],
        )
        .await?;
        ensure!(answer.counts.unwrap_or_default().refused == 0, "{answer:?}");
    }
    let alone = sums(&mesh.donge, "371524", DROPOUTS).await?;
    ensure!(alone.numerator == 25, "the county alone: {alone:?}");
    let behind = sums(&mesh.province, "370000", DROPOUTS).await?;
    ensure!(behind.numerator == 12, "nothing can have come: {behind:?}");
    mesh.city.resume().await?;
    arrives(&mesh.province, "370000", DROPOUTS, 32, 3).await?;
    mesh.recount().await
}

//! `liandong demo`: a whole mesh on this machine, on real plans, with sample figures.
//!
//! Twelve real nodes in processes of their own: a plan is consulted on, issued and decomposed, a
//! school year is reported and corrected, a county goes offline and comes back, an aid project is
//! completed, and every node recounts. The demonstration only uses what any client may use; it
//! reads no node's files but the address that a node announces and, when one failed, its log.
//! However it ends, it leaves no process and no file behind.

mod aid;
mod book;
mod error;
mod freshness;
pub(crate) mod identities;
mod nodes;
mod offline;
mod outcome;
mod plan;
mod print;
mod push;
mod recount;
mod samples;
mod stay;
mod steps;
mod tables;
mod world;

use std::io::{BufWriter, Write};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use liandong_core::identity::Role;
use liandong_core::language::Language;
use tokio::signal::unix::{SignalKind, signal};

use crate::local::{Kind, Workdir};
use crate::output::{Format, Output};
use error::DemoError;
use nodes::Mesh;
use outcome::{NodeLine, Outcome};
use push::{Half, Samples};
use steps::{Step, Steps, millis};
use world::World;

#[cfg(test)]
pub(crate) fn world_for_tests() -> World {
    World::new().unwrap()
}

/// The arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// 演示完毕即退出，各节点重新计算一致时退出码为 0 || End when done, with status 0 only if a recount on every node agrees
    #[arg(long)]
    pub(crate) once: bool,
    /// 结果输出为一个 JSON 对象 || Show the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs the demonstration.
///
/// # Errors
/// When there is no runtime to run it on. What goes wrong in the demonstration itself is told on
/// standard error and is an exit status.
pub(crate) fn run(arguments: &DemoArguments, output: Output) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("tokio")?;
    let language = output.language;
    let json = arguments.json || output.format == Format::Json;
    match runtime.block_on(demonstrate(arguments.once, json, language)) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(error) => {
            let mark = language.pick("错误：", "error: ");
            // When standard error has gone nobody is left to be told.
            let _ = writeln!(std::io::stderr(), "{mark}{}", error.message(language));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Whether everything agreed.
async fn demonstrate(once: bool, json: bool, language: Language) -> Result<bool, DemoError> {
    let workdir = Workdir::create(&std::env::temp_dir(), Kind::Demo)?;
    let mut mesh = Mesh::new(&workdir, language)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(DemoError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(DemoError::Signals)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(DemoError::Signals)?;
    let stopped = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
    };
    tokio::pin!(stopped);
    let conducted = tokio::select! {
        outcome = conduct(&mut mesh, language) => outcome,
        () = &mut stopped => Err(DemoError::Interrupted),
    };
    if conducted.is_err() {
        // A node that fell is the likely cause; its log says more than whoever missed it.
        for (region, log) in mesh.fallen() {
            let _ = writeln!(std::io::stderr(), "--- {region} ---\n{log}");
        }
    }
    let mut shown = match &conducted {
        Ok(outcome) => show(outcome, json, language),
        Err(_) => Ok(()),
    };
    if let (Ok(outcome), Ok(()), false) = (&conducted, &shown, once) {
        let pages = stay::open_pages(&World::new()?, &mesh).await?;
        shown = stay::tell(outcome, &pages, language);
        if shown.is_ok() {
            stopped.await;
        }
    }
    mesh.stop().await;
    // The nodes and this hold the lock; without it nothing is left of the directory.
    drop(mesh);
    drop(workdir);
    shown.map_err(DemoError::Output)?;
    Ok(conducted?.recount.agrees)
}

/// Everything that happens, in order.
async fn conduct(mesh: &mut Mesh, language: Language) -> Result<Outcome, DemoError> {
    let started = Instant::now();
    let mut steps = Steps::new(language);
    let world = World::new()?;
    let mut samples = Samples::new(&world)?;
    let all = world.places.all();
    steps
        .take(Step::Start, async {
            mesh.start(&world).await?;
            offline::linked(&world, mesh, &all).await
        })
        .await?;
    let mut plan = steps
        .take(Step::Consult, plan::consult(&world, mesh))
        .await?;
    steps.take(Step::Issue, plan::issue(&world, mesh)).await?;
    steps
        .take(Step::Decompose, plan::decompose(&world, mesh, &mut plan))
        .await?;
    steps
        .take(Step::Work, plan::work(&world, mesh, &mut plan))
        .await?;
    let mut offline = steps
        .take(Step::GoOffline, offline::leave(&world, mesh))
        .await?;
    let mut online = world.places.reporting();
    online.retain(|county| *county != world.places.leaves);
    let push = samples.push(&world, mesh, &online, Half::First);
    let push = steps.take(Step::Push, push).await?;
    let corrections = samples.push(&world, mesh, &online, Half::Corrections);
    let corrections = steps.take(Step::Correct, corrections).await?;
    steps
        .take(Step::ComeBack, async {
            // The others' reports are there before the county is back: nobody waited for it.
            offline::everything_arrives(&world, mesh, &samples).await?;
            offline::come_back(&world, mesh, &mut samples, &mut offline).await
        })
        .await?;
    let freshness = freshness::measure(&world, mesh, &mut samples);
    let freshness = steps.take(Step::Freshness, freshness).await?;
    let aid = steps.take(Step::Aid, aid::run(&world, mesh)).await?;
    let tables = steps.take(Step::Read, tables::read(&world, mesh)).await?;
    let recount = recount::recount(&world, mesh, &samples);
    let recount = steps.take(Step::Recount, recount).await?;
    let nodes = all.iter().map(|region| NodeLine {
        region: region.to_string(),
        name: world.name(*region),
        address: mesh.address(*region).unwrap_or_default().to_owned(),
        identity: mesh.folder(*region, Role::Admin).display().to_string(),
    });
    Ok(Outcome {
        figures: "sample",
        school_year: world.school_year.to_string(),
        grace_days: world.grace_days,
        folder: mesh.base().display().to_string(),
        nodes: nodes.collect(),
        plan,
        push,
        corrections,
        offline,
        freshness,
        tables,
        aid,
        recount,
        steps: steps.finish(),
        total_ms: millis(started.elapsed()),
    })
}

fn show(outcome: &Outcome, json: bool, language: Language) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    if json {
        serde_json::to_writer_pretty(&mut out, outcome)?;
        writeln!(out)?;
    } else {
        print::print(&mut out, outcome, language)?;
    }
    out.flush()
}

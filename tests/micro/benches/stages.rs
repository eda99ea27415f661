//! How long each stage takes for one report: nanoseconds of the processor's time, by criterion.
//!
//! No stage waits for anything, so what else the machine does is left out by the clock.
//!
//! ```text
//! cargo xtask bench micro                   all of them, and the table of allocations
//! cargo xtask bench micro correction/fold   those whose names have this in them
//! ```

use std::time::Duration;

use anyhow::Result;
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion};
use liandong_micro::{County, Kind, Meter, ROWS, Run, Sealing, Stage};
use rustix::time::{ClockId, clock_gettime};

const SCHOOLS: usize = 200;
/// Of the stage alone; what comes before it takes its time, too.
const MEASURED: Duration = Duration::from_millis(400);
const WARM_UP: Duration = Duration::from_millis(100);

fn main() -> Result<()> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .measurement_time(MEASURED)
        .warm_up_time(WARM_UP)
        .configure_from_args();
    let county = County::new(SCHOOLS)?;
    for kind in Kind::ALL {
        let mut group = criterion.benchmark_group(kind.name());
        for stage in Stage::ALL {
            if is_reached(kind, stage) {
                bench_stage(&mut group, &county, kind, stage)?;
            }
        }
        group.finish();
    }
    bench_sealing(&mut criterion, &county)?;
    criterion.final_summary();
    Ok(())
}

/// What changes nothing goes no further than the decision; only a year of frames fits the journal.
fn is_reached(kind: Kind, stage: Stage) -> bool {
    match kind {
        Kind::New => true,
        Kind::Correction => stage != Stage::Append,
        Kind::Duplicate => matches!(
            stage,
            Stage::Decode | Stage::Check | Stage::Decide | Stage::Answer
        ),
    }
}

fn bench_stage(
    group: &mut BenchmarkGroup<'_, WallTime>,
    county: &County,
    kind: Kind,
    stage: Stage,
) -> Result<()> {
    let mut run = None;
    let mut failed = Ok(());
    group.bench_function(stage.name(), |bencher| {
        bencher.iter_custom(|reports| {
            let spent = per_report(&mut run, county, (kind, stage), reports);
            spent.unwrap_or_else(|error| {
                failed = Err(error);
                // A time of nothing would stop the tool.
                Duration::from_nanos(1)
            })
        });
    });
    failed
}

/// The time of a stage for so many reports; whole batches are measured. The node is made when it is
/// first needed: a benchmark that is not asked for needs none.
fn per_report<'a>(
    run: &mut Option<Run<'a>>,
    county: &'a County,
    (kind, stage): (Kind, Stage),
    reports: u64,
) -> Result<Duration> {
    let run = match run {
        Some(run) => run,
        None => run.insert(Run::new(county, kind, stage == Stage::Append)?),
    };
    let mut stopwatch = Stopwatch {
        stage,
        spent: Duration::ZERO,
    };
    let batches = reports.div_ceil(ROWS as u64);
    for _ in 0..batches {
        run.step(&mut stopwatch)?;
    }
    let nanos = stopwatch.spent.as_nanos() * u128::from(reports);
    let nanos = nanos / (u128::from(batches) * ROWS as u128);
    Ok(Duration::from_nanos(u64::try_from(nanos)?))
}

struct Stopwatch {
    stage: Stage,
    spent: Duration,
}

impl Meter for Stopwatch {
    fn around<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        if stage != self.stage {
            return work();
        }
        let begun = thread_time();
        let done = work();
        self.spent += thread_time().saturating_sub(begun);
        done
    }
}

/// What this thread has used of the processor.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // The clock of a thread is never negative.
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// For a batch of figures, not for one.
fn bench_sealing(criterion: &mut Criterion, county: &County) -> Result<()> {
    let mut run = Run::new(county, Kind::New, false)?;
    while run.path().figures().len() < ROWS {
        run.step(&mut ())?;
    }
    let mut figures = run.path().figures();
    figures.truncate(ROWS);
    let sealing = Sealing::new(county.code, figures)?;
    let mut group = criterion.benchmark_group(format!("seal of {ROWS} figures"));
    let input = || sealing.figures();
    group.bench_function("root", |bencher| {
        bencher.iter_batched(input, Sealing::root, BatchSize::SmallInput);
    });
    group.bench_function("root again and compare", |bencher| {
        bencher.iter_batched(input, |cells| sealing.fits(cells), BatchSize::SmallInput);
    });
    group.bench_function("sign", |bencher| bencher.iter(|| sealing.sign()));
    group.bench_function("check", |bencher| bencher.iter(|| sealing.check()));
    group.finish();
    Ok(())
}

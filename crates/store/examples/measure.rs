//! Measures the store on this machine's disk: appending, folding a million reports without a
//! checkpoint, sealing, checkpoints. The first argument is a directory on the disk to measure, the
//! second one on another disk for the mirror.
//!
//! `cargo run --release -p liandong-store --example measure -- DIRECTORY [MIRROR]`

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use liandong_core::event::Event;
use liandong_core::region::{Level, Region, RegionCode, RegionKind};
use liandong_core::report::{Fingerprints, ReportBatch, ReportRow, Role};
use liandong_store::journal::{Journal, JournalOptions};
use liandong_store::{
    BackupLabel, Opened, Store, StoreOptions, VerifyOptions, backup, restore, verify,
};

const REPORTS: usize = 1_000_000;
const ROWS: usize = 500;
const SCHOOLS: usize = 250;
const APPENDS: usize = 3000;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let given = arguments.next().ok_or("name a directory")?;
    let mirror_disk = arguments.next().unwrap_or_else(|| given.clone());
    let process = std::process::id();
    let dir = given.join(format!("measure-{process}"));
    let mirror = mirror_disk.join(format!("measure-mirror-{process}"));
    let measured = measure(&dir, &mirror);
    let _ = fs::remove_dir_all(&dir);
    let _ = fs::remove_dir_all(&mirror);
    measured
}

fn measure(dir: &Path, mirror: &Path) -> Result<()> {
    appends("append + sync of 200 bytes", &dir.join("alone"), None)?;
    appends(
        "the same with a mirror",
        &dir.join("mirrored"),
        Some(mirror.to_path_buf()),
    )?;
    let data = dir.join("data");
    write_reports(&data)?;
    rebuild(&data)?;
    seal(&data)?;
    checkpoints(&data)?;
    copies(&data, dir)
}

fn appends(what: &str, dir: &Path, mirror: Option<PathBuf>) -> Result<()> {
    let options = JournalOptions {
        free_floor: 0,
        mirror,
        ..JournalOptions::default()
    };
    let (mut journal, _) = Journal::open(dir, options, 1, &mut |_, _| Ok(()))?;
    let mut taken = Vec::with_capacity(APPENDS);
    for _ in 0..APPENDS {
        let start = Instant::now();
        journal.append(&[7; 200])?;
        journal.sync()?;
        taken.push(start.elapsed());
    }
    taken.sort_unstable();
    let at = |hundredths: usize| taken[(taken.len() - 1) * hundredths / 100].as_micros();
    println!("{what}: p50 {} us, p99 {} us", at(50), at(99));
    Ok(())
}

fn open(data: &Path) -> Result<Opened> {
    let journal = JournalOptions {
        // Small, so that a million reports fill some.
        segment_bytes: 4 << 20,
        free_floor: 0,
        plain_segments: 0,
        ..JournalOptions::default()
    };
    let options = StoreOptions {
        journal,
        ..StoreOptions::default()
    };
    Ok(Store::open(data, options, [1; 16], &mut |_| {})?)
}

fn region(code: &str, parent: Option<&str>, level: Level) -> Result<Event> {
    let region = Region {
        code: code.parse()?,
        name: format!("地区 {code}"),
        parent: match parent {
            Some(parent) => Some(parent.parse()?),
            None => None,
        },
        level,
        kind: RegionKind::PrimarySchool,
    };
    Ok(Event::Hosted { region, epoch: 1 })
}

fn write_reports(data: &Path) -> Result<()> {
    let mut opened = open(data)?;
    let mut hosted = vec![region("371524", None, Level::County)?];
    let mut sources: Vec<RegionCode> = Vec::new();
    for number in 0..SCHOOLS {
        let code = format!("371524-{number:03}");
        sources.push(code.parse()?);
        hosted.push(region(&code, Some("371524"), Level::Unit)?);
    }
    opened.store.commit(&hosted)?;
    let mut indicators = Vec::new();
    for number in 0..40 {
        indicators.push(format!("indicator-{number}").parse()?);
    }
    let start = Instant::now();
    let mut chance = 1_u64;
    for push in 0..REPORTS / ROWS {
        let (year, month) = (2015 + push / 80 / 12, push / 80 % 12 + 1);
        let mut rows = Vec::with_capacity(ROWS);
        for row in 0..ROWS {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let cell = push % 80 * ROWS + row;
            rows.push(ReportRow {
                source: u32::try_from(cell % SCHOOLS)?,
                indicator: u32::try_from(cell / SCHOOLS % 40)?,
                period: format!("{year}-{month:02}").parse()?,
                numerator: i64::try_from(chance >> 50)?,
                denominator: i64::try_from(chance >> 48 & 0xffff)?,
                id: format!("{:08x}", chance >> 32),
                row: u32::try_from(row)?,
                revision: 1,
                role: Role::Unit,
                on_time: true,
                replaces: 0,
                note: String::new(),
            });
        }
        opened.store.commit(&[Event::Reports(ReportBatch {
            id: format!("push-{push}"),
            by: "371524".to_owned(),
            at_micros: 1_741_910_400_000_000 + i64::try_from(push)?,
            sources: sources.clone(),
            indicators: indicators.clone(),
            rows,
            fingerprints: Fingerprints::default(),
        })])?;
    }
    let bytes = used(&data.join("journal"))?;
    println!(
        "{REPORTS} reports written in frames of {ROWS} in {:.1?}: {} bytes each",
        start.elapsed(),
        bytes / REPORTS as u64
    );
    Ok(())
}

fn rebuild(data: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(data.join("sled"));
    let start = Instant::now();
    let opened = open(data)?;
    let (cells, _) = opened.state.recount();
    println!(
        "counted: row 9: {REPORTS} reports folded without a checkpoint in {:.1?} ({} frames, {cells} cells)",
        start.elapsed(),
        opened.recovery.replayed
    );
    Ok(())
}

fn seal(data: &Path) -> Result<()> {
    let opened = open(data)?;
    let (mut plain, mut sealed, mut took) = (0, 0, Duration::ZERO);
    let start = Instant::now();
    while let Some(segment) = opened.store.sealer.run()? {
        plain += segment.plain_bytes;
        sealed += segment.sealed_bytes;
        took = start.elapsed();
    }
    println!(
        "sealed {} MB to {} MB in {took:.1?}, {} % of it",
        plain >> 20,
        sealed >> 20,
        sealed * 100 / plain.max(1)
    );
    drop(opened);
    let start = Instant::now();
    open(data)?;
    println!(
        "folded again from sealed segments in {:.1?}",
        start.elapsed()
    );
    Ok(())
}

fn checkpoints(data: &Path) -> Result<()> {
    let opened = open(data)?;
    let snapshot = opened.state.snapshot();
    let mut largest = 0;
    for number in 1..=10 {
        let start = Instant::now();
        let saved = opened.store.checkpointer.save(&snapshot)?;
        let saved = saved.ok_or("no checkpoints")?;
        largest = largest.max(used(&data.join("sled"))?);
        if number == 10 {
            println!(
                "checkpoint: {} MB of state, {} MB compressed, at most {} MB of database, {:.1?} each",
                saved.bytes >> 20,
                saved.stored_bytes >> 20,
                largest >> 20,
                start.elapsed()
            );
        }
    }
    drop(opened);
    let start = Instant::now();
    open(data)?;
    println!("opened from a checkpoint in {:.1?}", start.elapsed());
    Ok(())
}

fn copies(data: &Path, dir: &Path) -> Result<()> {
    let opened = open(data)?;
    let target = dir.join("backup");
    let label = BackupLabel {
        made_micros: 0,
        incarnation: opened.store.incarnation,
    };
    let reader = opened.store.history.journal();
    for what in ["first", "second"] {
        let start = Instant::now();
        let made = backup(reader, &target, label, &mut |_| {})?;
        let (mb, took) = (made.copied_bytes >> 20, start.elapsed());
        println!("{what} backup: {mb} MB copied in {took:.1?}");
    }
    drop(opened);
    let start = Instant::now();
    restore(&target, &dir.join("restored"), &mut |_| {})?;
    println!("restored in {:.1?}", start.elapsed());
    let start = Instant::now();
    let report = verify(data, &VerifyOptions::default(), &mut |_| {})?;
    println!(
        "verified {} frames and {} cells in {:.1?}: {} faults",
        report.frames,
        report.cells,
        start.elapsed(),
        report.faults.len()
    );
    Ok(())
}

/// Bytes of the files below a directory.
fn used(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            used(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}

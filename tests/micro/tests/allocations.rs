//! Bounds on how often each stage asks for memory: the same on every machine, so a stage that begins
//! to ask more often fails here.

use allocation_counter::measure;
use anyhow::{Context, Result, ensure};
use liandong_micro::{Allocated, County, Kind, Stage, count};

/// How often a stage may ask for memory for a thousand reports: what was counted, and a little for
/// libraries that grow. Whoever makes a stage ask less often lowers its bound.
const BOUNDS: [(Kind, &[(Stage, u64)]); 3] = [
    (
        Kind::New,
        &[
            (Stage::Decode, 40),
            (Stage::Check, 15),
            (Stage::Decide, 60),
            (Stage::Fold, 230),
            (Stage::Encode, 50),
            (Stage::Append, 20),
            (Stage::List, 25),
            (Stage::Answer, 10),
        ],
    ),
    (
        Kind::Correction,
        &[
            (Stage::Decode, 40),
            (Stage::Check, 25),
            (Stage::Decide, 80),
            // What was corrected is remembered beside the cell.
            (Stage::Fold, 2_150),
            (Stage::Encode, 50),
            (Stage::Append, 20),
            (Stage::List, 30),
            (Stage::Answer, 30),
        ],
    ),
    (
        Kind::Duplicate,
        &[
            (Stage::Decode, 40),
            (Stage::Check, 15),
            (Stage::Decide, 60),
            (Stage::Answer, 30),
        ],
    ),
];

#[test]
fn no_stage_asks_for_memory_more_often_than_it_did() -> Result<()> {
    let county = County::new(25)?;
    let table = count(&county, 20, counted)?;
    println!("counted: for each thousand reports\n{table}");
    for (kind, stages) in BOUNDS {
        for (stage, most) in stages {
            let (kind_name, name) = (kind.name(), stage.name());
            let times = table.per_thousand(kind, *stage);
            let times = times.with_context(|| format!("{kind_name}/{name} was not reached"))?;
            ensure!(
                times <= *most,
                "{kind_name}/{name} asks for memory {times} times for a thousand reports, not {most}"
            );
            // A bound far above what is counted would let a regression pass.
            ensure!(
                most - times <= 60.max(times / 5),
                "{kind_name}/{name}: {times} are far below the bound of {most}; lower it"
            );
        }
    }
    Ok(())
}

fn counted(work: &mut dyn FnMut()) -> Allocated {
    let info = measure(work);
    Allocated {
        times: info.count_total,
        bytes: info.bytes_total,
    }
}

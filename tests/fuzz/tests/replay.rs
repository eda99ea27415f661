//! Every target on its first inputs, on every input that ever broke one, and on some thousand
//! inputs near them: seconds, without the engine.

use std::path::Path;

use liandong_fuzz::Target;
use liandong_fuzz::protobuf::Draw;

/// Inputs that are made of each first input.
const NEARBY: u32 = 60;

/// As long as an input may become.
const MOST: usize = 8 << 10;

#[test]
fn every_target_reads_its_first_inputs() {
    for target in Target::ALL {
        let seeds = target.seeds();
        assert!(!seeds.is_empty(), "{} begins with nothing", target.name);
        for seed in seeds {
            (target.run)(&seed);
        }
        (target.run)(&[]);
    }
}

#[test]
fn every_target_reads_what_is_near_its_first_inputs() {
    for target in Target::ALL {
        for (place, seed) in (0u32..).zip(target.seeds()) {
            let mut near = seed.clone();
            for round in 0..NEARBY {
                let number = place.wrapping_mul(7_919).wrapping_add(round);
                near = target.mutate(&near, number, MOST).unwrap_or_else(|| {
                    let mut flipped = near.clone();
                    let mut draw = Draw::new(u64::from(number));
                    let at = draw.below(flipped.len());
                    if let Some(byte) = flipped.get_mut(at) {
                        *byte ^= 1 << draw.below(8);
                    }
                    flipped
                });
                (target.run)(&near);
                if round % 8 == 7 {
                    near.clone_from(&seed);
                }
            }
        }
    }
}

#[test]
fn every_target_is_run_by_the_task() {
    let task = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/xtask/src/fuzz/targets.rs");
    let task = std::fs::read_to_string(task).unwrap_or_default();
    for target in Target::ALL {
        let listed = format!("target(\"{}\", ", target.name);
        assert!(task.contains(&listed), "{} is left out", target.name);
    }
}

/// `regressions/TARGET-anything` holds an input that broke a target once.
#[test]
fn what_broke_a_target_once_breaks_it_no_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let target = name.split('-').next().and_then(Target::named);
        let Some(target) = target else {
            assert!(name.starts_with('.') || name == "README.md", "{name}?");
            continue;
        };
        println!("{name}");
        let input = std::fs::read(entry.path());
        (target.run)(&input.unwrap_or_default());
    }
}

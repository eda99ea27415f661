//! The database is removed, cannot be opened, or panics: the state comes from the journal.

use std::fs;
use std::time::Instant;

use crate::stores::{Chance, Seen, Stored, build, count, directory};

#[test]
fn row_09_a_database_that_is_gone_or_broken_costs_only_time() {
    let harms = count("LIANDONG_DATABASES", 50);
    let mut chance = Chance(count("LIANDONG_SEED", 1));
    let root = directory();
    let (good, truth) = build(&root.path().join("good"));
    let stored = Stored {
        root: root.path().join("damaged"),
    };
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (mut told, mut bad) = (0, Vec::new());
    let begun = Instant::now();
    for number in 0..harms {
        stored.copy(&good);
        let sled = stored.data().join("sled");
        let files = stored.files("data/sled");
        match number % 5 {
            0 => fs::remove_dir_all(&sled).unwrap(),
            1 => {
                fs::remove_dir_all(&sled).unwrap();
                fs::write(&sled, b"not a folder").unwrap();
            }
            2 => {
                for file in files {
                    let length = fs::metadata(&file).unwrap().len();
                    let noise: Vec<u8> = (0..length).map(|_| chance.below(256) as u8).collect();
                    fs::write(file, noise).unwrap();
                }
            }
            3 => {
                let file = &files[chance.below(files.len() as u64) as usize];
                fs::remove_file(file).unwrap();
            }
            // Many flipped bits in the database itself, which it mostly answers with a panic.
            _ => {
                let file = files.iter().find(|file| file.ends_with("db")).unwrap();
                let mut bytes = fs::read(file).unwrap();
                for _ in 0..200 {
                    let at = chance.below(bytes.len() as u64) as usize;
                    bytes[at] ^= 1 << chance.below(8);
                }
                fs::write(file, bytes).unwrap();
            }
        }
        let seen = match stored.open(false) {
            Ok(opened) => {
                told += u64::from(opened.loss.is_some() || opened.checkpoint.is_none());
                let snapshot = opened.state.snapshot();
                opened.store.checkpointer.save(&snapshot).map(|_| ())
            }
            Err(error) => {
                bad.push(format!("{number}: {error}"));
                continue;
            }
        };
        if let Err(error) = seen {
            bad.push(format!("{number}: not saved again: {error}"));
        }
        let again = truth.look(&stored, false);
        let kept = stored.open(false).unwrap();
        if again != Seen::Whole || kept.checkpoint.is_none() || kept.loss.is_some() {
            bad.push(format!("{number}: {again:?} {:?}", kept.loss));
        }
    }
    std::panic::set_hook(hook);
    println!(
        "counted: row 9: {harms} harmed databases, {} wrong or lost, {told} told, in {} s",
        bad.len(),
        begun.elapsed().as_secs()
    );
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(told > harms / 2);
}

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use crate::checkpoint::{
    CHUNKS, CURRENT, Checkpoint, CheckpointLoss, Checkpoints, LossReason, POINTER, chunk_key,
};

fn state(seed: u64, length: usize) -> Vec<u8> {
    let mut value = seed;
    (0..length)
        .map(|_| {
            value = value
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (value >> 56) as u8
        })
        .collect()
}

fn open(data: &Path) -> (Checkpoints, Option<Checkpoint>, Option<CheckpointLoss>) {
    Checkpoints::open(data, None).unwrap()
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.retain(|path| path.is_file());
    found.sort();
    found
}

#[test]
fn the_last_one_saved_comes_back() {
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, none, loss) = open(data.path());
    assert!(none.is_none() && loss.is_none());
    for (sequence, length) in [(1, 0), (5, 1), (9, 300_000), (12, 4092), (13, 20_000)] {
        let bytes = state(sequence, length);
        let saved = checkpoints.save(sequence, &mut bytes.as_slice()).unwrap();
        assert_eq!((saved.sequence, saved.bytes), (sequence, length as u64));
        assert_eq!(
            checkpoints.load().unwrap(),
            Some(Checkpoint { sequence, bytes })
        );
    }
    drop(checkpoints);
    let (_, checkpoint, loss) = open(data.path());
    assert!(loss.is_none());
    assert_eq!(
        checkpoint,
        Some(Checkpoint {
            sequence: 13,
            bytes: state(13, 20_000)
        })
    );
    assert_eq!(
        fs::read_dir(data.path().join("sled/blobs"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_state_that_cannot_be_read_leaves_the_old_one() {
    struct Failing(usize);
    impl std::io::Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(std::io::Error::other("gone"));
            }
            self.0 -= 1;
            buffer.fill(1);
            Ok(buffer.len())
        }
    }
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, _, _) = open(data.path());
    checkpoints.save(3, &mut &b"good"[..]).unwrap();
    checkpoints.save(4, &mut Failing(20)).unwrap_err();
    let kept = Checkpoint {
        sequence: 3,
        bytes: b"good".to_vec(),
    };
    assert_eq!(checkpoints.load().unwrap(), Some(kept.clone()));
    drop(checkpoints);
    assert_eq!(open(data.path()).1, Some(kept));
}

#[test]
fn only_the_chunks_of_the_current_one_are_kept() {
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, _, _) = open(data.path());
    for sequence in 1..=5 {
        checkpoints
            .save(sequence, &mut state(sequence, 10_000).as_slice())
            .unwrap();
        let chunks =
            checkpoints.with_engine(|engine| engine.run(CHUNKS, |tree| Ok(tree.iter().count())));
        assert_eq!(chunks.unwrap(), 3);
    }
}

#[test]
fn what_the_engine_changed_unnoticed_is_named() {
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, _, _) = open(data.path());
    checkpoints
        .save(1, &mut state(1, 20_000).as_slice())
        .unwrap();
    let key = chunk_key(1, 2);
    let good = checkpoints
        .with_engine(|engine| engine.run(CHUNKS, |tree| tree.get(key)))
        .unwrap()
        .unwrap();
    let mut bad = good.to_vec();
    bad[1000] ^= 1;
    for value in [Some(bad), None] {
        let changed = checkpoints.with_engine(|engine| {
            engine.run(CHUNKS, |tree| match value {
                Some(bytes) => tree.insert(key, bytes),
                None => tree.remove(key),
            })
        });
        changed.unwrap();
        assert!(matches!(
            checkpoints.load(),
            Err(LossReason::Chunk { number: 2 })
        ));
    }
    checkpoints
        .with_engine(|engine| engine.run(CHUNKS, |tree| tree.insert(key, good)))
        .unwrap();
    assert!(checkpoints.load().unwrap().is_some());
    checkpoints
        .with_engine(|engine| engine.run(POINTER, |tree| tree.remove(CURRENT)))
        .unwrap();
    assert!(matches!(checkpoints.load(), Err(LossReason::Pointer)));
}

#[test]
fn damage_is_set_aside_and_never_believed() {
    let data = tempfile::tempdir().unwrap();
    let good = Checkpoint {
        sequence: 8,
        bytes: state(8, 40_000),
    };
    let older = Checkpoint {
        sequence: 7,
        bytes: state(7, 30_000),
    };
    let (checkpoints, _, _) = open(data.path());
    checkpoints.save(7, &mut older.bytes.as_slice()).unwrap();
    checkpoints.save(8, &mut good.bytes.as_slice()).unwrap();
    drop(checkpoints);
    let damaged = tempfile::tempdir().unwrap();
    let mut losses = 0;
    let mut tried = 0;
    for file in files(&data.path().join("sled")) {
        let name = file.file_name().unwrap();
        let length = fs::metadata(&file).unwrap().len();
        let mut damages: Vec<Damage> = vec![Damage::Remove];
        damages.extend([0, 1, length / 3, length / 2, length - 1].map(Damage::Truncate));
        damages.extend((0..12).map(|part| Damage::Flip(length * part / 12)));
        for damage in damages {
            let target = damaged.path().join("sled");
            let _ = fs::remove_dir_all(&target);
            copy_tree(&data.path().join("sled"), &target);
            damage.apply(&target.join(name));
            let (checkpoints, checkpoint, loss) = open(damaged.path());
            tried += 1;
            if let Some(loss) = loss {
                losses += 1;
                assert!(checkpoint.is_none());
                assert!(
                    loss.set_aside.is_some_and(|path| path.is_dir()),
                    "{name:?} {damage:?}"
                );
            } else if let Some(checkpoint) = checkpoint {
                assert!(
                    checkpoint == good || checkpoint == older,
                    "{name:?} {damage:?}"
                );
            }
            checkpoints.save(9, &mut &b"works again"[..]).unwrap();
            assert_eq!(checkpoints.load().unwrap().unwrap().bytes, b"works again");
        }
    }
    assert!(losses >= 10, "{losses} of {tried} found");
    let broken = fs::read_dir(damaged.path())
        .unwrap()
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("sled.broken-")
        })
        .count();
    assert_eq!(broken, 1);
}

#[derive(Debug)]
enum Damage {
    Remove,
    Truncate(u64),
    Flip(u64),
}

impl Damage {
    fn apply(&self, path: &Path) {
        match self {
            Self::Remove => fs::remove_file(path).unwrap(),
            Self::Truncate(length) => {
                OpenOptions::new()
                    .write(true)
                    .open(path)
                    .unwrap()
                    .set_len(*length)
                    .unwrap();
            }
            Self::Flip(position) => {
                let mut bytes = fs::read(path).unwrap();
                bytes[*position as usize] ^= 0x10;
                fs::write(path, bytes).unwrap();
            }
        }
    }
}

#[test]
fn values_outside_the_log_are_noticed() {
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, _, _) = open(data.path());
    checkpoints.save(1, &mut &b"state"[..]).unwrap();
    drop(checkpoints);
    fs::write(data.path().join("sled/blobs/17"), b"value").unwrap();
    let (_, checkpoint, loss) = open(data.path());
    assert!(checkpoint.is_none());
    assert!(matches!(
        loss,
        Some(CheckpointLoss {
            reason: LossReason::Engine(_),
            ..
        })
    ));
}

#[test]
fn a_rejected_checkpoint_is_gone_and_the_next_one_counts() {
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, _, _) = open(data.path());
    checkpoints
        .save(1, &mut &b"of an older version"[..])
        .unwrap();
    let loss = checkpoints.reject("unknown version".into()).unwrap();
    assert!(matches!(loss.reason, LossReason::Rejected(_)));
    assert_eq!(checkpoints.load().unwrap(), None);
    checkpoints.save(2, &mut &b"new"[..]).unwrap();
    assert_eq!(checkpoints.load().unwrap().unwrap().sequence, 2);
}

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use crate::checkpoint::writer::chunk_key;
use crate::checkpoint::{
    Beside, CHUNKS, CURRENT, Checkpoint, CheckpointLoss, Checkpoints, LossReason, POINTER,
    SaveError, Saved,
};
use crate::engine::{Engine, generation};
use crate::journal::Sequence;

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

fn save(checkpoints: &Checkpoints, sequence: Sequence, bytes: &[u8]) -> Result<Saved, SaveError> {
    checkpoints.save(sequence, &Beside::default(), &mut |writer| {
        writer.write_all(bytes)
    })
}

fn checkpoint(sequence: Sequence, bytes: Vec<u8>) -> Checkpoint {
    Checkpoint {
        sequence,
        bytes,
        beside: Beside::default(),
    }
}

/// The only database there is.
fn database(data: &Path) -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir(data.join("sled"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    assert_eq!(found.len(), 1);
    found.remove(0)
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
        let saved = save(&checkpoints, sequence, &bytes).unwrap();
        assert_eq!((saved.sequence, saved.bytes), (sequence, length as u64));
        assert_eq!(
            checkpoints.load().unwrap(),
            Some(checkpoint(sequence, bytes))
        );
    }
    drop(checkpoints);
    let (_, last, loss) = open(data.path());
    assert!(loss.is_none());
    assert_eq!(last, Some(checkpoint(13, state(13, 20_000))));
    let blobs = database(data.path()).join("blobs");
    assert_eq!(fs::read_dir(blobs).unwrap().count(), 0);
}

#[test]
fn a_state_that_cannot_be_written_leaves_the_old_one() {
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, _, _) = open(data.path());
    save(&checkpoints, 3, b"good").unwrap();
    let failed = checkpoints.save(4, &Beside::default(), &mut |writer| {
        writer.write_all(&[1; 50_000])?;
        Err(std::io::Error::other("gone"))
    });
    assert!(matches!(failed, Err(SaveError::Source(_))));
    let kept = checkpoint(3, b"good".to_vec());
    assert_eq!(checkpoints.load().unwrap(), Some(kept.clone()));
    drop(checkpoints);
    database(data.path());
    assert_eq!(open(data.path()).1, Some(kept));
}

#[test]
fn what_a_crash_leaves_beside_the_current_one_is_not_it_and_goes() {
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, _, _) = open(data.path());
    save(&checkpoints, 3, b"good").unwrap();
    let root = data.path().join("sled");
    // The next one was being written, or was whole and not switched to.
    copy_tree(&generation(&root, 1), &generation(&root, 2));
    fs::create_dir(generation(&root, 3)).unwrap();
    assert_eq!(checkpoints.load().unwrap().unwrap().bytes, b"good");
    save(&checkpoints, 4, b"better").unwrap();
    assert_eq!(database(data.path()), generation(&root, 4));
    assert_eq!(open(data.path()).1, Some(checkpoint(4, b"better".to_vec())));
}

#[test]
fn space_does_not_grow_with_the_number_of_checkpoints() {
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, _, _) = open(data.path());
    let length = 8_000_000;
    // As compressible as a real state is, at least.
    let bytes: Vec<u8> = state(1, length).iter().map(|byte| byte & 0x0f).collect();
    let mut largest = 0;
    for sequence in 1..=20 {
        let saved = save(&checkpoints, sequence, &bytes).unwrap();
        assert!(saved.stored_bytes < saved.bytes);
        let mut size = 0;
        for file in files(&database(data.path())) {
            size += fs::metadata(file).unwrap().len();
        }
        largest = largest.max(size);
    }
    assert!(largest < 2 * length as u64, "{largest}");
}

#[test]
fn what_the_engine_changed_unnoticed_is_named() {
    let data = tempfile::tempdir().unwrap();
    let (checkpoints, _, _) = open(data.path());
    save(&checkpoints, 1, &state(1, 20_000)).unwrap();
    let dir = database(data.path());
    let change = |tree: &str, key: &[u8], value: Option<&[u8]>| {
        let engine = Engine::open(&dir).unwrap();
        let before = engine.run(tree, |tree| match value {
            Some(bytes) => tree.insert(key, bytes),
            None => tree.remove(key),
        });
        engine.flush().unwrap();
        engine.close().unwrap();
        before.unwrap().unwrap()
    };
    let key = chunk_key(1, 2);
    let good = change(CHUNKS, &key, None);
    assert!(matches!(
        checkpoints.load(),
        Err(LossReason::Chunk { number: 2 })
    ));
    let mut bad = good.to_vec();
    bad[1000] ^= 1;
    let engine = Engine::open(&dir).unwrap();
    engine.run(CHUNKS, |tree| tree.insert(key, bad)).unwrap();
    engine.flush().unwrap();
    engine.close().unwrap();
    assert!(matches!(
        checkpoints.load(),
        Err(LossReason::Chunk { number: 2 })
    ));
    change(CHUNKS, &key, Some(&good));
    assert!(checkpoints.load().unwrap().is_some());
    change(POINTER, CURRENT, None);
    assert!(matches!(checkpoints.load(), Err(LossReason::Pointer)));
}

#[test]
fn a_database_of_the_layout_before_is_set_aside() {
    let data = tempfile::tempdir().unwrap();
    let engine = Engine::open(&data.path().join("sled")).unwrap();
    engine
        .run(CHUNKS, |tree| tree.insert(b"old", b"old"))
        .unwrap();
    engine.flush().unwrap();
    engine.close().unwrap();
    let (checkpoints, none, loss) = open(data.path());
    assert!(none.is_none());
    assert!(matches!(loss.unwrap().reason, LossReason::OldLayout));
    save(&checkpoints, 1, b"new").unwrap();
    assert_eq!(checkpoints.load().unwrap().unwrap().bytes, b"new");
}

#[test]
fn something_else_in_the_place_of_the_folder_is_set_aside() {
    for harm in 0..3 {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("sled");
        match harm {
            0 => fs::write(&path, b"not a folder").unwrap(),
            1 => std::os::unix::fs::symlink("/no/such/folder", &path).unwrap(),
            _ => {
                fs::create_dir(&path).unwrap();
                fs::write(path.join("current"), b"damaged").unwrap();
            }
        }
        let (checkpoints, none, loss) = open(data.path());
        assert!(none.is_none() && loss.is_some(), "{harm}");
        save(&checkpoints, 1, b"new").unwrap();
        assert_eq!(checkpoints.load().unwrap().unwrap().bytes, b"new");
    }
}

#[test]
fn damage_is_set_aside_and_never_believed() {
    let data = tempfile::tempdir().unwrap();
    let good = checkpoint(8, state(8, 40_000));
    let older = checkpoint(7, state(7, 30_000));
    let (checkpoints, _, _) = open(data.path());
    save(&checkpoints, 7, &older.bytes).unwrap();
    save(&checkpoints, 8, &good.bytes).unwrap();
    drop(checkpoints);
    let damaged = tempfile::tempdir().unwrap();
    let mut losses = 0;
    let mut tried = 0;
    let current = data.path().join("sled/current");
    for file in files(&database(data.path())).into_iter().chain([current]) {
        let name = file.strip_prefix(data.path()).unwrap();
        let length = fs::metadata(&file).unwrap().len();
        let mut damages: Vec<Damage> = vec![Damage::Remove];
        damages.extend([0, 1, length / 3, length / 2, length - 1].map(Damage::Truncate));
        damages.extend((0..12).map(|part| Damage::Flip(length * part / 12)));
        for damage in damages {
            let target = damaged.path().join("sled");
            let _ = fs::remove_dir_all(&target);
            copy_tree(&data.path().join("sled"), &target);
            damage.apply(&damaged.path().join(name));
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
            save(&checkpoints, 9, b"works again").unwrap();
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
    save(&checkpoints, 1, b"state").unwrap();
    drop(checkpoints);
    fs::write(database(data.path()).join("blobs/17"), b"value").unwrap();
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
    save(&checkpoints, 1, b"of an older version").unwrap();
    let loss = checkpoints.reject("unknown version".into()).unwrap();
    assert!(matches!(loss.reason, LossReason::Rejected(_)));
    assert_eq!(checkpoints.load().unwrap(), None);
    save(&checkpoints, 2, b"new").unwrap();
    assert_eq!(checkpoints.load().unwrap().unwrap().sequence, 2);
}

//! Row 9: the database of checkpoints is gone, or is no database any more. It is set aside and made
//! again from the journal, the node says so, and the figures are right.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_tests::chance::Chance;
use liandong_tests::node::Node;
use liandong_tests::outcome::{counted, times};

use crate::county::{BUSY, Office, settings};

const ROW: &str = "row 9";

/// What is done to the folder `sled`.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Removed,
    Emptied,
    IsAFile,
    IsNowhere,
    Garbage,
    Truncated,
    Flipped,
}

const HARMS: [Harm; 7] = [
    Harm::Removed,
    Harm::Emptied,
    Harm::IsAFile,
    Harm::IsNowhere,
    Harm::Garbage,
    Harm::Truncated,
    Harm::Flipped,
];

impl Harm {
    fn apply(self, sled: &Path, chance: &mut Chance) -> Result<()> {
        match self {
            Self::Removed => fs::remove_dir_all(sled)?,
            Self::Emptied => {
                fs::remove_dir_all(sled)?;
                fs::create_dir(sled)?;
            }
            Self::IsAFile => {
                fs::remove_dir_all(sled)?;
                fs::write(sled, b"not a folder")?;
            }
            Self::IsNowhere => {
                fs::remove_dir_all(sled)?;
                std::os::unix::fs::symlink("/no/such/folder", sled)?;
            }
            Self::Garbage => {
                for path in files(sled)? {
                    let length = fs::metadata(&path)?.len();
                    let noise: Vec<u8> = (0..length)
                        .map(|_| u8::try_from(chance.below(256)).unwrap_or(0))
                        .collect();
                    fs::write(&path, noise)?;
                }
            }
            Self::Truncated => {
                for path in files(sled)? {
                    let file = File::options().write(true).open(&path)?;
                    file.set_len(chance.below(file.metadata()?.len()))?;
                }
            }
            Self::Flipped => {
                for path in files(sled)? {
                    let file = File::options().read(true).write(true).open(&path)?;
                    let length = file.metadata()?.len();
                    for _ in 0..8.min(length) {
                        let at = chance.below(length);
                        let mut byte = [0];
                        file.read_exact_at(&mut byte, at)?;
                        byte[0] ^= 1 << chance.below(8);
                        file.write_all_at(&byte, at)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the node must say that its checkpoint was of no use; a few flipped bits may lie
    /// where nothing is.
    fn must_be_told(self) -> bool {
        !matches!(self, Self::Flipped)
    }
}

/// Every file in a folder and in those below it.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 9"]
async fn row_09_a_lost_database_is_made_again() -> Result<()> {
    let harms = times(50, 50)?;
    let mut office = Office::open(ROW)?;
    let mut node = Node::start(settings(BUSY)).await?;
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    for (_, harm) in (0..harms).zip(HARMS.iter().cycle()) {
        office.calm(&node, Duration::from_millis(100)).await?;
        // The first checkpoint makes the database; a node that stops in order saves one.
        if node.path("data/sled").exists() && office.chance.one_in(2) {
            node.kill()?;
        } else {
            node.terminate().await?;
        }
        harm.apply(&node.path("data/sled"), &mut office.chance)?;
        let before = node.log().len();
        let start = Instant::now();
        let up = node.resume().await;
        up.with_context(|| format!("{harm:?}"))?;
        slowest = slowest.max(start.elapsed());
        let log = node.log().split_off(before);
        let told = log.contains("checkpoint was not usable") || log.contains("\"checkpoint\":0,");
        ensure!(told || !harm.must_be_told(), "{harm:?} is not told:\n{log}");
        office.settle(&node).await?;
    }
    office.ledger.settle_all(&node).await?;
    node.recount().await?;
    counted(
        ROW,
        &format!(
            "{harms} harmed databases in {} ways, {}, slowest start {} ms, in {} s",
            HARMS.len(),
            office.ledger.tally(),
            slowest.as_millis(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}

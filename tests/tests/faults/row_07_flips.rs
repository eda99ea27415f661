//! Rows 7 and 8 on processes: one flipped bit or a torn end in any file of a node. It starts with
//! the right figures, or it stops and says which file or frame is damaged and what to do; it never
//! shows a wrong figure, and never ends without a word.
//!
//! The ten thousand flips that the rows ask for are made to the library, beside its code; here it
//! is seen that the process tells what the library finds.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use liandong_tests::machine::run;
use liandong_tests::node::{Ended, Node};
use liandong_tests::outcome::{counted, times};

use crate::county::{Office, settings};
use crate::row_09_sled::files;

const ROW: &str = "rows 7 and 8";

/// Several segments, several checkpoints.
const SMALL: &str = "[journal]\nsegment_mb = 1\nfree_floor_mb = 0\ncheckpoint_frames = 200\n";

#[derive(Default)]
struct Found {
    right: u64,
    told: u64,
    verified: u64,
}

/// A damaged node that stops says with its last words what is damaged, and does not panic.
fn says_why(ended: &Ended, path: &Path) -> Result<()> {
    let log = &ended.log;
    let last: Vec<&str> = log
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let names = [&*name, "segment", "frame", "identity"];
    ensure!(
        last.iter()
            .any(|line| names.iter().any(|named| line.contains(named))),
        "{} is damaged and nothing is said of it: {}\n{log}",
        path.display(),
        ended.status
    );
    ensure!(!log.contains("panicked"), "{}: {log}", path.display());
    ensure!(
        ended.status.code().is_some(),
        "{}: {}\n{log}",
        path.display(),
        ended.status
    );
    Ok(())
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 7"]
async fn row_07_08_flipped_bits_and_torn_files() -> Result<()> {
    let harms = times(60, 400)?;
    let mut office = Office::open(ROW)?;
    let mut node = Node::start(settings(SMALL)).await?;
    let begun = Instant::now();
    for _ in 0..3 {
        let work = office.bulky_work(&node);
        let load = office.push(&work);
        tokio::time::sleep(Duration::from_millis(700)).await;
        office.close(load).await?;
    }
    office.settle(&node).await?;
    // Neither a fresh checkpoint nor a tidy end.
    node.kill()?;
    let data = node.path("data");
    let sound = node.path("sound");
    run(&["cp", "-a", text(&data)?, text(&sound)?])?;
    let segments = files(&sound.join("journal"))?.len();
    let mut found = Found::default();
    for round in 0..harms {
        fs::remove_dir_all(&data)?;
        run(&["cp", "-a", text(&sound)?, text(&data)?])?;
        let mut all = files(&data)?;
        all.retain(|path| {
            !path.ends_with("lock") && fs::metadata(path).is_ok_and(|it| it.len() > 0)
        });
        let place = usize::try_from(office.chance.below(all.len() as u64))?;
        let path = all.get(place).context("no files")?.clone();
        let file = File::options().read(true).write(true).open(&path)?;
        let length = file.metadata()?.len();
        let at = office.chance.below(length);
        let harm = if round % 4 == 3 {
            file.set_len(at)?;
            format!("{} cut at {at} of {length}", path.display())
        } else {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at)?;
            byte[0] ^= 1 << office.chance.below(8);
            file.write_all_at(&byte, at)?;
            format!("{} flipped at {at} of {length}", path.display())
        };
        drop(file);
        let ended = node.resume_or_end().await;
        match ended.with_context(|| harm.clone())? {
            Some(ended) => {
                says_why(&ended, &path)?;
                found.told += 1;
            }
            None => {
                if let Err(wrong) = office.ledger.settle_all(&node).await {
                    // Damage in an old segment that the start need not read: to be found by verify,
                    // and shown by nobody.
                    let told = node.recount().await;
                    let Err(told) = told else {
                        bail!("{harm}: verify finds nothing, but {wrong:#}");
                    };
                    ensure!(
                        !wrong.to_string().contains("lost"),
                        "{harm}: {wrong:#}; {told:#}"
                    );
                    found.verified += 1;
                } else {
                    found.right += 1;
                }
                node.kill()?;
            }
        }
    }
    counted(
        ROW,
        &format!(
            "{harms} damages in {segments} segments and the rest: {} started with the right \
             figures, {} stopped with a reason, {} found by verify and not shown, 0 wrong, in {} s",
            found.right,
            found.told,
            found.verified,
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a folder with a strange name")
}

//! One flipped byte: found, told with its place, never restored from, and mended.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use liandong_tests::figures::{DROPOUTS, count, push, sums};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

use super::{COUNTY, ask, printed, run, run_for_facts, text};

/// Flips one byte and returns where.
fn flip(path: &Path, offset: u64) -> Result<()> {
    let file = std::fs::File::options().read(true).write(true).open(path)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset)?;
    file.write_all_at(&[byte[0] ^ 0x10], offset)?;
    file.sync_all()?;
    Ok(())
}

/// The only file with that ending.
fn only_file(dir: &Path, ending: &str) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            found.push(path);
        }
    }
    ensure!(found.len() == 1, "{found:?}");
    found.pop().context("no file")
}

struct Stopped {
    node: Node,
    disk: tempfile::TempDir,
    /// A byte in the middle of what was written.
    middle: u64,
}

/// A node with sixty frames and a mirror, backed up and stopped.
async fn stopped() -> Result<Stopped> {
    let disk = tempfile::tempdir()?;
    let mirror = disk.path().join("mirror");
    let section = format!("[journal]\nsegment_mb = 1\nmirror = {:?}", text(&mirror)?);
    let settings = Settings::new(COUNTY).schools(COUNTY, 1).section(&section);
    let mut node = Node::start(settings).await?;
    for number in 1..=60 {
        let row = count(&school(COUNTY, 1), number);
        push(&node, &number.to_string(), vec![row]).await?;
    }
    let (config, to) = (node.path("node.toml"), disk.path().join("backup"));
    run_for_facts(&["backup", "--config", text(&config)?, "--to", text(&to)?]).await?;
    let backed = only_file(&to.join("segments"), "seg")?;
    let middle = std::fs::metadata(&backed)?.len() / 2;
    let (status, _) = node.terminate().await?;
    ensure!(status.success(), "{status}");
    Ok(Stopped { node, disk, middle })
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_flipped_byte_in_the_journal_is_named_and_mended() -> Result<()> {
    let Stopped {
        mut node,
        disk,
        middle,
    } = stopped().await?;
    let data = node.path("data");
    let segment = only_file(&data.join("journal"), "seg")?;
    let whole = std::fs::read(&segment)?;
    let config = node.path("node.toml");
    let (data, config) = (text(&data)?.to_owned(), text(&config)?.to_owned());
    let backup = disk.path().join("backup");
    for from in ["mirror", text(&backup)?] {
        flip(&segment, middle)?;
        let found = run("en", &["verify", "--data", &data]).await?;
        let said = printed(&found);
        ensure!(found.status.code() == Some(1), "{said}");
        for told in ["differs", "segment 1", "frame "] {
            ensure!(said.contains(told), "{told:?} is not told: {said}");
        }
        let found = run("zh", &["verify", "--data", &data]).await?;
        let said = printed(&found);
        ensure!(
            said.contains("不符") && said.contains("第 1 段") && said.contains("帧"),
            "{said}"
        );
        // The backup and the mirror are sound; only the journal is named.
        let sound = run("en", &["verify", "--backup", text(&backup)?]).await?;
        ensure!(sound.status.success(), "{}", printed(&sound));

        let mended = run("en", &["repair", "--config", &config, "--from", from]).await?;
        let said = printed(&mended);
        ensure!(mended.status.success(), "{said}");
        ensure!(said.contains("the journal is sound"), "{said}");
        let now = std::fs::read(&segment)?;
        ensure!(now == whole, "the mended journal is not what it was");
        run_for_facts(&["verify", "--config", &config]).await?;
        let again = run("en", &["repair", "--config", &config, "--from", from]).await?;
        ensure!(
            again.status.success() && printed(&again).contains("nothing to mend"),
            "{}",
            printed(&again)
        );
    }
    node.resume().await?;
    node.recount().await?;
    let held = sums(&node, COUNTY, DROPOUTS).await?;
    ensure!((held.numerator, held.reported) == (60, 1), "{held:?}");
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_damaged_node_says_so_when_it_starts_and_a_running_one_when_it_is_asked() -> Result<()> {
    let Stopped {
        mut node, middle, ..
    } = stopped().await?;
    let segment = only_file(&node.path("data/journal"), "seg")?;
    // Without the mirror, which would mend it at once.
    let plain = Settings::new(COUNTY)
        .schools(COUNTY, 1)
        .section("[journal]\nsegment_mb = 1");
    node.resume_with(plain).await?;
    flip(&segment, middle)?;
    let found = ask(&node, &["verify"]).await?;
    let said = printed(&found);
    ensure!(found.status.code() == Some(1), "{said}");
    for told in ["differs", "segment 1", "frame "] {
        ensure!(said.contains(told), "{told:?} is not told: {said}");
    }
    node.kill()?;
    // Without its checkpoint the node has to read what is damaged.
    std::fs::remove_dir_all(node.path("data/sled"))?;
    let config = node.path("node.toml");
    for (language, told) in [("en", "liandong repair"), ("zh", "未改动任何文件")] {
        let words = ["serve", "--config", text(&config)?];
        let refused = run(language, &words).await?;
        let said = printed(&refused);
        ensure!(
            refused.status.code() == Some(1) && said.contains(told),
            "{told:?}: {said}"
        );
    }
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_flipped_byte_in_a_backup_is_named_and_nothing_is_restored_from_it() -> Result<()> {
    let Stopped {
        node: _node,
        disk,
        middle,
    } = stopped().await?;
    let backup = disk.path().join("backup");
    let segment = only_file(&backup.join("segments"), "seg")?;
    flip(&segment, middle)?;
    let found = run("en", &["verify", "--backup", text(&backup)?]).await?;
    let said = printed(&found);
    let name = segment.file_name().context("no name")?.to_string_lossy();
    ensure!(found.status.code() == Some(1), "{said}");
    ensure!(
        said.contains(&*name) || said.contains("segment 1"),
        "{said}"
    );
    let empty = disk.path().join("empty");
    let words = ["restore", "--from", text(&backup)?, "--data", text(&empty)?];
    let refused = run("zh", &words).await?;
    let said = printed(&refused);
    ensure!(
        refused.status.code() == Some(1) && said.contains("什么也没有恢复"),
        "{said}"
    );
    ensure!(!empty.exists(), "something was restored");
    Ok(())
}

//! What is refused, in both languages, with its exit status; nothing is left behind.

use std::path::Path;

use anyhow::{Result, ensure};
use liandong_tests::figures::{count, push_new};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

use super::{COUNTY, printed, run, run_for_facts, text};

/// A command that must fail, and what it must say in Chinese and in English.
struct Refused<'w> {
    words: Vec<&'w str>,
    zh: &'w str,
    en: &'w str,
}

async fn refused(case: Refused<'_>) -> Result<()> {
    let Refused { words, zh, en } = case;
    for (language, told) in [("zh", zh), ("en", en)] {
        let output = run(language, &words).await?;
        let said = printed(&output);
        ensure!(
            output.status.code() == Some(1),
            "{words:?} ended with {}: {said}",
            output.status
        );
        ensure!(
            said.contains(told),
            "{words:?} does not say {told:?}: {said}"
        );
    }
    Ok(())
}

fn names_in(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn what_cannot_be_done_is_refused_in_both_languages_and_leaves_nothing() -> Result<()> {
    let node = Node::start(Settings::new(COUNTY).schools(COUNTY, 1)).await?;
    push_new(&node, "1", vec![count(&school(COUNTY, 1), 3)]).await?;
    let disk = tempfile::tempdir()?;
    let (data, backup) = (node.path("data"), disk.path().join("backup"));
    let (data, backup) = (text(&data)?, text(&backup)?);
    let running = node.path("node.toml");
    let running = text(&running)?;
    run_for_facts(&["backup", "--config", running, "--to", backup]).await?;

    let [file, empty, full, nowhere] =
        ["file", "empty", "full", "nowhere"].map(|name| disk.path().join(name));
    std::fs::write(&file, "a file")?;
    std::fs::create_dir(&empty)?;
    std::fs::create_dir(&full)?;
    std::fs::write(full.join("letter.txt"), "not a backup")?;
    let below_a_file = file.join("backup");
    let inside = node.path("data/backup");
    let config = node.path("node.toml");
    let (empty, full, nowhere) = (text(&empty)?, text(&full)?, text(&nowhere)?);
    let (below_a_file, inside) = (text(&below_a_file)?, text(&inside)?);
    let before = names_in(disk.path())?;
    let cases = [
        Refused {
            words: vec!["backup", "--data", empty, "--to", nowhere],
            zh: "不是节点的数据目录",
            en: "is not a node's data folder",
        },
        Refused {
            words: vec!["backup", "--data", nowhere, "--to", nowhere],
            zh: "不是节点的数据目录",
            en: "is not a node's data folder",
        },
        Refused {
            words: vec!["backup", "--config", running, "--to", full],
            zh: "不是空目录，也不是备份",
            en: "is not empty and not a backup",
        },
        Refused {
            words: vec!["backup", "--config", running, "--to", below_a_file],
            zh: "不是目录",
            en: "not a directory",
        },
        Refused {
            words: vec!["backup", "--config", running, "--to", inside],
            zh: "在数据目录之内",
            en: "is inside the data folder",
        },
        Refused {
            words: vec!["restore", "--from", backup, "--data", full],
            zh: "不是空目录",
            en: "is not empty",
        },
        Refused {
            words: vec!["restore", "--from", backup, "--data", data],
            zh: "不是空目录",
            en: "is not empty",
        },
        Refused {
            words: vec!["restore", "--from", full, "--data", nowhere],
            zh: "不是备份",
            en: "is not a backup",
        },
        Refused {
            words: vec!["verify", "--data", data],
            zh: "使用：先停止该节点",
            en: "stop that node",
        },
        Refused {
            words: vec!["verify", "--backup", full],
            zh: "不是备份",
            en: "is not a backup",
        },
        Refused {
            words: vec!["repair", "--data", data, "--from", backup],
            zh: "使用：先停止该节点",
            en: "stop that node",
        },
        Refused {
            words: vec!["repair", "--config", text(&config)?, "--from", "mirror"],
            zh: "journal.mirror",
            en: "journal.mirror",
        },
        Refused {
            words: vec!["backup", "--config", "/no/such/node.toml", "--to", nowhere],
            zh: "无法读取配置文件",
            en: "cannot read the configuration",
        },
    ];
    for case in cases {
        refused(case).await?;
    }
    ensure!(
        names_in(disk.path())? == before,
        "something was left behind: {:?}",
        names_in(disk.path())?
    );
    // A command line that cannot be meant.
    for words in [
        &["backup", "--to", nowhere][..],
        &["backup", "--data", data, "--config", data, "--to", nowhere],
        &["restore", "--from", backup],
        &["verify", "--data", data, "--backup", backup],
        &["verify", "--only", "moon"],
    ] {
        let output = run("zh", words).await?;
        ensure!(output.status.code() == Some(2), "{words:?}: {output:?}");
    }
    node.recount().await?;
    Ok(())
}

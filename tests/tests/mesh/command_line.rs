//! The command line as a clerk uses it: the exit status tells the truth, and files that Excel or a
//! bad disk made do no harm.

use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use liandong_tests::figures::{DROPOUTS, MONTH, sums};
use liandong_tests::node::Node;
use liandong_tests::program::liandong;
use liandong_tests::settings::{Settings, school};

/// A node, and a folder for the clerk's files, which is the node's own.
struct Desk {
    node: Node,
}

impl Desk {
    async fn open() -> Result<Self> {
        let settings = Settings::new("371524").schools("371524", 3);
        Ok(Self {
            node: Node::start(settings).await?,
        })
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(liandong()?);
        command
            .args(["--lang", "en"])
            .args(self.node.asked())
            .args(arguments);
        command.output().context("cannot start the program")
    }

    /// Pushes a file; returns whether the exit status is 0, and all that was printed.
    fn push(&self, content: &[u8]) -> Result<(bool, String)> {
        self.push_with(content, &[])
    }

    fn push_with(&self, content: &[u8], options: &[&str]) -> Result<(bool, String)> {
        let path = self.node.path("reports.csv");
        std::fs::write(&path, content)?;
        let path = path.to_str().context("a folder with a strange name")?;
        let output = self.run(&[&["report", "push", path], options].concat())?;
        let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
        printed.push_str(&String::from_utf8_lossy(&output.stderr));
        ensure!(!printed.contains("panicked"), "{printed}");
        Ok((output.status.success(), printed))
    }

    async fn holds(&self, numerator: i64, reported: u32) -> Result<()> {
        let held = sums(&self.node, "371524", DROPOUTS).await?;
        ensure!(
            (held.numerator, held.reported) == (numerator, reported),
            "{held:?}"
        );
        Ok(())
    }
}

fn csv(rows: &[(String, &str)]) -> String {
    let mut text = "source,indicator,period,numerator\n".to_owned();
    for (source, numerator) in rows {
        text.push_str(&format!("{source},{DROPOUTS},{MONTH},{numerator}\n"));
    }
    text
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_push_says_with_its_exit_status_whether_all_was_taken() -> Result<()> {
    let desk = Desk::open().await?;
    let (first, second) = (school("371524", 1), school("371524", 2));
    let good = csv(&[(first.clone(), "3"), (second.clone(), "4")]);
    let (well, printed) = desk.push(good.as_bytes())?;
    ensure!(well, "{printed}");
    desk.holds(7, 2).await?;
    let (well, printed) = desk.push(good.as_bytes())?;
    ensure!(well, "the same file again: {printed}");
    desk.holds(7, 2).await?;

    let mixed = csv(&[(first, "5"), (second, "many"), ("500243".to_owned(), "1")]);
    let (well, printed) = desk.push(mixed.as_bytes())?;
    ensure!(!well, "two rows were refused: {printed}");
    for told in ["many", "numerator", "500243", "NO_RIGHT"] {
        ensure!(printed.contains(told), "{told:?} is not told: {printed}");
    }
    desk.holds(9, 2).await
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn of_two_values_for_one_figure_the_later_row_is_refused() -> Result<()> {
    let desk = Desk::open().await?;
    let (first, second) = (school("371524", 1), school("371524", 2));
    let rows = [(first.clone(), "3"), (second, "4"), (first.clone(), "5")];
    let file = csv(&rows);
    let (well, printed) = desk.push_with(file.as_bytes(), &["--all-or-nothing"])?;
    ensure!(!well && printed.contains("CONTRADICTION"), "{printed}");
    desk.holds(0, 0).await?;
    for _ in 0..2 {
        let (well, printed) = desk.push(file.as_bytes())?;
        ensure!(!well, "the file says two things: {printed}");
        for told in ["CONTRADICTION", "numerator", "line 2 says \"3\""] {
            ensure!(printed.contains(told), "{told:?} is not told: {printed}");
        }
        desk.holds(7, 2).await?;
    }
    let figure = [
        "--source",
        &first,
        "--indicator",
        DROPOUTS,
        "--period",
        MONTH,
    ];
    let asked = [&["report", "history", "--format", "csv"][..], &figure].concat();
    let output = desk.run(&asked)?;
    let history = String::from_utf8_lossy(&output.stdout);
    ensure!(history.lines().count() == 2, "{history}");
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_broken_file_is_refused_by_its_line() -> Result<()> {
    let desk = Desk::open().await?;
    let unit = school("371524", 1);
    let mut broken = csv(&[(unit.clone(), "3")]).into_bytes();
    broken.extend_from_slice(b"3715\xff\xfe\x80,x,2025-03,1\n");
    let noise: Vec<u8> = (0..200_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let (well, printed) = desk.push_with(&broken, &["--all-or-nothing"])?;
    ensure!(!well && printed.contains("line 3"), "{printed}");
    desk.holds(0, 0).await?;
    let files: [(&[u8], &str); 4] = [
        (&noise, ""),
        (b"", "empty"),
        (b"source,indicator\n371524,compulsory-dropouts\n", "period"),
        (&b"\0".repeat(10_000), ""),
    ];
    for (file, told) in files {
        let (well, printed) = desk.push(file)?;
        ensure!(!well, "a broken file was taken: {printed}");
        ensure!(
            printed.contains(told) && !printed.is_empty(),
            "{told:?} is not told: {printed}"
        );
        desk.holds(0, 0).await?;
    }
    // Rows in front of a broken one are taken, and it is said how many.
    let (well, printed) = desk.push(&broken)?;
    ensure!(!well && printed.contains("line 3"), "{printed}");
    ensure!(printed.contains("accepted 1"), "{printed}");
    desk.holds(3, 1).await?;
    // What Excel writes: a byte order mark.
    let (well, printed) = desk.push(format!("\u{feff}{}", csv(&[(unit, "6")])).as_bytes())?;
    ensure!(well, "a byte order mark: {printed}");
    desk.holds(6, 1).await
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn commands_that_cannot_do_what_they_say_fail() -> Result<()> {
    let mut desk = Desk::open().await?;
    ensure!(
        desk.run(&["status"])?.status.success(),
        "status of a running node"
    );
    ensure!(
        desk.run(&["verify"])?.status.success(),
        "verification of a sound node"
    );
    let asked = [
        "rollup",
        "get",
        "371524",
        "--indicator",
        DROPOUTS,
        "--period",
        MONTH,
    ];
    for format in ["table", "json", "csv"] {
        let output = desk.run(&[&asked[..], &["--format", format]].concat())?;
        ensure!(output.status.success(), "--format {format}: {output:?}");
        ensure!(
            !output.stdout.is_empty(),
            "--format {format} printed nothing"
        );
    }
    let wrong: [&[&str]; 5] = [
        &["no-such-command"],
        &["report", "push", "/no/such/file.csv"],
        &[
            "rollup",
            "get",
            "371524",
            "--indicator",
            "no-such-thing",
            "--period",
            MONTH,
        ],
        &[
            "rollup",
            "get",
            "371524",
            "--indicator",
            DROPOUTS,
            "--period",
            "2025-13",
        ],
        &["plan", "show", "no-such-plan"],
    ];
    for arguments in wrong {
        let output = desk.run(arguments)?;
        ensure!(!output.status.success(), "{arguments:?} exited with 0");
        ensure!(!output.stderr.is_empty(), "{arguments:?} said nothing");
    }
    desk.node.terminate().await?;
    ensure!(
        !desk.run(&["status"])?.status.success(),
        "status of a node that is gone"
    );
    Ok(())
}

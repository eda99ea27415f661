//! Kills a writing process again and again: what it acknowledged is there, once and whole.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use liandong_core::state::State;

use crate::store::tests::{batch, bytes_of, commit, open};

const LOOPS: u64 = 50;
const DIRECTORY: &str = "LIANDONG_STORE_CRASH_DIR";

#[test]
#[ignore = "the process that the other test kills"]
fn writer() {
    let Some(data) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let mut opened = open(Path::new(&data));
    let mut out = std::io::stdout();
    loop {
        let next = opened.store.journal.last() + 1;
        commit(&mut opened, next..=next);
        writeln!(out, "ack {next}").unwrap();
        out.flush().unwrap();
        if next.is_multiple_of(37) {
            opened
                .store
                .checkpointer
                .save(&opened.state.snapshot())
                .unwrap();
        }
    }
}

#[test]
fn what_a_killed_process_acknowledged_is_there_once_and_whole() {
    let data = tempfile::tempdir().unwrap();
    let mut expected = State::default();
    let mut folded = 0;
    let mut restored = 0;
    for round in 0..LOOPS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "store::tests::crash::writer",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(DIRECTORY, data.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let acknowledgement = |line: String| line.strip_prefix("ack ")?.parse::<u64>().ok();
        // A different place in the writer's work each time.
        let wanted = 1 + round * 7 % 60;
        let mut seen = 0;
        let mut acknowledged = 0;
        while seen < wanted {
            let line = lines
                .next()
                .expect("the writer runs until it is killed")
                .unwrap();
            if let Some(sequence) = acknowledgement(line) {
                acknowledged = sequence;
                seen += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What the pipe still holds was acknowledged, too.
        for line in lines {
            acknowledged = acknowledgement(line.unwrap()).unwrap_or(acknowledged);
        }
        let opened = open(data.path());
        let last = opened.recovery.last;
        assert!(
            last >= acknowledged,
            "round {round}: {last} < {acknowledged}"
        );
        assert!(opened.loss.is_none(), "round {round}: {:?}", opened.loss);
        restored += u64::from(opened.checkpoint.is_some());
        for frame in opened.store.history.iter_from(folded + 1) {
            let (sequence, events) = frame.unwrap();
            assert_eq!(events, batch(sequence));
            for event in &events {
                expected.apply(event, sequence);
            }
            folded = sequence;
        }
        assert_eq!(folded, last);
        assert_eq!(
            bytes_of(&opened.state),
            bytes_of(&expected),
            "round {round}"
        );
    }
    assert!(
        restored > LOOPS / 2,
        "{restored} restarts used a checkpoint"
    );
}

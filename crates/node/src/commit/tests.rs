//! Tests of the commit loop on a real journal.

mod audit;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use liandong_core::access::Relation;
use liandong_core::catalogue::Catalogue;
use liandong_core::command::{Answer, Command, Incoming, Push};
use liandong_core::event::{Content, Quarantined, Subject, Unapplied};
use liandong_core::evidence::Proofs;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::{Level, Region, RegionKind};
use liandong_core::report::{Fingerprints, Outcome, Report};
use liandong_store::journal::JournalOptions;
use liandong_store::{Store, StoreOptions};
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};

use super::batch::{Decider, decide_batch};
use super::direct::Direct;
use super::syncer::Durability;
use super::{CommitLoop, Committer, Message, Origin, Parts, Request, request, start};
use crate::granted::Grantee;
use crate::reader::{Reader, SharedState};
use crate::surroundings::{Surroundings, Threads};
use crate::trace::Traces;

const COUNTY: &str = "371524";
const SCHOOL: &str = "371524-A";

type Answers = oneshot::Receiver<Result<Answer, Refusal>>;

/// The parts of a commit loop on a new journal; nothing is hosted yet.
fn parts(dir: &TempDir, queue: usize) -> Parts {
    let journal = JournalOptions {
        segment_bytes: 1 << 20,
        free_floor: 0,
        ..JournalOptions::default()
    };
    let options = StoreOptions {
        journal,
        ..StoreOptions::default()
    };
    let opened = Store::open(dir.path(), options, [1; 16], &mut |_| {}).unwrap();
    let catalogue = liandong_catalog::builtin().unwrap();
    Parts {
        journal: opened.store.journal,
        state: Arc::new(RwLock::new(opened.state)),
        catalogue: Arc::new(catalogue),
        here: COUNTY.parse().unwrap(),
        grace_days: 10,
        traces: Arc::new(Traces::default()),
        granted: Arc::default(),
        queue,
        surroundings: Surroundings::system(),
    }
}

fn host(catalogue: &Catalogue) -> Command {
    host_school(catalogue, "铜城街道中心小学")
}

fn host_school(catalogue: &Catalogue, name: &str) -> Command {
    let county = catalogue.regions.get(COUNTY.parse().unwrap()).unwrap();
    let school = Region {
        code: SCHOOL.parse().unwrap(),
        name: name.to_owned(),
        parent: Some(county.code),
        level: Level::Unit,
        kind: RegionKind::PrimarySchool,
    };
    let regions = vec![county.clone(), school];
    Command::Host {
        regions,
        configured: true,
    }
}

fn push(id: &str, numerator: i64) -> Command {
    let report = Report {
        id: String::new(),
        source: SCHOOL.parse().unwrap(),
        indicator: "compulsory-dropouts".parse().unwrap(),
        period: "2025-03".parse().unwrap(),
        numerator,
        denominator: None,
        revision: 0,
        note: String::new(),
    };
    Command::PushReports(Push {
        id: id.to_owned(),
        by: "教务处".to_owned(),
        rows: vec![(1, report)],
        all_or_nothing: false,
        fingerprints: Fingerprints::default(),
    })
}

/// Changes of a peer that take about this many mebibytes.
fn received(upto: u64, mebibytes: usize) -> Command {
    let unreadable = (0..mebibytes).map(|number| Unapplied {
        subject: Subject::default(),
        what: Quarantined {
            what: format!("{upto}/{number}"),
            reason: "MALFORMED".to_owned(),
            message: "x".repeat(1 << 20),
        },
        content: Content::Nothing,
    });
    Command::Receive(Incoming {
        from: "371524001".parse().unwrap(),
        relation: Relation::Child,
        incarnation: 1,
        upto,
        documents: Vec::new(),
        cells: Vec::new(),
        unreadable: unreadable.collect(),
        proofs: Proofs::new(),
    })
}

fn handed_in(commands: Vec<Command>) -> (VecDeque<Request>, Vec<Answers>) {
    let mut waiting = VecDeque::new();
    let mut answers = Vec::new();
    for command in commands {
        let (asked, answer) = request(command, Origin::of_node());
        waiting.push_back(*asked);
        answers.push(answer);
    }
    (waiting, answers)
}

/// Decides commands as one batch; returns the answers and the frame they wait for.
fn decide(parts: &mut Parts, commands: Vec<Command>) -> (Vec<Result<Answer, Refusal>>, u64) {
    let (mut waiting, _answers) = handed_in(commands);
    let decided = decide_batch(parts, &mut waiting, &mut true).unwrap();
    assert!(waiting.is_empty());
    let replies = decided.replies.into_iter();
    (replies.map(|reply| reply.answer).collect(), decided.frame)
}

fn outcome(answer: &Result<Answer, Refusal>) -> Outcome {
    match answer {
        Ok(Answer::Reports(outcomes)) => outcomes[0].1.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_granted_is_remembered_until_a_batch_changes_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    let school = SCHOOL.parse().unwrap();
    let hosting = host(&parts.catalogue);
    decide(&mut parts, vec![hosting]);
    let tree = parts.state.read().unwrap().tree().changes();
    parts.granted.remember(Grantee::Here, tree, [school]);
    decide(&mut parts, vec![push("b-1", 7)]);
    assert!(parts.granted.covers(Grantee::Here, &[school]));
    let renaming = host_school(&parts.catalogue, "铜城街道第一小学");
    decide(&mut parts, vec![push("b-2", 8), renaming]);
    assert!(!parts.granted.covers(Grantee::Here, &[school]));
}

#[test]
fn below_the_floor_only_what_changes_something_is_refused_and_intake_resumes() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    let hosting = host(&parts.catalogue);
    decide(&mut parts, vec![hosting.clone(), push("1", 5)]);
    parts.journal.set_free_floor(u64::MAX);
    let before = parts.state.read().unwrap().last_change();
    let commands = vec![push("1", 5), push("2", 6), hosting];
    let (answers, frame) = decide(&mut parts, commands);
    assert_eq!(outcome(&answers[0]), Outcome::Duplicate { revision: 1 });
    let refusal = answers[1].as_ref().unwrap_err();
    assert_eq!(refusal.reason, Reason::NoSpace);
    assert_eq!(answers[2], Ok(Answer::Done));
    assert_eq!(
        (frame, parts.state.read().unwrap().last_change()),
        (1, before)
    );

    parts.journal.set_free_floor(0);
    let (answers, frame) = decide(&mut parts, vec![push("2", 6)]);
    assert_eq!(outcome(&answers[0]), Outcome::Superseded { revision: 2 });
    assert_eq!(frame, 2);
}

#[test]
fn a_full_batch_leaves_the_rest_for_the_next_frame() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    let commands = vec![
        received(1, 5),
        received(2, 5),
        received(3, 5),
        received(4, 5),
    ];
    let (mut waiting, _answers) = handed_in(commands);
    let first = decide_batch(&mut parts, &mut waiting, &mut true).unwrap();
    assert_eq!((first.replies.len(), first.frame, waiting.len()), (2, 1, 2));
    let second = decide_batch(&mut parts, &mut waiting, &mut true).unwrap();
    assert_eq!((second.replies.len(), second.frame), (2, 2));
    assert!(
        first
            .replies
            .iter()
            .chain(&second.replies)
            .all(|reply| reply.answer.is_ok())
    );
}

#[test]
fn what_no_frame_can_hold_is_refused_before_it_is_applied() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    // The first leaves the batch not yet full; the largest that is taken still fits beside it.
    let commands = vec![received(1, 7), received(2, 49), received(3, 47)];
    let (answers, frame) = decide(&mut parts, commands);
    assert!(answers[0].is_ok());
    assert_eq!(answers[1].as_ref().unwrap_err().reason, Reason::TooLong);
    assert!(answers[2].is_ok());
    assert_eq!(frame, 1);
    let state = parts.state.read().unwrap();
    let mark = state.watermark("371524001".parse().unwrap()).unwrap();
    assert_eq!((mark.upto, state.set_aside().len()), (3, 54));
}

/// A commit loop that hosts a county and a school.
struct Running {
    committer: Committer,
    state: SharedState,
    durable: watch::Receiver<u64>,
    running: CommitLoop,
}

async fn running(dir: &TempDir, queue: usize) -> Running {
    let parts = parts(dir, queue);
    let hosting = host(&parts.catalogue);
    let state = Arc::clone(&parts.state);
    let (committer, durable, running, _) = start(parts);
    let hosted = committer.submit(hosting, Origin::of_node()).await;
    assert_eq!(hosted, Ok(Answer::Done));
    Running {
        committer,
        state,
        durable,
        running,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_handed_in_before_a_stop_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let Running {
        committer,
        state,
        durable,
        running,
    } = running(&dir, 1_000).await;
    let mut answers = Vec::new();
    for number in 0..500 {
        let (asked, answer) = request(push(&number.to_string(), number), Origin::of_node());
        committer
            .messages
            .send(Message::Decide(asked))
            .await
            .unwrap();
        answers.push(answer);
    }
    committer.stop().await;
    let joined = tokio::spawn(running.join());
    for answer in answers {
        let answer = answer.await.expect("nobody is left without an answer");
        assert!(matches!(
            outcome(&answer),
            Outcome::Accepted { .. } | Outcome::Superseded { .. }
        ));
    }
    joined.await.unwrap();
    let late = committer.submit(push("late", 1), Origin::of_node()).await;
    assert_eq!(late.unwrap_err().reason, Reason::Stopping);
    // All that was answered can still be read.
    let reader = Reader::new(state, durable);
    let counted = reader.read(|state| {
        let key = (
            "compulsory-dropouts".parse().unwrap(),
            "2025-03".parse().unwrap(),
        );
        let cell = state.cell(COUNTY.parse().unwrap(), key.0, key.1);
        cell.map(|cell| cell.sums.numerator)
    });
    assert_eq!(counted.await, Ok(Some(499)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_the_queue_full_is_told_at_once_and_who_may_wait_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let Running {
        committer,
        state,
        running,
        ..
    } = running(&dir, 2).await;
    // While somebody reads, nothing is decided.
    let (ready, begun) = std::sync::mpsc::channel();
    let (done, until) = std::sync::mpsc::channel::<()>();
    let reading = std::thread::spawn(move || {
        let _guard = state.read().unwrap();
        ready.send(()).unwrap();
        let _ = until.recv();
    });
    begun.recv().unwrap();
    let mut waiting = Vec::new();
    // One is taken out of the queue before the loop waits; how many more fit is for the queue.
    let mut refused = None;
    for number in 0..5 {
        let (asked, answer) = request(push(&number.to_string(), number), Origin::of_node());
        match committer.messages.try_send(Message::Decide(asked)) {
            Ok(()) => waiting.push(answer),
            Err(_) => {
                let shed = committer.submit(push("shed", 1), Origin::of_node()).await;
                refused = Some(shed.unwrap_err().reason);
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(refused, Some(Reason::Overloaded));
    let patient = tokio::spawn({
        let committer = committer.clone();
        async move {
            committer
                .submit_waiting(push("patient", 9), Origin::of_node())
                .await
        }
    });
    // A caller that goes away leaves its command behind.
    drop(waiting.pop());
    done.send(()).unwrap();
    reading.join().unwrap();
    for answer in waiting {
        outcome(&answer.await.unwrap());
    }
    outcome(&patient.await.unwrap());
    committer.stop().await;
    running.join().await;
}

/// No thread of a loop runs here: whoever is answered was answered by its own thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_alone_is_made_durable_by_its_caller_and_others_are_left_to_the_loop() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    let hosting = host(&parts.catalogue);
    decide(&mut parts, vec![hosting]);
    let (durable, told) = watch::channel(parts.journal.last());
    let journal = parts.journal.syncer();
    let durability = Arc::new(Durability::new(journal.clone(), durable, Duration::MAX));
    let decider = Arc::new(Mutex::new(Some(Decider::new(parts))));
    let direct = Arc::new(Direct::new(Arc::clone(&decider), durability));
    let serving = tokio::spawn(async move {
        let serve = |id: &str, numerator| {
            let (asked, mut answer) = request(push(id, numerator), Origin::of_node());
            let left = direct.begin().serve(asked).is_some();
            (left, answer.try_recv().ok())
        };
        let (left, answer) = serve("1", 5);
        assert!(!left);
        assert_eq!(outcome(&answer.unwrap()), Outcome::Accepted { revision: 1 });
        assert_eq!((journal.durable(), *told.borrow()), (2, 2));

        let other = direct.begin();
        assert_eq!(serve("2", 6), (true, None), "beside another");
        drop(other);
        let writing = decider.lock().unwrap();
        assert_eq!(serve("2", 6), (true, None), "while another writes");
        drop(writing);
        assert!(!serve("2", 6).0);
        assert_eq!((journal.durable(), *told.borrow()), (3, 3));
        decider.lock().unwrap().take();
        assert_eq!(serve("3", 7), (true, None), "after the end of the loop");
        assert_eq!(journal.durable(), 3);
    });
    serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_was_slow_is_not_waited_for_by_a_caller() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    let hosting = host(&parts.catalogue);
    decide(&mut parts, vec![hosting]);
    let (durable, _told) = watch::channel(parts.journal.last());
    let durability = Durability::new(parts.journal.syncer(), durable, Duration::ZERO);
    let decider = Arc::new(Mutex::new(Some(Decider::new(parts))));
    let direct = Direct::new(decider, Arc::new(durability));
    let serving = tokio::spawn(async move {
        let serve = |id: &str, numerator| {
            let (asked, _answer) = request(push(id, numerator), Origin::of_node());
            direct.begin().serve(asked).is_none()
        };
        (serve("1", 5), serve("2", 6))
    });
    assert_eq!(serving.await.unwrap(), (true, false));
}

/// A runtime of one thread has nobody who could go on with what else is to be done.
#[tokio::test]
async fn a_runtime_of_one_thread_is_never_blocked() {
    let dir = tempfile::tempdir().unwrap();
    let parts = parts(&dir, 16);
    let (durable, _told) = watch::channel(0);
    let durability = Durability::new(parts.journal.syncer(), durable, Duration::MAX);
    let decider = Arc::new(Mutex::new(Some(Decider::new(parts))));
    let direct = Direct::new(decider, Arc::new(durability));
    let (asked, _answer) = request(push("1", 5), Origin::of_node());
    assert!(direct.begin().serve(asked).is_some());
}

/// The journal cannot go on: what would end the process stops a commit loop of tasks.
#[tokio::test]
async fn a_loop_of_tasks_that_cannot_append_says_why_and_acknowledges_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    parts.surroundings.threads = Threads::Tasks {
        sync_takes: Duration::ZERO,
    };
    let (committer, durable, running, mut failure) = start(parts);
    let first = committer.submit(received(1, 2), Origin::of_node()).await;
    assert!(first.is_ok());
    let reached = *durable.borrow();
    // Frames of this size need a segment of their own, and something has the names of the next.
    for number in 2..=4 {
        let name = dir.path().join(format!("journal/{number:08}.seg"));
        if !name.exists() {
            std::fs::create_dir(name).unwrap();
        }
    }
    let second = committer.submit(received(2, 2), Origin::of_node()).await;
    assert_eq!(second.unwrap_err().reason, Reason::Stopping);
    let why = failure.wait_for(Option::is_some).await.unwrap().clone();
    let why = why.unwrap_or_default();
    assert!(why.contains("cannot append to the journal"), "{why}");
    running.join().await;
    assert_eq!(*durable.borrow(), reached);
}

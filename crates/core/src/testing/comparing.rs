//! A comparison of two nodes as their links carry it out, without the links.

use super::node::Node;
use crate::access::Relation;
use crate::command::{Answer, Command, Healing, Incoming, Reconciling};
use crate::compare::{Bucket, Direction, Findings, Range, Side, differing};
use crate::document::{Document, DocumentKey};
use crate::evidence::{Proofs, Shown};

/// What one comparison came to.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// How many steps it took.
    pub(crate) steps: usize,
    /// The buckets that differed.
    pub(crate) differing: Vec<Bucket>,
    /// How many documents and cells the listener took.
    pub(crate) healed: u32,
    /// What the teller took back.
    pub(crate) taken_back: Vec<DocumentKey>,
    /// Cells that only the listener holds.
    pub(crate) missing: u64,
}

/// The hello that `from` says to `to`, before anything else is said.
pub(crate) fn greet(from: &Node, to: &mut Node) {
    let peer = from.here;
    let mark = from.state.watermark(to.here);
    let knows = mark.map(|mark| mark.incarnation);
    to.run(Command::Meet { peer, knows }).unwrap();
}

/// How far a comparison comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// It has just opened: nothing was said on it yet.
    New,
    /// What is marked at the listener was told of on it.
    Known,
    /// It breaks when the listener says what it found.
    Breaks,
}

/// Compares what `teller` tells with what `listener`, which is `listener_is` to it, holds; heals
/// what differs. Whatever the teller was going to say has to be said before.
pub(crate) fn compare(
    teller: &mut Node,
    listener: &mut Node,
    listener_is: Relation,
    budget: usize,
) -> Compared {
    compare_on(Stream::Known, teller, listener, listener_is, budget)
}

/// The first comparison on a new stream.
pub(crate) fn compare_anew(
    teller: &mut Node,
    listener: &mut Node,
    listener_is: Relation,
) -> Compared {
    compare_on(Stream::New, teller, listener, listener_is, usize::MAX)
}

/// The first comparison on a new stream, which breaks with the listener's first findings on their
/// way to the teller.
pub(crate) fn compare_and_break(
    teller: &mut Node,
    listener: &mut Node,
    listener_is: Relation,
) -> Compared {
    compare_on(Stream::Breaks, teller, listener, listener_is, usize::MAX)
}

fn compare_on(
    stream: Stream,
    teller: &mut Node,
    listener: &mut Node,
    listener_is: Relation,
    budget: usize,
) -> Compared {
    let direction = Direction {
        teller: teller.here,
        listener: listener.here,
        listener_is,
    };
    let mut compared = Compared::default();
    let mut after = None;
    loop {
        compared.steps += 1;
        let range = Range { after, until: None };
        let told = teller
            .state
            .tally(Side::Teller(direction), range, true, budget);
        let range = Range {
            after,
            until: told.until,
        };
        let side = Side::Listener(direction);
        let held = listener.state.tally(side, range, true, usize::MAX);
        let mut buckets = differing(&told.buckets, &held.buckets);
        buckets.extend(listener.state.overtaken_buckets(&direction, range));
        if stream != Stream::Known {
            buckets.extend(listener.state.unowned_buckets(&direction, range));
        }
        buckets.sort_unstable();
        buckets.dedup();
        for bucket in buckets {
            compared.differing.push(bucket);
            let findings = heal(teller, listener, direction, bucket, &mut compared);
            if stream == Stream::Breaks {
                return compared;
            }
            act_on(findings, teller, listener, direction, bucket, &mut compared);
        }
        after = told.until;
        if after.is_none() {
            break;
        }
    }
    let peer = listener.here;
    teller.run(Command::Settle { peer }).unwrap();
    compared
}

fn heal(
    teller: &mut Node,
    listener: &mut Node,
    direction: Direction,
    bucket: Bucket,
    compared: &mut Compared,
) -> Findings {
    let content = teller.state.content(Side::Teller(direction), bucket);
    let documents: Vec<Document> = content
        .documents
        .iter()
        .map(|document| Document::clone(document))
        .collect();
    let relation = direction.teller_is();
    let received = listener.run(Command::ReceiveApart(Incoming {
        from: teller.here,
        relation,
        incarnation: teller.incarnation,
        upto: 0,
        documents: documents.clone(),
        cells: Vec::new(),
        unreadable: Vec::new(),
        proofs: Proofs::new(),
    }));
    if let Answer::Received { applied, .. } = received.unwrap() {
        compared.healed += applied;
    }
    let healed = listener.run(Command::Heal(Healing {
        from: teller.here,
        relation,
        bucket,
        documents,
        cells: content.cells,
        proofs: Proofs::new(),
        is_current: true,
    }));
    let Answer::Healed(findings) = healed.unwrap() else {
        panic!("a bucket was not healed");
    };
    compared.healed += findings.healed;
    compared.missing += findings.cells_missing;
    findings
}

fn act_on(
    findings: Findings,
    teller: &mut Node,
    listener: &Node,
    direction: Direction,
    bucket: Bucket,
    compared: &mut Compared,
) {
    let reconciled = teller.run(Command::Reconcile(Reconciling {
        peer: listener.here,
        relation: direction.listener_is,
        bucket,
        findings,
        shown: Shown::NotAsked,
    }));
    match reconciled.unwrap() {
        Answer::Reconciled { taken_back, .. } => compared.taken_back.extend(taken_back),
        other => panic!("{other:?}"),
    }
}

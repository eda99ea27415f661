//! A comparison of two nodes as their links carry it out, without the links.

use super::node::Node;
use crate::access::Relation;
use crate::command::{Answer, Command, Healing, Incoming, Reconciling};
use crate::compare::{Bucket, Direction, Range, Side, differing};
use crate::document::{Document, DocumentKey};

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

/// Compares what `teller` tells with what `listener`, which is `listener_is` to it, holds; heals
/// what differs. Whatever the teller was going to say has to be said before.
pub(crate) fn compare(
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
        buckets.sort_unstable();
        buckets.dedup();
        for bucket in buckets {
            compared.differing.push(bucket);
            heal(teller, listener, direction, bucket, &mut compared);
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
) {
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
        is_current: true,
    }));
    let Answer::Healed(findings) = healed.unwrap() else {
        panic!("a bucket was not healed");
    };
    compared.healed += findings.healed;
    compared.missing += findings.cells_missing;
    let reconciled = teller.run(Command::Reconcile(Reconciling {
        peer: listener.here,
        relation: direction.listener_is,
        bucket,
        findings,
    }));
    match reconciled.unwrap() {
        Answer::Reconciled { taken_back, .. } => compared.taken_back.extend(taken_back),
        other => panic!("{other:?}"),
    }
}

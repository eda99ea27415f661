//! Figures that are ahead of their region's seal: until the next, and no longer.

use super::signers::{CITY, COUNTY, region, signed};
use crate::access::Relation;
use crate::command::{Answer, Command, Incoming};
use crate::document::{Body, CellDocument, Document};
use crate::period::Period;
use crate::seal::{Fit, SEAL_ID, Seal};
use crate::state::State;
use crate::testing::{Node, bureau, code};

/// The county's figure of a month.
fn figure(month: u8, version: u64) -> CellDocument {
    let period: Period = format!("2025-{month:02}").parse().unwrap();
    CellDocument {
        region: code(COUNTY),
        indicator: "compulsory-dropouts".parse().unwrap(),
        period,
        sums: crate::rollup::Sums {
            numerator: i64::from(month),
            reported: 1,
            on_time: 1,
            ..crate::rollup::Sums::default()
        },
        version,
    }
}

/// What the county signs when its figures are these.
fn seal(number: u64, figures: &[CellDocument]) -> Document {
    Document {
        owner: code(COUNTY),
        id: SEAL_ID.to_owned(),
        version: number,
        body: Body::Seal(Seal::of(figures.to_vec()).unwrap()),
    }
}

/// What the city tells the province; how much of it was set aside.
fn tell(province: &mut Node, documents: Vec<Document>, cells: &[CellDocument]) -> u32 {
    let told: Vec<(&str, Document)> = documents.into_iter().map(|one| (COUNTY, one)).collect();
    let (documents, proofs) = signed(&told);
    let incoming = Incoming {
        from: code(CITY),
        relation: Relation::Child,
        incarnation: 7,
        upto: 1 + province.journal.len() as u64,
        documents,
        cells: cells.to_vec(),
        unreadable: Vec::new(),
        proofs,
    };
    match province.run(Command::Receive(incoming)).unwrap() {
        Answer::Received { quarantined, .. } => quarantined,
        other => panic!("{other:?}"),
    }
}

/// A province that was told of the county and its first figures, sealed.
fn province() -> (Node, Vec<CellDocument>) {
    let mut province = Node::new(&[bureau("370000", None)]);
    let (here, proofs) = signed(&[(CITY, region(CITY, "370000"))]);
    let incoming = Incoming {
        from: code(CITY),
        relation: Relation::Child,
        incarnation: 7,
        upto: 1,
        documents: here,
        cells: Vec::new(),
        unreadable: Vec::new(),
        proofs,
    };
    province.run(Command::Receive(incoming)).unwrap();
    let figures = vec![figure(1, 1), figure(2, 2)];
    let told = vec![region(COUNTY, CITY), seal(1, &figures)];
    assert_eq!(tell(&mut province, told, &figures), 0);
    assert_eq!(fit(&province), Fit::Fits);
    (province, figures)
}

/// The same after a start from a checkpoint, too.
fn fit(province: &Node) -> Fit {
    let fit = |state: &State| {
        let mut fits = state.seal_fits();
        let (region, fit) = fits.next().expect("the county's");
        assert_eq!(region, code(COUNTY));
        fit
    };
    let restarted = State::from_snapshot(province.state.snapshot());
    let now = fit(&province.state);
    assert_eq!(fit(&restarted), now);
    now
}

#[test]
fn a_version_that_the_county_never_gave_is_newer_only_until_its_next_seal() {
    let (mut province, mut figures) = province();
    // A city that wants a figure of its own to stand for ever.
    let mut forged = figure(1, 1 << 39);
    forged.sums.numerator = 900;
    tell(&mut province, Vec::new(), &[forged]);
    assert_eq!(fit(&province), Fit::Newer { cells: 1 });
    for (number, version) in [(2, 3), (3, 4), (4, 5)] {
        let next = figure(3, version);
        figures.retain(|one| one.period != next.period);
        figures.push(next);
        // However often it raises its own above that.
        forged.version += 1;
        tell(&mut province, vec![seal(number, &figures)], &[next, forged]);
        let expected = match number {
            // It came between the two: until the next it may be the county's.
            2 => Fit::Newer { cells: 1 },
            _ => Fit::Beyond {
                version: forged.version,
            },
        };
        assert_eq!(fit(&province), expected, "{number}");
    }
    assert_eq!(province.state.review(None).differing.len(), 1);
    // In its next epoch the county stands above all of that.
    let above = |figure: &CellDocument| CellDocument {
        version: 1 << 40 | figure.version,
        ..*figure
    };
    let figures: Vec<CellDocument> = figures.iter().map(above).collect();
    tell(&mut province, vec![seal(5, &figures)], &figures);
    assert_eq!(fit(&province), Fit::Fits);
}

#[test]
fn a_county_that_is_always_ahead_of_its_seal_is_never_suspected() {
    let (mut province, mut figures) = province();
    for number in 2..40 {
        let sealed = seal(number, &figures);
        let month = 1 + u8::try_from(number % 12).unwrap();
        let next = figure(month, 10 + number);
        figures.retain(|one| one.period != next.period);
        figures.push(next);
        tell(&mut province, vec![sealed], &[next]);
        assert_eq!(fit(&province), Fit::Newer { cells: 1 }, "{number}");
    }
    tell(&mut province, vec![seal(40, &figures)], &[]);
    assert_eq!(fit(&province), Fit::Fits);
}

#[test]
fn no_version_is_the_last_word_for_ever() {
    let (mut province, figures) = province();
    for version in [u64::MAX, 1 << 62] {
        assert_eq!(tell(&mut province, Vec::new(), &[figure(1, version)]), 1);
        let told = vec![seal(version, &figures)];
        assert_eq!(tell(&mut province, told, &[]), 1);
        let reasons = province.state.set_aside().iter();
        assert!(reasons.clone().all(|one| one.what.reason == "OUT_OF_RANGE"));
    }
    assert_eq!(fit(&province), Fit::Fits);
}

//! Regions that a peer tells of: taken in whatever order they are listed, in work that grows with
//! their number.

use crate::access::Relation;
use crate::command::{Answer, Command, Incoming};
use crate::document::{Body, Document};
use crate::evidence::Proofs;
use crate::indicator::IndicatorKind;
use crate::refusal::Reason;
use crate::testing::{Node, bureau, code, indicator};

/// Tells the city of regions, as its county does; returns how many it took.
fn tell(city: &mut Node, regions: &[(String, String)]) -> u32 {
    let documents = regions.iter().map(|(name, parent)| Document {
        owner: code(name),
        id: name.clone(),
        version: 1,
        body: Body::Region(bureau(name, Some(parent))),
    });
    let incoming = Incoming {
        from: code("371502"),
        relation: Relation::Child,
        incarnation: 7,
        upto: regions.len() as u64,
        documents: documents.collect(),
        cells: Vec::new(),
        unreadable: Vec::new(),
        proofs: Proofs::new(),
    };
    match city.run(Command::Receive(incoming)).unwrap() {
        Answer::Received { applied, .. } => applied,
        other => panic!("{other:?}"),
    }
}

fn city() -> Node {
    let mut city = Node::new(&[bureau("371500", Some("370000"))]);
    let county = ("371502".to_owned(), "371500".to_owned());
    assert_eq!(tell(&mut city, &[county]), 1);
    city
}

/// So many regions, each below the one before.
fn chain(length: usize) -> Vec<(String, String)> {
    let mut above = "371502".to_owned();
    let mut regions = Vec::with_capacity(length);
    for number in 0..length {
        let name = format!("c-{number}");
        regions.push((name.clone(), above));
        above = name;
    }
    regions
}

#[test]
fn regions_are_taken_in_whatever_order_they_are_listed() {
    let mut regions = Vec::new();
    for town in 0..12 {
        regions.push((format!("t{town}"), "371502".to_owned()));
        for village in 0..12 {
            let above = format!("t{town}");
            regions.push((format!("t{town}-{village}"), above));
        }
    }
    regions.extend(chain(20));
    let mut in_order = city();
    assert_eq!(tell(&mut in_order, &regions), 176);
    regions.reverse();
    let mut reversed = city();
    assert_eq!(tell(&mut reversed, &regions), 176);
    assert_eq!(reversed.state.set_aside(), []);
    for (region, _) in &regions {
        let parent = |city: &Node| city.state.tree().parent(code(region));
        assert_eq!(parent(&reversed), parent(&in_order), "{region}");
    }
    reversed.verify();
}

#[test]
fn a_tree_that_goes_down_without_end_is_taken_only_so_far() {
    for is_reversed in [false, true] {
        // One pass for each level of all of these would take minutes.
        let mut regions = chain(5_000);
        if is_reversed {
            regions.reverse();
        }
        let mut city = city();
        // The province, the city and the county are above it.
        assert_eq!(tell(&mut city, &regions), 29);
        let tree = city.state.tree();
        assert!(tree.contains(code("c-28")) && !tree.contains(code("c-29")));
        city.verify();
    }
    let mut city = city();
    assert_eq!(tell(&mut city, &chain(30)), 29);
    let [refused] = city.state.set_aside() else {
        panic!("one is too deep");
    };
    assert_eq!(refused.what.reason, Reason::OutOfRange.code());
    assert!(refused.what.message.contains("32 levels"), "{refused:?}");
}

/// What is made of itself would be followed without end by whoever shows it.
#[test]
fn a_ratio_that_is_made_of_itself_is_set_aside() {
    let mut city = city();
    let mut documents = Vec::new();
    for (name, of, kind) in [
        ("looped", "looped", IndicatorKind::RatioOfRatios),
        ("posing", "count", IndicatorKind::Count),
        ("plain", "count", IndicatorKind::RatioOfRatios),
    ] {
        let mut indicator = indicator(name, kind);
        indicator.of = Some([of.parse().unwrap(), "count".parse().unwrap()]);
        documents.push(Document {
            owner: code("371502"),
            id: name.to_owned(),
            version: 1,
            body: Body::Indicator(indicator),
        });
    }
    let incoming = Incoming {
        from: code("371502"),
        relation: Relation::Child,
        incarnation: 7,
        upto: 5,
        documents,
        cells: Vec::new(),
        unreadable: Vec::new(),
        proofs: Proofs::new(),
    };
    let Ok(Answer::Received {
        applied,
        quarantined,
        ..
    }) = city.run(Command::Receive(incoming))
    else {
        panic!("a batch is taken")
    };
    assert_eq!((applied, quarantined), (1, 2));
    let aside = city.state.set_aside().iter();
    let reasons: Vec<&str> = aside.map(|one| one.what.reason.as_str()).collect();
    assert_eq!(reasons, ["DERIVED_INDICATOR", "MALFORMED"]);
}

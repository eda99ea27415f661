use super::{Lineage, Mark};

fn lineage(from: u64, marks: &[(u64, u128)]) -> Lineage {
    let marks = marks.iter().map(|&(upto, name)| Mark { upto, name });
    Lineage::new(from, marks.collect()).expect("in order")
}

#[test]
fn histories_agree_while_one_goes_on_from_the_other() {
    let short = lineage(0, &[(5, 1), (9, 2)]);
    let long = lineage(0, &[(5, 1), (9, 2), (12, 3)]);
    assert!(short.agrees_with(&long) && long.agrees_with(&short));
    assert!(short.agrees_with(&Lineage::default()) && Lineage::default().agrees_with(&long));
    // A file that comes late says less than is known.
    assert!(lineage(0, &[(5, 1)]).agrees_with(&long));
    // What the other does not keep any more says nothing.
    assert!(lineage(9, &[(9, 2), (12, 3)]).agrees_with(&short));
    assert!(lineage(12, &[(12, 3)]).agrees_with(&short));
}

#[test]
fn histories_that_parted_do_not_agree_whichever_is_longer() {
    let told = lineage(0, &[(5, 1), (9, 2)]);
    for parted in [
        lineage(0, &[(9, 3)]),
        lineage(0, &[(5, 1), (20, 3)]),
        lineage(0, &[(5, 1), (9, 3)]),
        lineage(0, &[(5, 1), (7, 3)]),
        lineage(0, &[(5, 1), (7, 3), (9, 2)]),
        lineage(0, &[(20, 3)]),
        lineage(8, &[(20, 3)]),
    ] {
        assert!(!told.agrees_with(&parted), "{parted:?}");
        assert!(!parted.agrees_with(&told), "{parted:?}");
    }
}

#[test]
fn the_oldest_marks_go_and_are_not_missed() {
    let mut all = Lineage::default();
    let count = Lineage::MOST as u64 + 10;
    for number in 1..=count {
        all.add(Mark {
            upto: number * 10,
            name: u128::from(number),
        });
    }
    assert_eq!(all.marks().len(), Lineage::MOST);
    assert_eq!(all.from(), 110);
    assert_eq!(
        Lineage::new(all.from(), all.marks().to_vec()),
        Some(all.clone())
    );
    let known = |upto, name| all.can_have_given(Mark { upto, name });
    assert!(known(count * 10, u128::from(count)) && known(110, 11) && known(100, 10));
    assert!(!known(110, 7) && !known(115, 7) && !known(count * 10 + 1, 7));
}

#[test]
fn marks_below_what_a_peer_holds_go_but_for_the_last() {
    for (change, from, left) in [
        (4, 0, 3),
        (5, 0, 3),
        (9, 9, 2),
        (11, 9, 2),
        (12, 12, 1),
        (90, 12, 1),
    ] {
        let mut all = lineage(0, &[(5, 1), (9, 2), (12, 3)]);
        all.forget_before(change);
        assert_eq!((all.from(), all.marks().len()), (from, left), "{change}");
    }
}

#[test]
fn marks_out_of_order_are_none() {
    let mark = |upto| Mark { upto, name: 1 };
    assert!(Lineage::new(0, vec![mark(2), mark(2)]).is_none());
    assert!(Lineage::new(0, vec![mark(3), mark(2)]).is_none());
    assert!(Lineage::new(4, vec![mark(3)]).is_none());
    let many = (0..=Lineage::MOST as u64).map(mark).collect();
    assert!(Lineage::new(0, many).is_none());
}

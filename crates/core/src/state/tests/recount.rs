//! The recount finds every cell that is not what reports and the cells below say.

use crate::rollup::Sums;
use crate::state::Mismatch;
use crate::state::cells::CellKey;
use crate::testing::{Node, bureau, code, month, report, school};

fn county() -> Node {
    let mut county = Node::new(&[
        bureau("371502", Some("371500")),
        school("s1", "371502"),
        school("s2", "371502"),
    ]);
    county.push(vec![report("s1", 7), report("s2", 5)]);
    county
}

fn key(county: &Node, region: &str) -> CellKey {
    let cells = &county.state.cells;
    cells
        .key(code(region), "count".parse().unwrap(), month())
        .unwrap()
}

fn found(mismatches: &[Mismatch]) -> Vec<(String, i64, i64)> {
    let found = mismatches.iter().map(|one| {
        let region = one.region.to_string();
        (region, one.kept.numerator, one.recounted.numerator)
    });
    found.collect()
}

#[test]
fn a_wrong_cell_is_found_where_it_is_and_where_it_is_added_up() {
    let mut county = county();
    let (checked, mismatches) = county.state.recount();
    assert_eq!((checked, mismatches), (3, Vec::new()));
    let school = key(&county, "s1");
    let wrong = Sums {
        numerator: 9,
        ..county.sums("s1")
    };
    county
        .state
        .cells
        .cells
        .change(school, |kept| kept.cell.sums = wrong);
    let (_, mismatches) = county.state.recount();
    let expected = [("371502".to_owned(), 12, 14), ("s1".to_owned(), 9, 7)];
    assert_eq!(found(&mismatches), expected);
}

#[test]
fn a_cell_that_is_missing_is_found() {
    let mut county = county();
    let lost = key(&county, "371502");
    county.state.cells.cells.forget(&lost);
    let (checked, mismatches) = county.state.recount();
    assert_eq!(checked, 2);
    assert_eq!(found(&mismatches), [("371502".to_owned(), 0, 12)]);
}

use std::time::Instant;

use liandong_core::region::RegionCode;

use super::{ChangeKind, CodeChanges, Successor, code_changes, read_row};
use crate::regions::national_regions;

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

#[test]
fn all_changes_are_read_in_order_of_time() {
    let start = Instant::now();
    let changes = code_changes().unwrap();
    println!(
        "{} changes loaded in {:?}",
        changes.all().len(),
        start.elapsed()
    );
    assert_eq!(changes.all().len(), 5276);
    assert!(changes.all().is_sorted_by_key(|change| change.year));
    let recoded = |kind| {
        changes
            .all()
            .iter()
            .filter(|change| change.kind == kind)
            .count()
    };
    assert_eq!(recoded(ChangeKind::Recoded), 2221);
    assert_eq!(recoded(ChangeKind::CountyToDistrict), 153);
}

#[test]
fn successor_follows_a_code_to_the_present() {
    let changes = code_changes().unwrap();
    let tree = national_regions().unwrap();
    let now = |text| changes.successor(code(text), &tree);
    assert_eq!(now("410307"), Successor::InUse);
    assert_eq!(now("410381"), Successor::Now(code("410307")));
    assert_eq!(now("542400"), Successor::Now(code("540600")));
    // Through two steps: a county of a former prefecture, then of a municipality.
    assert_eq!(now("512326"), Successor::Now(code("500156")));
    assert_eq!(now("999999"), Successor::Unknown);
}

#[test]
fn every_successor_is_in_use() {
    let changes = code_changes().unwrap();
    let tree = national_regions().unwrap();
    let mut found = 0;
    for change in changes.all() {
        let Some(old) = change.old_code else { continue };
        if let Successor::Now(new) = changes.successor(old, &tree) {
            assert!(tree.contains(new) && !tree.contains(old));
            found += 1;
        }
    }
    assert!(found > 3000, "{found}");
}

#[test]
fn code_handed_to_another_region_leads_nowhere() {
    let changes = code_changes().unwrap();
    let reassigned = changes.of(code("152830")).next_back().unwrap();
    assert_eq!(reassigned.kind, ChangeKind::Reassigned);
    let today = national_regions().unwrap();
    // Its new holder can be followed, so following it by mistake would be seen.
    let holder = changes.successor(reassigned.new_code.unwrap(), &today);
    assert!(matches!(holder, Successor::Now(_)), "{holder:?}");
    assert_eq!(
        changes.successor(code("152830"), &today),
        Successor::Unknown
    );
}

#[test]
fn several_codes_in_one_year_are_not_guessed_between() {
    let today = national_regions().unwrap();
    let split = CodeChanges::new(vec![
        read_row("2001\t撤销\t990001\t甲县\t371524\t乙区\t").unwrap(),
        read_row("2001\t撤销\t990001\t甲县\t371502\t丙区\t").unwrap(),
        read_row("2001\t撤销\t990002\t丁县\t371524\t乙区\t").unwrap(),
        read_row("2001\t撤销\t990003\t戊县\t990004\t己县\t").unwrap(),
        read_row("2001\t撤销\t990004\t己县\t990003\t戊县\t").unwrap(),
    ]);
    assert_eq!(split.successor(code("990001"), &today), Successor::Unknown);
    assert_eq!(
        split.successor(code("990002"), &today),
        Successor::Now(code("371524"))
    );
    assert_eq!(split.successor(code("990003"), &today), Successor::Unknown);
    // A change from before the code was got is about a former holder.
    let reused = CodeChanges::new(vec![
        read_row("1990\t同名改码\t990006\t庚县\t371524\t庚县\t").unwrap(),
        read_row("2001\t同名改码\t990005\t辛县\t990006\t辛县\t").unwrap(),
    ]);
    assert_eq!(reused.successor(code("990005"), &today), Successor::Unknown);
}

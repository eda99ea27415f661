use std::collections::BTreeMap;

use proptest::collection;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq};
use proptest::proptest;

use super::CellTable;
use crate::period::Period;
use crate::report::Role;
use crate::rollup::Sums;
use crate::state::cells::{Cell, CellKey, Kept, Listed, ReportHead, StoredHead, table_of};

type Plain = BTreeMap<CellKey, Kept>;
type Lists = (Listed<Cell>, Listed<StoredHead>);

/// What happens to a cell.
#[derive(Clone, Debug)]
struct Step {
    key: CellKey,
    figure: i64,
    reported: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let place = (0..4u32, 0..30u32, 1..4u32);
    (place, any::<i32>(), any::<bool>()).prop_map(
        |((region, indicator, month), figure, reported)| {
            let period: Period = format!("2025-{month:02}").parse().unwrap();
            Step {
                key: CellKey {
                    region,
                    indicator,
                    period,
                },
                figure: i64::from(figure),
                reported,
            }
        },
    )
}

fn change(kept: &mut Kept, step: &Step) {
    let sums = Sums {
        numerator: step.figure,
        ..Sums::default()
    };
    kept.cell.sums = sums;
    kept.cell.change += 1;
    if step.reported {
        kept.replace(ReportHead {
            id: step.figure.unsigned_abs(),
            revision: 1,
            frame: kept.cell.change,
            role: Role::Own,
            sums,
        });
    }
}

fn expect_same(table: &CellTable, plain: &Plain) {
    assert_eq!(table.len(), plain.len());
    let reports = plain.values().filter(|kept| kept.head.is_some()).count();
    assert_eq!(table.reports(), reports);
    let walked: BTreeMap<_, _> = table.iter().collect();
    assert_eq!(walked.len(), table.iter().count());
    for (key, kept) in plain {
        assert_eq!(walked.get(key), Some(&kept.cell));
        assert_eq!(table.get(key), Some(kept.cell));
        assert_eq!(table.head(key), kept.head);
        assert_eq!(table.older(key), kept.older);
    }
    for region in 0..5 {
        let own = || plain.iter().filter(|(key, _)| key.region == region);
        assert_eq!(table.len_of(region), own().count());
        assert_eq!(table.of(region).count(), own().count());
        let heads = own().filter(|(_, kept)| kept.head.is_some());
        assert_eq!(table.heads_of(region).count(), heads.count());
    }
}

proptest! {
    #[test]
    fn a_table_holds_what_a_plain_map_does(
        before in collection::vec(step(), 0..200),
        after in collection::vec(step(), 0..100),
        asked in step(),
    ) {
        let mut table = CellTable::default();
        let mut plain = Plain::new();
        let apply = |table: &mut CellTable, plain: &mut Plain, steps: &[Step]| {
            for step in steps {
                table.change(step.key, |kept| change(kept, step));
                change(plain.entry(step.key).or_default(), step);
            }
        };
        apply(&mut table, &mut plain, &before);
        expect_same(&table, &plain);
        let (copy, plain_copy) = (table.clone(), plain.clone());
        apply(&mut table, &mut plain, &after);
        expect_same(&table, &plain);
        // What was copied stays as it was.
        expect_same(&copy, &plain_copy);
        prop_assert_eq!(table.get(&asked.key).is_some(), plain.contains_key(&asked.key));

        let table = std::sync::Arc::new(table);
        let lists: Lists = (Listed::Table(table.clone()), Listed::Table(table));
        let bytes = postcard::to_stdvec(&lists).unwrap();
        let (cells, reports): Lists = postcard::from_bytes(&bytes).unwrap();
        prop_assert!(cells.names_only(|key| plain.contains_key(key)));
        expect_same(&table_of(cells, reports), &plain);
    }
}

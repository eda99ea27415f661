use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{collection, option, proptest};

use super::Packed;
use crate::report::Role;
use crate::rollup::Sums;
use crate::state::cells::{Cell, Kept, ReportHead};

fn figure() -> Kept {
    let sums = Sums {
        numerator: 950,
        denominator: 1_000,
        reported: 1,
        on_time: 1,
    };
    Kept {
        cell: Cell {
            sums,
            version: 3 << 40 | 77,
            change: 77,
        },
        head: Some(ReportHead {
            id: u64::MAX,
            revision: 1,
            frame: 12,
            role: Role::Unit,
            sums,
        }),
        older: Vec::new(),
    }
}

/// Numbers at and around where a form of fewer bytes ends, and any others.
fn number() -> impl Strategy<Value = u64> {
    let edge = prop_oneof![Just(0), Just(8), Just(16), Just(32), Just(40), Just(48)];
    prop_oneof![
        0..3_000u64,
        (edge, 0..4u64).prop_map(|(bits, by)| (1u64 << bits).wrapping_add(by).wrapping_sub(2)),
        any::<u64>(),
    ]
}

fn sums() -> impl Strategy<Value = Sums> {
    (number(), number(), number(), number()).prop_map(|(numerator, denominator, reported, on)| {
        Sums {
            numerator: numerator.cast_signed(),
            denominator: denominator.cast_signed(),
            reported: u32::try_from(reported & 0xffff_ffff).unwrap(),
            on_time: u32::try_from(on & 0xffff_ffff).unwrap(),
        }
    })
}

fn kept() -> impl Strategy<Value = Kept> {
    let role = prop_oneof![Just(Role::Unit), Just(Role::Bureau), Just(Role::Own)];
    let head = (number(), any::<u32>(), number(), role, sums()).prop_map(
        |(id, revision, frame, role, sums)| ReportHead {
            id,
            revision,
            frame,
            role,
            sums,
        },
    );
    let older = collection::vec(any::<u64>(), 0..3);
    (sums(), number(), number(), option::of(head), older).prop_map(
        |(sums, version, change, head, older)| Kept {
            cell: Cell {
                sums,
                version,
                change,
            },
            head,
            older,
        },
    )
}

/// Cells that come close to a plain figure: one or two things differ from it.
fn nearly_a_figure() -> impl Strategy<Value = Kept> {
    let place = 0..12usize;
    collection::vec((place, number()), 0..3).prop_map(|changes| {
        let mut kept = figure();
        for (place, number) in changes {
            let small = u32::try_from(number & 0xffff_ffff).unwrap();
            let head = kept.head.get_or_insert(figure().head.unwrap());
            match place {
                0 => kept.cell.sums.numerator = number.cast_signed(),
                1 => kept.cell.sums.denominator = number.cast_signed(),
                2 => kept.cell.sums.reported = small,
                3 => kept.cell.sums.on_time = small,
                4 => kept.cell.version = number,
                5 => kept.cell.change = number,
                6 => head.revision = small,
                7 => head.frame = number,
                8 => head.role = Role::Own,
                9 => {
                    head.sums.numerator = number.cast_signed();
                    kept.cell.sums = head.sums;
                }
                10 => kept.older.push(number),
                _ => {
                    kept.cell.change = number & 0xff_ffff_ffff;
                    kept.cell.version = 1 << 40 | kept.cell.change;
                }
            }
        }
        kept
    })
}

fn expect_same(kept: &Kept) {
    let packed = Packed::new(kept.clone());
    assert_eq!(packed.cell(), kept.cell);
    assert_eq!(packed.head(), kept.head);
    assert_eq!(packed.older(), kept.older);
    assert_eq!(packed.unpack(), *kept);
}

proptest! {
    #[test]
    fn whatever_is_packed_comes_back(kept in kept()) {
        expect_same(&kept);
    }

    #[test]
    fn whatever_is_nearly_a_figure_comes_back(kept in nearly_a_figure()) {
        expect_same(&kept);
    }
}

#[test]
fn what_nearly_every_cell_is_takes_thirty_two_bytes() {
    assert_eq!(size_of::<Packed>(), 32);
    assert!(matches!(Packed::new(figure()), Packed::Figure(_)));
    let corrected = Kept {
        older: vec![1, 2],
        ..figure()
    };
    assert!(matches!(Packed::new(corrected), Packed::Corrected(_)));
    let total = Cell {
        sums: Sums {
            // A province's billions, in 分.
            numerator: 200_000_000_000_000,
            denominator: 0,
            reported: 20_000,
            on_time: 20_000,
        },
        version: 255 << 40 | 1,
        change: 1 << 39,
    };
    let total = Kept {
        cell: total,
        ..Kept::default()
    };
    assert!(matches!(Packed::new(total), Packed::Total(_)));
    assert_eq!(Packed::EMPTY.unpack(), Kept::default());
}

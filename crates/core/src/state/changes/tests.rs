use std::collections::BTreeMap;

use proptest::prelude::{Just, prop_oneof};
use proptest::test_runner::Config;
use proptest::{collection, proptest};

use super::{Changes, SMALL, TOGETHER};

/// The index as checkpoints have always held it.
#[derive(serde::Serialize)]
struct Plain {
    entries: Vec<(u64, u16)>,
    live: usize,
}

/// Pushes, and what is listed after some number, tried on a plain list.
fn compare(steps: &[(u16, u64)]) {
    let mut changes = Changes::default();
    let mut plain = Plain {
        entries: Vec::new(),
        live: 0,
    };
    let mut last = BTreeMap::new();
    let mut number = 0;
    for (key, step) in steps {
        number += step;
        let is_new = last.insert(*key, number).is_none();
        let is_current = |key: &u16, change: u64| last.get(key) == Some(&change);
        changes.push(number, *key, is_new, is_current);
        plain.entries.push((number, *key));
        plain.live += usize::from(is_new);
        if plain.entries.len() > SMALL + 2 * plain.live {
            plain
                .entries
                .retain(|(change, key)| is_current(key, *change));
            plain.live = plain.entries.len();
        }
    }
    assert_eq!(changes.live(), plain.live);
    for after in [0, 1, number / 3, number / 2, number - 1, number, number + 1] {
        let found: Vec<(u64, u16)> = changes.after(after).map(|(at, key)| (at, *key)).collect();
        let mut expected = plain.entries.clone();
        expected.retain(|(at, _)| *at > after);
        assert_eq!(found, expected, "after {after}");
    }
    let bytes = postcard::to_stdvec(&changes).unwrap();
    assert_eq!(bytes, postcard::to_stdvec(&plain).unwrap());
    let read: Changes<u16> = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(postcard::to_stdvec(&read).unwrap(), bytes);
    assert_eq!(read.after(0).count(), plain.entries.len());
}

proptest! {
    // Long lists, few of them.
    #![proptest_config(Config::with_cases(24))]

    #[test]
    fn pieces_list_what_a_plain_list_does(
        steps in collection::vec(
            (0..700u16, prop_oneof![Just(1), 1..5u64, Just(1 << 33)]),
            1..4 * TOGETHER,
        ),
    ) {
        compare(&steps);
    }
}

#[test]
fn what_changes_again_and_again_is_swept() {
    let steps: Vec<(u16, u64)> = (0..5_000).map(|step| (step % 7, 1)).collect();
    compare(&steps);
}

use std::path::{Path, PathBuf};

use liandong_core::audit::{Actor, Deed, Entry, Trail};
use liandong_core::step::Author;

use super::events;
use crate::record::{Batch, DecodeError, decode, encode, read};

const AT: i64 = 1_741_910_400_123_456;

fn golden_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journal-v2.bin")
}

fn reporter() -> Actor {
    Actor::Shown {
        identity: "spiffe://edu.example/region/371524/reporter"
            .parse()
            .unwrap(),
        serial: vec![0x5c, 0xf8, 0, 0xff],
    }
}

/// Every deed by every kind of actor, with an author and without.
fn trail() -> Trail {
    let actors = vec![Actor::Node, Actor::Local, reporter()];
    let author = Author {
        name: "教育股".to_owned(),
        why: "材料不全".to_owned(),
    };
    let mut entries = Vec::new();
    for (place, deed) in (0..).zip(Deed::ALL) {
        entries.push(Entry {
            actor: place % 3,
            deed,
            first: place * 200,
            events: 1,
            author: (place % 2 == 1).then(|| author.clone()),
        });
    }
    Trail {
        at_micros: AT,
        actors,
        entries,
    }
}

fn batch(trail: &Trail) -> Vec<u8> {
    let mut batch = Batch::new();
    for event in events() {
        batch.push(&event).unwrap();
    }
    for entry in &trail.entries {
        let actor = &trail.actors[entry.actor as usize];
        let nowhere = Entry {
            actor: 99,
            ..entry.clone()
        };
        batch.note(AT, actor, nowhere).unwrap();
    }
    let (head, body) = batch.parts().unwrap();
    [head.as_slice(), body].concat()
}

#[test]
fn the_second_version_of_a_record_is_still_read_and_written() {
    let golden = std::fs::read(golden_path()).unwrap();
    assert_eq!(decode(&golden).unwrap(), events());
    let audited = read(&golden).unwrap();
    assert_eq!(audited.trail, trail());
    assert_eq!(audited.events().unwrap(), events());
    assert_eq!(batch(&trail()), golden);
}

#[test]
#[ignore = "writes the golden file anew; only for a format that no journal has been written in"]
fn write_the_golden_file() {
    std::fs::write(golden_path(), batch(&trail())).unwrap();
}

#[test]
fn a_record_without_a_trail_is_nobodys() {
    let first = encode(&events()).unwrap();
    assert_eq!(read(&first).unwrap().trail, Trail::default());
    let mut batch = Batch::new();
    batch.push(&events()[0]).unwrap();
    let (head, _) = batch.parts().unwrap();
    assert_eq!(head[0], 1, "what nobody asked for stays as it was");
}

#[test]
fn a_trail_that_is_cut_off_is_no_record() {
    let whole = batch(&trail());
    let shorter = [0, 1, 5, 40, whole.len() / 2, whole.len() - 1];
    for length in shorter {
        assert!(decode(&whole[..length]).is_err(), "{length}");
    }
    let newer = [3, 0];
    assert!(matches!(
        decode(&newer),
        Err(DecodeError::UnknownVersion {
            found: 3,
            supported: 2
        })
    ));
}

/// What the trail adds to a frame of one push of 512 reports, and of 128 of them.
#[test]
fn a_push_adds_a_few_bytes_to_its_frame() {
    let entry = |first| Entry {
        actor: 0,
        deed: Deed::PushReports,
        first,
        events: 1,
        author: None,
    };
    let of = |pushes: u32| {
        let mut batch = Batch::new();
        for first in 0..pushes {
            let identity = "spiffe://edu.example/region/371524/reporter".parse();
            let actor = Actor::Shown {
                identity: identity.unwrap(),
                serial: vec![7; 20],
            };
            batch.note(AT, &actor, entry(first)).unwrap();
        }
        batch.parts().unwrap().0.len()
    };
    let (one, many) = (of(1), of(128));
    assert!(one <= 90, "{one}");
    assert!(many <= one + 127 * 6, "{many}");
}

use liandong_core::compare::{Bucket, Findings};
use liandong_core::document::CellDocument;
use liandong_core::language::Language;
use liandong_core::lineage::{Lineage, Mark};

use super::{
    FileEnd, FileFault, FileHeader, FileReader, FileSeal, FileSection, FileWriter, KeyShown, marks,
};
use crate::link::tests::{set, some_cells};
use crate::link::{StreamReader, v1};

fn header() -> FileHeader {
    FileHeader {
        exporter: "371524".parse().expect("a code"),
        recipient: "371500".parse().expect("a code"),
        incarnation: 7 << 100,
        after: 40,
        holds: Some((9, 12)),
        key: [3; 32],
        shown: Some(KeyShown {
            certificates: vec![vec![7; 600]],
            at_micros: 1_741_910_400_123_456,
            signature: vec![8; 71],
        }),
        earlier_life: true,
        mark: Some((9, mark(11))),
        parted: Some(8),
    }
}

fn mark(upto: u64) -> Mark {
    Mark {
        upto,
        name: u128::from(upto) << 100,
    }
}

fn lineage() -> Lineage {
    Lineage::new(41, vec![mark(41), mark(300)]).expect("in order")
}

/// A file of two sections of changes, with a signature of ones.
fn file() -> Vec<u8> {
    let (mut writer, mut bytes) = FileWriter::begin(&header());
    bytes.extend(writer.changes(&set(Vec::new(), some_cells(5), 45)));
    bytes.extend(writer.changes(&set(Vec::new(), Vec::new(), 50)));
    bytes.extend(writer.changes(&set(Vec::new(), some_cells(3), 60)));
    assert_eq!(writer.so_far().1, bytes.len() as u64);
    let (end, _) = writer.end(&lineage());
    bytes.extend(end);
    bytes.extend([1; 64]);
    bytes
}

fn read(bytes: &[u8], step: usize) -> Result<(Vec<FileSection>, FileSeal), FileFault> {
    let mut reader = FileReader::default();
    let mut sections = Vec::new();
    for chunk in bytes.chunks(step) {
        reader.feed(chunk);
        while let Some(section) = reader.next_section()? {
            sections.push(section);
        }
    }
    Ok((sections, reader.finish()?))
}

#[test]
fn a_file_is_read_as_it_was_written_in_pieces_of_any_size() {
    let bytes = file();
    for step in [1, 7, 64, bytes.len()] {
        let (sections, seal) = read(&bytes, step).expect("a file");
        assert_eq!(seal.signature, [1; 64]);
        assert_eq!(sections.len(), 4);
        assert_eq!(sections[0], FileSection::Header(Box::new(header())));
        let end = FileEnd {
            upto: 60,
            frames: 2,
            documents: 0,
            cells: 8,
        };
        assert_eq!(sections[3], FileSection::End(end, lineage()));
        let mut stream = StreamReader::new();
        let mut cells = 0;
        for section in &sections[1..3] {
            let FileSection::Changes(packed) = section else {
                panic!("{section:?}");
            };
            let read = stream.packed(packed.clone()).expect("changes");
            cells += read.cells.len();
        }
        assert_eq!(cells, 8);
    }
}

#[test]
fn every_flipped_bit_is_noticed_but_those_of_the_signature() {
    let good = file();
    let mut faults = 0;
    for position in 0..good.len() - 64 {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[position] ^= 1 << bit;
            read(&bad, bad.len()).expect_err("a changed file");
            faults += 1;
        }
    }
    println!("{faults} flipped bits, all noticed");
}

#[test]
fn every_truncation_and_every_addition_is_noticed() {
    let good = file();
    for length in 0..good.len() {
        let cut = read(&good[..length], 100).expect_err("a part of a file");
        assert!(matches!(cut, FileFault::Short { .. }), "{length}: {cut}");
    }
    let mut longer = good;
    longer.push(0);
    assert_eq!(read(&longer, 100), Err(FileFault::Trailing));
}

#[test]
fn a_file_of_tomorrow_and_no_file_are_told_apart() {
    let newer = read(b"liandong-link 2\nand so on", 5).expect_err("a newer format");
    assert!(
        newer.message(Language::Zh).contains("格式为 2"),
        "{newer:?}"
    );
    assert_eq!(
        read(b"PK\x03\x04 a zip file", 4),
        Err(FileFault::NoLinkFile)
    );
    assert_eq!(read(b"", 4), Err(FileFault::Short { bytes: 0 }));
}

#[test]
fn a_file_of_an_earlier_program_is_read_and_one_without_earlier_lives_is_written_as_ever() {
    // Written by a program that knew nothing of earlier lives.
    let golden: &[u8] = include_bytes!("../../../tests/golden/link-file-v1.bin");
    let before = FileHeader {
        earlier_life: false,
        mark: None,
        parted: None,
        ..header()
    };
    let (sections, _) = read(golden, golden.len()).expect("a file");
    assert_eq!(sections[0], FileSection::Header(Box::new(before.clone())));
    let (mut writer, mut bytes) = FileWriter::begin(&before);
    bytes.extend(writer.changes(&set(Vec::new(), some_cells(5), 45)));
    let (end, _) = writer.end(&Lineage::default());
    bytes.extend(end);
    bytes.extend([1; 64]);
    assert_eq!(bytes, golden);
}

#[test]
fn what_is_held_of_earlier_lives_travels_in_a_section_without_changes() {
    let (mut writer, mut bytes) = FileWriter::begin(&header());
    let county = "371524".parse().expect("a code");
    let mut held = Findings {
        highest: 7 << 40,
        cells_missing: 3,
        ..Findings::default()
    };
    held.cells = some_cells(2).iter().map(CellDocument::name).collect();
    bytes.extend(writer.found(Bucket::Cells(county), &held));
    let (end, _) = writer.end(&Lineage::default());
    bytes.extend(end);
    bytes.extend([1; 64]);
    let (sections, _) = read(&bytes, bytes.len()).expect("a file");
    let FileSection::Changes(packed) = &sections[1] else {
        panic!("{sections:?}");
    };
    let changes = StreamReader::new().packed(packed.clone()).expect("read");
    assert_eq!((changes.after, changes.upto), (40, 40));
    assert!(changes.documents.is_empty() && changes.cells.is_empty());
    assert_eq!(
        changes.found.as_deref(),
        Some(&(Bucket::Cells(county), held))
    );
    let FileSection::End(end, _) = &sections[2] else {
        panic!("{sections:?}");
    };
    assert_eq!((end.frames, end.cells, end.upto), (1, 0, 40));
}

#[test]
fn the_longest_lineage_fits_and_one_out_of_order_is_no_end() {
    let marks: Vec<Mark> = (1..=Lineage::MOST as u64)
        .map(|upto| mark(u64::MAX / 100 * upto))
        .collect();
    let most = Lineage::new(1, marks).expect("in order");
    let (writer, mut bytes) = FileWriter::begin(&header());
    let (end, _) = writer.end(&most);
    bytes.extend(end);
    bytes.extend([1; 64]);
    let (sections, _) = read(&bytes, bytes.len()).expect("a file");
    assert!(matches!(&sections[1], FileSection::End(_, lineage) if *lineage == most));
    let message = |upto| v1::LineageMark {
        upto,
        name: vec![1; 16],
    };
    assert!(marks::read_all(0, &[message(1), message(2)]).is_some());
    assert!(marks::read_all(0, &[message(2), message(2)]).is_none());
    // A later program may keep more of them.
    let more: Vec<v1::LineageMark> = (1..=Lineage::MOST as u64 + 3).map(message).collect();
    let newest = marks::read_all(0, &more).expect("in order");
    assert_eq!(newest.marks().len(), Lineage::MOST);
    assert_eq!((newest.from(), newest.marks()[0].upto), (4, 4));
    let mut short = message(3);
    short.name.pop();
    assert!(marks::read_all(0, &[short]).is_none());
}

//! What a changed cell costs on the wire, as it is written and packed.

use liandong_core::document::CellDocument;
use liandong_core::rollup::Sums;
use prost::Message;

use super::{set, travel};
use crate::link::{StreamReader, StreamWriter, encoded_len, pack, v1};

/// What a bureau's cells look like: every third indicator has no denominator, figures run to five
/// digits, two hundred schools report and some of them late, versions are an epoch above a change
/// number.
pub(super) fn cells(regions: u64, indicators: u64, round: u64) -> Vec<CellDocument> {
    let mut cells = Vec::new();
    for region in 0..regions {
        for indicator in 0..indicators {
            let number = region * indicators + indicator;
            let has_denominator = indicator % 3 != 0;
            let spread = (number * 2_654_435_761 + round * 40_503) % 50_000;
            let reported = 150 + u32::try_from(spread % 50).expect("small");
            let code = format!("indicator-of-usual-{indicator:03}");
            cells.push(CellDocument {
                region: format!("{}", 371_500 + region).parse().expect("a code"),
                indicator: code.parse().expect("a code"),
                period: "2025-03".parse().expect("a period"),
                sums: Sums {
                    numerator: i64::try_from(spread).expect("small"),
                    denominator: if has_denominator { 50_000 } else { 0 },
                    reported,
                    on_time: reported - u32::from(indicator % 5 == 0) * 20,
                },
                version: (3 << 40) + round * 10_000 + number,
            });
        }
    }
    cells
}

/// The same with numbers that repeat nothing: a count of its own below every ratio, and versions
/// that grew at different times.
pub(super) fn unlike_cells(regions: u64, indicators: u64, round: u64) -> Vec<CellDocument> {
    let mut cells = cells(regions, indicators, round);
    let mut mixed = round + 1;
    for cell in &mut cells {
        mixed = (mixed ^ mixed << 13).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^= mixed >> 29;
        let below = 20_000 + i64::try_from(mixed % 30_000).expect("small");
        let above = i64::try_from((mixed >> 20) % 30_000).expect("small");
        if cell.sums.denominator > 0 {
            cell.sums.denominator = below;
        }
        cell.sums.numerator = above;
        cell.version += (mixed >> 40) % 4;
    }
    cells
}

/// Bytes of the whole packed frame per cell, in hundredths, once the indicators have been named.
fn packed_per_cell(regions: u64, indicators: u64) -> usize {
    let (mut writer, mut reader) = (StreamWriter::new(), StreamReader::new());
    let mut size = 0;
    for round in 0..2 {
        let batch = unlike_cells(regions, indicators, round);
        let changes = writer.changes(round, &set(Vec::new(), batch.clone(), round + 1), "");
        let packed = pack(&changes);
        let read = reader.packed(travel(&packed)).expect("frames in order");
        assert_eq!(read.cells, batch);
        let frame = v1::ExchangeRequest::from(v1::frame::Frame::Packed(packed));
        size = frame.encoded_len() * 100 / batch.len();
    }
    size
}

#[test]
fn packed_cells_of_a_batch_of_41_and_more_cost_at_most_eight_bytes() {
    for (regions, indicators) in [(1, 41), (5, 60), (16, 41), (34, 60)] {
        let size = packed_per_cell(regions, indicators);
        let cells = regions * indicators;
        println!(
            "{cells} cells: {}.{:02} bytes each, packed",
            size / 100,
            size % 100
        );
        assert!(size <= 800, "{cells} cells: {size}");
    }
}

/// Bytes of the whole frame as it is written, per cell: of the first batch of a stream, and of the
/// ones that follow.
fn bytes_per_cell(regions: u64, indicators: u64) -> (usize, usize) {
    let (mut writer, mut reader) = (StreamWriter::new(), StreamReader::new());
    let mut sizes = Vec::new();
    for round in 0..2 {
        let batch = cells(regions, indicators, round);
        let changes = writer.changes(round, &set(Vec::new(), batch.clone(), round + 1), "");
        let read = reader.changes(travel(&changes)).expect("frames in order");
        assert_eq!(read.cells, batch);
        assert!(encoded_len(&changes) > 0);
        let frame = v1::ExchangeRequest::from(v1::frame::Frame::Changes(changes));
        sizes.push(frame.encoded_len().div_ceil(batch.len()));
    }
    (sizes[0], sizes[1])
}

#[test]
fn a_changed_cell_costs_at_most_twelve_bytes() {
    let (first_of_41, later_of_41) = bytes_per_cell(1, 41);
    let (first_of_656, later_of_656) = bytes_per_cell(16, 41);
    println!("41 cells: {first_of_41} bytes each in a stream's first batch, then {later_of_41}");
    println!("656 cells: {first_of_656} bytes each in a stream's first batch, then {later_of_656}");
    assert!(later_of_41 <= 12, "{later_of_41}");
    assert!(first_of_656 <= 12, "{first_of_656}");
    assert!(later_of_656 <= 12, "{later_of_656}");
    // With the names of the indicators, which are sent once per stream.
    assert!(first_of_41 <= 40, "{first_of_41}");
}

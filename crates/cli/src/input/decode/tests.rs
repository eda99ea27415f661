use std::io::Read;

use encoding_rs::GB18030;

use super::{Decoding, WINDOW, decode_whole};
use crate::error::{InputError, OtherFile};

const TEXT: &str = "单位,指标\n371524,控辍保学\n";

/// Gives a few bytes at a time, so that characters are cut in the middle.
struct Dribble<'b>(&'b [u8]);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.len().min(buffer.len()).min(7);
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn dribbled(bytes: &[u8]) -> Result<String, InputError> {
    let mut text = String::new();
    let mut decoding = Decoding::new(Dribble(bytes))?;
    let read = decoding.read_to_string(&mut text);
    read.map_err(|error| InputError::from_io(error, 0))?;
    Ok(text)
}

fn gb18030(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

#[test]
fn every_accepted_encoding_gives_the_same_text() {
    let marked = [b"\xef\xbb\xbf".as_slice(), TEXT.as_bytes()].concat();
    for bytes in [TEXT.as_bytes(), &marked, &gb18030(TEXT)] {
        assert_eq!(decode_whole(bytes).unwrap(), TEXT);
        assert_eq!(dribbled(bytes).unwrap(), TEXT);
    }
    assert_eq!(decode_whole(b"").unwrap(), "");
}

#[test]
fn chinese_that_first_comes_far_behind_ascii_is_still_told_apart() {
    let ascii = "371524,compulsory-dropouts,2025-03,0\n".repeat(3 * WINDOW / 37);
    let whole = format!("{ascii}{TEXT}");
    assert_eq!(dribbled(whole.as_bytes()).unwrap(), whole);
    assert_eq!(dribbled(&gb18030(&whole)).unwrap(), whole);
}

#[test]
fn a_long_file_is_decoded_across_every_window() {
    let whole = "单位代码，指标，周期；𠮷\n".repeat(4 * WINDOW / 30);
    assert_eq!(dribbled(whole.as_bytes()).unwrap(), whole);
    assert_eq!(dribbled(&gb18030(&whole)).unwrap(), whole);
}

#[test]
fn broken_text_is_refused_with_its_line() {
    // 0xff begins a character in neither encoding.
    let cases: [(&[u8], u64); 4] = [
        (b"\xff\xf0", 1),
        (b"ab\ncd\n\xff", 3),
        ("单位\n指标\n".as_bytes(), 0),
        (b"\xb5\xa5\n\xce\xbb\xff", 2),
    ];
    for (bytes, line) in cases {
        match (decode_whole(bytes), line) {
            (Ok(_), 0) => {}
            (Err(InputError::Encoding { line: found }), _) => assert_eq!(found, line, "{bytes:?}"),
            other => panic!("{bytes:?}: {other:?}"),
        }
    }
    let late = [TEXT.repeat(WINDOW / 20).as_bytes(), b"\xff"].concat();
    let lines = late.iter().filter(|byte| **byte == b'\n').count() as u64;
    let error = dribbled(&late).unwrap_err();
    assert!(
        matches!(error, InputError::Encoding { line } if line == lines + 1),
        "{error}"
    );
}

#[test]
fn a_character_that_the_end_cuts_off_is_refused() {
    let long = TEXT.repeat(5);
    let cut = &long.as_bytes()[..long.len() - 2];
    let error = decode_whole(cut).unwrap_err();
    assert!(
        matches!(error, InputError::Encoding { line: 10 }),
        "{error}"
    );
    let half = gb18030("单位");
    assert!(matches!(
        decode_whole(&half[..3]),
        Err(InputError::Encoding { line: 1 })
    ));
}

#[test]
fn utf8_with_one_broken_byte_is_not_taken_for_gb18030() {
    let mut bytes = TEXT.repeat(20).into_bytes();
    // The middle of a character of line 21.
    let place = TEXT.len() * 10 + 1;
    bytes[place] = b'x';
    let error = decode_whole(&bytes).unwrap_err();
    assert!(
        matches!(error, InputError::Encoding { line: 21 }),
        "{error}"
    );
}

#[test]
fn other_files_are_named() {
    let cases: [(&[u8], OtherFile); 4] = [
        (b"PK\x03\x04\x14\x00", OtherFile::Workbook),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", OtherFile::Workbook),
        (b"\xff\xfe5\x53", OtherFile::Utf16),
        (b"\x1f\x8b\x08", OtherFile::Gzip),
    ];
    for (bytes, kind) in cases {
        let error = decode_whole(bytes).unwrap_err();
        assert!(matches!(error, InputError::OtherFile { kind: found } if found == kind));
    }
}

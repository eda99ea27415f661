use super::{FormatError, Header, Kind, MARK, Sections, Writer};

fn file() -> Vec<u8> {
    let mut writer = Writer::default();
    let mut bytes = MARK.to_vec();
    let header = Header {
        region: "371524".parse().expect("a code"),
        node: "371500".parse().expect("a code"),
        frame: 7,
        moved: true,
    };
    for (kind, payload) in [
        (Kind::Header, header.write().into_bytes()),
        (Kind::Events, vec![1, 2, 3]),
        (Kind::Events, vec![4; 300]),
        (Kind::End, b"2".to_vec()),
    ] {
        writer
            .section(kind, &payload, &mut bytes)
            .expect("small enough");
    }
    bytes
}

fn read(bytes: &[u8], piece: usize) -> Result<Vec<(Kind, Vec<u8>)>, FormatError> {
    let mut sections = Sections::default();
    let mut found = Vec::new();
    for piece in bytes.chunks(piece) {
        sections.feed(piece);
        while let Some(section) = sections.next()? {
            found.push(section);
        }
    }
    if sections.has_rest() {
        return Err(FormatError::Short);
    }
    Ok(found)
}

#[test]
fn pieces_of_any_size_give_the_same_sections() {
    let bytes = file();
    let whole = read(&bytes, bytes.len()).expect("whole");
    assert_eq!(whole.len(), 4);
    let header = Header::read(&whole[0].1).expect("a header");
    assert_eq!((header.region.as_str(), header.frame), ("371524", 7));
    for piece in [1, 5, 64] {
        assert_eq!(read(&bytes, piece).expect("whole"), whole);
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let bytes = file();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(read(&changed, bytes.len()).is_err(), "byte {place}");
    }
}

#[test]
fn a_section_left_out_is_noticed() {
    let bytes = file();
    let header = 5
        + Header::read(&read(&bytes, 64).expect("whole")[0].1)
            .expect("a header")
            .write()
            .len()
        + 32;
    let first = MARK.len() + header;
    let mut without = bytes.clone();
    without.drain(first..first + 5 + 3 + 32);
    assert_eq!(read(&without, 64), Err(FormatError::Damaged(1)));
}

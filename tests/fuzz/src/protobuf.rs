//! Mutations that keep protobuf protobuf: fields are dropped, doubled, swapped, renumbered and
//! changed, and every length around them stays right.
//!
//! It knows the wire format and no schema; a field that looks like a message is taken for one most
//! of the time. Nothing here decides whether bytes are valid: that is for the readers under test.

/// How deep fields are followed.
const DEEPEST: u32 = 12;

/// Values at which numbers break.
const EDGES: [u64; 16] = [
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    i32::MAX as u64,
    u32::MAX as u64,
    u32::MAX as u64 + 1,
    i64::MAX as u64,
    i64::MAX as u64 + 1,
    u64::MAX - 1,
    u64::MAX,
];

/// Texts at which readers of codes, periods and numbers break.
const TEXTS: [&str; 20] = [
    "",
    "371524",
    "371500",
    "370000",
    "371524-001",
    "compulsory-dropouts",
    "left-behind-care-room",
    "2025",
    "2025-03",
    "2025-W53",
    "2024-2025-S1",
    "9999-12-31",
    "-0001-01-01",
    "100%",
    "9223372036854775807元",
    "0.00000001",
    "联动",
    "\u{feff}",
    "\u{202e}",
    "a\nb\0c",
];

/// One field: where it begins and ends, with its number, type and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its number.
    pub number: u64,
    /// Its type on the wire.
    pub kind: u8,
    /// The bytes of its content; for a text or message without the length.
    pub content: &'a [u8],
    /// The whole field.
    pub whole: &'a [u8],
}

/// The fields of a message; `None` when the bytes are none.
pub fn fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (tag, after_tag) = varint(bytes)?;
        let (number, kind) = (tag >> 3, (tag & 7) as u8);
        if number == 0 {
            return None;
        }
        let (content, rest) = match kind {
            0 => {
                let (_, rest) = varint(after_tag)?;
                (&after_tag[..after_tag.len() - rest.len()], rest)
            }
            1 => after_tag.split_at_checked(8)?,
            2 => {
                let (length, after) = varint(after_tag)?;
                after.split_at_checked(usize::try_from(length).ok()?)?
            }
            5 => after_tag.split_at_checked(4)?,
            _ => return None,
        };
        let whole = &bytes[..bytes.len() - rest.len()];
        found.push(Field {
            number,
            kind,
            content,
            whole,
        });
        bytes = rest;
    }
    Some(found)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(7 * place as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, &bytes[place + 1..]));
        }
    }
    None
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A text or message as a field.
pub fn put_bytes(out: &mut Vec<u8>, number: u64, content: &[u8]) {
    put_varint(out, number << 3 | 2);
    put_varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// Draws numbers; the same seed draws the same.
#[derive(Debug)]
pub struct Draw(u64);

impl Draw {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % (end.max(1) as u64)) as usize
    }
}

/// A mutation of a message of at most `most` bytes; empty when there is none.
pub fn mutate(message: &[u8], seed: u32, most: usize) -> Vec<u8> {
    let mut draw = Draw::new(u64::from(seed));
    let mutated = mutate_message(message, &mut draw, 0).unwrap_or_default();
    if mutated.len() > most {
        return Vec::new();
    }
    mutated
}

fn mutate_message(message: &[u8], draw: &mut Draw, depth: u32) -> Option<Vec<u8>> {
    let fields = fields(message)?;
    let mut parts: Vec<Vec<u8>> = fields.iter().map(|field| field.whole.to_vec()).collect();
    let at = draw.below(parts.len());
    let Some(field) = fields.get(at) else {
        return Some(new_field(draw));
    };
    match draw.below(16) {
        0 => {
            parts.remove(at);
        }
        1 => parts.insert(at, field.whole.to_vec()),
        2 => {
            let other = draw.below(parts.len());
            parts.swap(at, other);
        }
        3 => {
            let mut renumbered = Vec::new();
            let number = 1 + draw.below(24) as u64;
            put_varint(&mut renumbered, number << 3 | u64::from(field.kind));
            let (_, after_tag) = varint(field.whole)?;
            renumbered.extend_from_slice(after_tag);
            parts[at] = renumbered;
        }
        4 => parts.insert(at, new_field(draw)),
        5 => {
            // What stands in one field may stand in another.
            let other = fields.get(draw.below(fields.len()))?;
            if other.kind == 2 && field.kind == 2 {
                let mut moved = Vec::new();
                put_bytes(&mut moved, field.number, other.content);
                parts[at] = moved;
            }
        }
        6 => parts.truncate(at),
        _ => parts[at] = mutate_field(field, draw, depth)?,
    }
    Some(parts.concat())
}

fn mutate_field(field: &Field<'_>, draw: &mut Draw, depth: u32) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match field.kind {
        0 => {
            let (old, _) = varint(field.content)?;
            put_varint(&mut out, field.number << 3);
            put_varint(&mut out, number_like(old, draw));
        }
        2 => {
            let inner = if depth < DEEPEST && draw.below(8) > 0 {
                mutate_message(field.content, draw, depth + 1)
            } else {
                None
            };
            let inner = inner.unwrap_or_else(|| mutate_text(field.content, draw));
            put_bytes(&mut out, field.number, &inner);
        }
        _ => {
            out.extend_from_slice(field.whole);
            let place = out.len() - 1 - draw.below(field.content.len());
            out[place] ^= 1 << draw.below(8);
        }
    }
    Some(out)
}

fn number_like(old: u64, draw: &mut Draw) -> u64 {
    match draw.below(6) {
        0 => old.wrapping_add(1),
        1 => old.wrapping_sub(1),
        2 => old ^ (1 << draw.below(64)),
        3 => draw.number(),
        4 => !old,
        _ => EDGES[draw.below(EDGES.len())],
    }
}

fn mutate_text(old: &[u8], draw: &mut Draw) -> Vec<u8> {
    let mut text = old.to_vec();
    match draw.below(8) {
        0 => return TEXTS[draw.below(TEXTS.len())].as_bytes().to_vec(),
        1 => text.truncate(draw.below(old.len())),
        2 => {
            let place = draw.below(text.len() + 1);
            text.insert(place, draw.number() as u8);
        }
        3 => {
            let copied: Vec<u8> = text.iter().rev().copied().collect();
            text.extend_from_slice(&copied);
        }
        // Columns of numbers: another number at the end, as large as they get.
        4 => put_varint(&mut text, EDGES[draw.below(EDGES.len())]),
        5 => put_varint(&mut text, draw.number()),
        _ => {
            let place = draw.below(text.len());
            if let Some(byte) = text.get_mut(place) {
                *byte ^= 1 << draw.below(8);
            }
        }
    }
    text
}

fn new_field(draw: &mut Draw) -> Vec<u8> {
    let number = 1 + draw.below(24) as u64;
    let mut out = Vec::new();
    if draw.below(2) == 0 {
        put_varint(&mut out, number << 3);
        put_varint(&mut out, EDGES[draw.below(EDGES.len())]);
    } else {
        put_bytes(&mut out, number, TEXTS[draw.below(TEXTS.len())].as_bytes());
    }
    out
}

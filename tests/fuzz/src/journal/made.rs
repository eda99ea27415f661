//! Segment files out of the bytes of an input: headers and frames with checksums that fit, and
//! damage to files that were whole.

const HEADER: usize = 64;

fn checksum(bytes: &[u8; HEADER], at: usize) -> [u8; 4] {
    let before = crc32c::crc32c(&bytes[..at]);
    crc32c::crc32c_append(before, &bytes[at + 4..]).to_le_bytes()
}

/// The header of segment 1.
pub(super) fn header() -> Vec<u8> {
    let mut bytes = [0; HEADER];
    bytes[0..8].copy_from_slice(b"LDJOURNL");
    bytes[8..12].copy_from_slice(&1u32.to_le_bytes());
    bytes[16..24].copy_from_slice(&1u64.to_le_bytes());
    bytes[24..32].copy_from_slice(&1u64.to_le_bytes());
    let sum = checksum(&bytes, 12);
    bytes[12..16].copy_from_slice(&sum);
    bytes.to_vec()
}

/// Frames as the bytes say: for each two bytes of what is wrong, one of length, and a payload.
pub(super) fn built(mut bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut previous = [0u8; 32];
    let mut sequence = 0u64;
    while let Some(([wrong, value, length], rest)) = bytes.split_first_chunk::<3>() {
        let most = usize::from(*length).min(rest.len());
        let (payload, rest) = rest.split_at(most);
        bytes = rest;
        sequence += 1;
        let number = u64::from(*value);
        let fault = |bit: u8| wrong & (1 << bit) != 0;
        let mut frame = [0u8; HEADER];
        frame[0..4].copy_from_slice(b"LDf1");
        let stated = match (fault(0), fault(1)) {
            (true, true) => u32::MAX - u32::from(*value),
            (true, false) => u32::from(*value) << 16,
            _ => payload.len() as u32,
        };
        frame[8..12].copy_from_slice(&stated.to_le_bytes());
        let content = crc32c::crc32c(payload) ^ u32::from(fault(2));
        frame[12..16].copy_from_slice(&content.to_le_bytes());
        let stated = if fault(3) { number } else { sequence };
        frame[16..24].copy_from_slice(&stated.to_le_bytes());
        let durable = if fault(4) { number } else { sequence - 1 };
        frame[24..32].copy_from_slice(&durable.to_le_bytes());
        frame[32..64].copy_from_slice(&previous);
        if fault(5) {
            frame[32] ^= *value;
        }
        let sum = checksum(&frame, 4);
        frame[4..8].copy_from_slice(&sum);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&frame);
        hasher.update(payload);
        previous = *hasher.finalize().as_bytes();
        let begins = file.len();
        file.extend_from_slice(&frame);
        file.extend_from_slice(payload);
        file.push(if fault(6) { *value } else { END });
        if fault(7) {
            // Part of it never reached the disk.
            let from = begins + usize::from(*value) % (file.len() - begins);
            file[from..].fill(0);
        }
    }
    file
}

/// The mark at the end of a frame, as the writer sets it.
const END: u8 = 0x5a;

/// Five bytes each: what is done, where, how much.
pub(super) fn damage(file: &mut Vec<u8>, bytes: &[u8]) {
    for change in bytes.chunks_exact(5) {
        let at = usize::from(u16::from_le_bytes([change[1], change[2]])) % file.len().max(1);
        let end = (at + usize::from(change[3]) * 4).min(file.len());
        match change[0] % 4 {
            0 => {
                if let Some(byte) = file.get_mut(at) {
                    *byte ^= 1 << (change[4] % 8);
                }
            }
            1 => file[at..end].fill(0),
            2 => file[at..end].fill(change[4]),
            _ => file.truncate(at),
        }
    }
}

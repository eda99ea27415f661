//! A proof file of a small mesh, with each of its bytes changed in turn.

use liandong_proof::{Proven, Told, read};

use super::{PROVINCE, World, file};

/// What a reader of a proof learns; two files that teach the same are equal.
fn learned(file: &[u8], world: &World) -> Option<(Proven, Vec<Told>)> {
    let mut told = Vec::new();
    let proven = read(file, &world.realm.trust(), None, &mut |part| {
        told.push(part)
    });
    proven.ok().map(|proven| (proven, told))
}

/// The file with a last line that fits to what stands before it: what a forger would write who knows
/// the format, and has none of the keys.
fn sealed_again(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(file).into_owned();
    let Some(at) = text.rfind("{\"end\":") else {
        return file.to_vec();
    };
    let Some(from) = text[at..].find("\"blake3\":\"") else {
        return file.to_vec();
    };
    let digest = blake3::hash(&file[..at]).to_hex();
    let mut bytes = file[..at + from + 10].to_vec();
    bytes.extend_from_slice(digest.as_bytes());
    bytes.extend_from_slice(b"\"}}\n");
    bytes
}

#[tokio::test]
async fn a_changed_byte_anywhere_in_a_proof_is_found() {
    let world = World::reported().await;
    let whole = file(world.province.rollup(), PROVINCE, false).await;
    let whole = whole.expect("a proof");
    assert!(learned(&whole, &world).is_some());
    assert_eq!(sealed_again(&whole), whole);
    let (mut found, mut forged, mut missed) = (0, 0, Vec::new());
    for place in 0..whole.len() {
        for mask in [0x01, 0xff] {
            let mut changed = whole.clone();
            changed[place] ^= mask;
            match learned(&changed, &world) {
                None => found += 1,
                Some(_) => missed.push(format!("byte {place} xor {mask:#x}")),
            }
            // A forger mends the digest, and is found by the signatures all the same.
            let changed = std::str::from_utf8(&changed).map(|_| sealed_again(&changed));
            let Ok(changed) = changed else {
                continue;
            };
            if changed == whole {
                // The digest itself was changed, and has been mended.
                continue;
            }
            match learned(&changed, &world) {
                None => forged += 1,
                Some(_) => missed.push(format!("byte {place} xor {mask:#x}, sealed again")),
            }
        }
    }
    for length in (0..whole.len()).step_by(16) {
        match learned(&whole[..length], &world) {
            None => found += 1,
            Some(_) => missed.push(format!("cut to {length}")),
        }
    }
    println!(
        "counted: proof: {} bytes, each changed in 2 ways and cut away: {found} found, {forged} more with the digest mended found, {} missed",
        whole.len(),
        missed.len()
    );
    assert_eq!(missed, Vec::<String>::new());
}

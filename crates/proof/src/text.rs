//! Values that have one writing, and no other that is read.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use liandong_core::region::RegionCode;

use crate::fault::BadLine;

/// A region's code.
pub(crate) fn code(text: &str) -> Result<RegionCode, BadLine> {
    text.parse().map_err(|_| BadLine)
}

/// Reads a text that is written as it would be written again.
pub(crate) fn same<T: FromStr + ToString>(text: &str) -> Result<T, BadLine> {
    let read: T = text.parse().map_err(|_| BadLine)?;
    if read.to_string() == text {
        Ok(read)
    } else {
        Err(BadLine)
    }
}

/// 32 bytes in lower-case hexadecimal digits.
pub(crate) fn hash(text: &str) -> Result<[u8; 32], BadLine> {
    let read = blake3::Hash::from_hex(text).map_err(|_| BadLine)?;
    if read.to_hex().as_str() == text {
        Ok(*read.as_bytes())
    } else {
        Err(BadLine)
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The engine takes no other writing of the same bytes.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, BadLine> {
    STANDARD.decode(text).map_err(|_| BadLine)
}

pub(crate) fn moment_text(micros: i64) -> Result<String, BadLine> {
    let at = Timestamp::from_microsecond(micros).map_err(|_| BadLine)?;
    Ok(at.to_string())
}

/// A moment in microseconds since 1970.
pub(crate) fn moment(text: &str) -> Result<i64, BadLine> {
    let at: Timestamp = same(text)?;
    let micros = at.as_microsecond();
    if moment_text(micros)? == text {
        Ok(micros)
    } else {
        Err(BadLine)
    }
}

//! A trace in 25 bytes: as text it was a fourth of the frame of a school's 41 figures, because what is
//! drawn by chance does not get smaller when it is packed.

/// Version, trace id, parent id and flags, as W3C Trace Context writes them; nothing of a text that is
/// none, or of another version.
///
/// Source: W3C Trace Context, section 3.2.
pub(super) fn to_bytes(header: &str) -> Vec<u8> {
    let mut parts = header.split('-').skip(1);
    let mut next = || parts.next().unwrap_or_default();
    let trace = u128::from_str_radix(next(), 16).unwrap_or_default();
    let parent = u64::from_str_radix(next(), 16).unwrap_or_default();
    let flags = u8::from_str_radix(next(), 16).unwrap_or_default();
    let mut bytes = Vec::with_capacity(25);
    bytes.extend(trace.to_be_bytes());
    bytes.extend(parent.to_be_bytes());
    bytes.push(flags);
    // Whatever was read as something else comes back as something else.
    if to_text(&bytes) == header {
        bytes
    } else {
        Vec::new()
    }
}

/// The text; empty for what is no trace.
pub(super) fn to_text(bytes: &[u8]) -> String {
    let Some((trace, rest)) = bytes.split_first_chunk() else {
        return String::new();
    };
    let Some((parent, [flags])) = rest.split_first_chunk() else {
        return String::new();
    };
    let (trace, parent) = (u128::from_be_bytes(*trace), u64::from_be_bytes(*parent));
    format!("00-{trace:032x}-{parent:016x}-{flags:02x}")
}

#[cfg(test)]
mod tests {
    use super::{to_bytes, to_text};

    #[test]
    fn a_trace_comes_back_as_it_was() {
        for header in [
            "00-01a2062905e9b7206bc73f158ec85dea-bc73f15a56a63339-01",
            "00-00000000000000000000000000000001-0000000000000001-00",
        ] {
            let bytes = to_bytes(header);
            assert_eq!(bytes.len(), 25);
            assert_eq!(to_text(&bytes), header);
        }
    }

    #[test]
    fn what_is_no_trace_travels_as_none() {
        for header in [
            "",
            "00",
            "01-01a2062905e9b7206bc73f158ec85dea-bc73f15a56a63339-01",
            "00-01A2062905e9b7206bc73f158ec85dea-bc73f15a56a63339-01",
            "00-+1a2062905e9b7206bc73f158ec85dea-bc73f15a56a63339-01",
            "00-01a2062905e9b7206bc73f158ec85dea-bc73f15a56a63339-01-x",
        ] {
            assert!(to_bytes(header).is_empty(), "{header}");
        }
        for bytes in [0, 1, 24, 26] {
            assert_eq!(to_text(&vec![7; bytes]), "");
        }
    }
}

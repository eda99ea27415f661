//! Texts as people type them: full-width letters and digits, and blanks of every kind.

/// Writes full-width ASCII in its usual width and drops blanks around it: `　２０２５－０３ ` is
/// `2025-03`. For codes and numbers, never for words.
pub fn normalise(text: &str) -> String {
    trim(text).chars().map(narrow).collect()
}

/// Drops blanks around a text, the ideographic one and stray byte order marks included.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}')
}

fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            // The block mirrors ASCII from `!` to `~`.
            char::from_u32(c as u32 - 0xff01 + 0x21).unwrap_or(c)
        }
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{2010}'..='\u{2013}' | '\u{2212}' => '-',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{normalise, trim};

    #[test]
    fn full_width_and_blanks_are_taken_as_meant() {
        let cases = [
            ("３７１５２４", "371524"),
            ("　２０２５－０３　", "2025-03"),
            ("１，２３４．５０", "1,234.50"),
            ("ｄｒｏｐｏｕｔｓ", "dropouts"),
            ("\u{feff}371524\u{a0}", "371524"),
            ("2025–03", "2025-03"),
            ("", ""),
        ];
        for (given, meant) in cases {
            assert_eq!(normalise(given), meant, "{given:?}");
        }
    }

    #[test]
    fn words_keep_their_width() {
        assert_eq!(trim("　补报（三月）　"), "补报（三月）");
    }
}

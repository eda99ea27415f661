//! The picture: rates beside each other, and how far each target is exceeded or missed. It is drawn
//! with whole numbers, in black on white, and says nothing that the table does not.

use std::fmt::Write;

use super::judged::{Judged, Verdict};
use super::results::Results;
use super::row::Side;
use super::table::{SYSTEMS, written};

/// Where bars begin, and how long the longest is.
const LEFT: u64 = 500;
const LONG: u64 = 380;
const WIDE: u64 = 1_040;
/// From one bar to the next.
const STEP: u64 = 26;
/// A bar of the second part of this many thousandths is cut off.
const MOST: u64 = 3_000;

/// An SVG of everything that was measured.
pub(super) fn of(judged: &[Judged<'_>], results: &Results) -> String {
    let mut drawn = String::new();
    let mut y = 40;
    text(
        &mut drawn,
        20,
        y,
        "Durable reports a second, same work, one machine (median; line: least to most)",
    );
    y += STEP;
    let rate = |name: &str| results.get(&format!("ingest_{name}_reports_per_second"));
    let most = SYSTEMS.iter().filter_map(|(name, _)| rate(name));
    let most = most.map(|rate| rate.high).max().unwrap_or(1).max(1);
    let long = |value: u64| value.saturating_mul(LONG) / most;
    for (name, said) in SYSTEMS {
        let Some(rate) = rate(name) else { continue };
        text(&mut drawn, 20, y + 13, said);
        let colour = if name == "node" { "#1f6f4a" } else { "#9aa5b1" };
        bar(&mut drawn, y, long(rate.median), colour);
        let (from, to) = (LEFT + long(rate.low), LEFT + long(rate.high));
        // Writing to a text does not fail.
        let _ = writeln!(
            drawn,
            r#"<line x1="{from}" x2="{to}" y1="{0}" y2="{0}" stroke="black"/>"#,
            y + 8
        );
        text(&mut drawn, to + 8, y + 13, &rate.median.to_string());
        y += STEP;
    }
    y += STEP;
    text(
        &mut drawn,
        20,
        y,
        "Targets: how far reached (line: the target; longer is better)",
    );
    y += STEP;
    let top = y;
    for one in judged {
        let (Some(value), Some(target)) = (one.value, one.row.target) else {
            continue;
        };
        let reached = match one.row.side {
            Side::AtLeast => value.saturating_mul(1_000) / target.max(1),
            Side::AtMost => target.saturating_mul(1_000) / value.max(1),
        };
        let colour = match one.verdict {
            Verdict::Stretch => "#1f6f4a",
            Verdict::Met => "#5aa27e",
            _ => "#b3372f",
        };
        text(&mut drawn, 20, y + 13, one.row.what);
        let length = reached.min(MOST) * LONG / MOST;
        bar(&mut drawn, y, length, colour);
        let shown = written(value, one.row.shown);
        text(&mut drawn, LEFT + length + 8, y + 13, &shown);
        y += STEP;
    }
    let line = LEFT + 1_000 * LONG / MOST;
    let _ = writeln!(
        drawn,
        r#"<line x1="{line}" x2="{line}" y1="{top}" y2="{y}" stroke="black" stroke-dasharray="4 3"/>"#
    );
    for origin in &results.origins {
        y += STEP;
        text(&mut drawn, 20, y, origin);
    }
    let high = y + STEP;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {high}" width="{WIDE}" height="{high}" font-family="sans-serif" font-size="12">
<rect width="{WIDE}" height="{high}" fill="white"/>
{drawn}</svg>
"#
    )
}

fn bar(drawn: &mut String, y: u64, length: u64, colour: &str) {
    let length = length.max(1);
    let _ = writeln!(
        drawn,
        r#"<rect x="{LEFT}" y="{y}" width="{length}" height="16" fill="{colour}"/>"#
    );
}

fn text(drawn: &mut String, x: u64, y: u64, said: &str) {
    let said = said
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let _ = writeln!(drawn, r#"<text x="{x}" y="{y}">{said}</text>"#);
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::bench::judged::{Asked, judge};
    use crate::bench::results::Results;
    use crate::bench::targets::ROWS;

    #[test]
    fn a_picture_shows_who_was_measured_and_escapes_what_it_says() {
        let mut results = Results::default();
        let text = r#"{"date":"<today>","measures":[
            {"name":"ingest_node_reports_per_second","median":50,"low":40,"high":60},
            {"name":"ingest_limit_reports_per_second","median":100,"low":90,"high":110}]}"#;
        results.take("speed", text).expect("readable");
        let drawn = of(&judge(&ROWS, &results, &Asked::default()), &results);
        assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>\n"));
        assert!(drawn.contains("a liandong node") && drawn.contains("0.500 x"));
        assert!(!drawn.contains("SQLite, every version"));
        assert!(drawn.contains("&lt;today&gt;") && !drawn.contains("<today>"));
    }
}

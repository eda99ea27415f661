//! The stacks as a picture: the wider a function, the more time went into it and what it called.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::samples::Stacks;

const WIDTH: u64 = 1_600;
const ROW: u64 = 17;
const MARGIN: u64 = 30;
/// Room that a letter takes, in tenths.
const LETTER: u64 = 66;
/// What is narrower is left out, in thousandths of the width.
const NARROWEST: u64 = 1;

/// A function with what it called.
#[derive(Debug, Default)]
struct Node<'a> {
    count: u64,
    called: BTreeMap<&'a str, Node<'a>>,
}

/// The picture as a file for a browser; pointing at a function tells its name and share.
pub(crate) fn svg(stacks: &Stacks, title: &str) -> String {
    let mut all = Node::default();
    for (stack, count) in stacks.iter() {
        all.count += count;
        let mut at = &mut all;
        for name in stack {
            at = at.called.entry(name).or_default();
            at.count += count;
        }
    }
    let total = all.count.max(1);
    let height = MARGIN * 2 + deepest(&all, total) * ROW;
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"monospace\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"20\" font-size=\"14\">{}</text>\n",
        escaped(title)
    );
    draw(&mut picture, &all, (0, 0), (height - MARGIN, total));
    picture.push_str("</svg>\n");
    picture
}

fn deepest(node: &Node<'_>, total: u64) -> u64 {
    let called = node.called.values().filter(|one| is_seen(one, total));
    called.map(|one| 1 + deepest(one, total)).max().unwrap_or(0)
}

fn is_seen(node: &Node<'_>, total: u64) -> bool {
    node.count * 1_000 >= NARROWEST * total
}

/// Draws what a function called, side by side above it.
fn draw(
    picture: &mut String,
    node: &Node<'_>,
    (mut before, level): (u64, u64),
    (bottom, total): (u64, u64),
) {
    for (name, called) in &node.called {
        if is_seen(called, total) {
            let (x, width) = (before * WIDTH / total, called.count * WIDTH / total);
            let y = bottom.saturating_sub((level + 1) * ROW);
            let hundredths = called.count * 10_000 / total;
            let share = format!("{}.{:02}%", hundredths / 100, hundredths % 100);
            let _ = writeln!(
                picture,
                "<g><title>{} {share}</title><rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" \
                 fill=\"{}\"/><text x=\"{}\" y=\"{}\">{}</text></g>",
                escaped(name),
                width.max(1),
                ROW - 1,
                colour(name),
                x + 2,
                y + ROW - 5,
                escaped(&fitting(name, width)),
            );
            draw(picture, called, (before, level + 1), (bottom, total));
        }
        before += called.count;
    }
}

/// As much of a name as the room shows.
fn fitting(name: &str, width: u64) -> String {
    let letters = usize::try_from(width * 10 / LETTER).unwrap_or(usize::MAX);
    if letters < 4 {
        return String::new();
    }
    name.chars().take(letters - 1).collect()
}

/// Ours stand out.
fn colour(name: &str) -> &'static str {
    if name.contains("liandong") {
        "#f4a261"
    } else if name.contains("::") {
        "#e9d8a6"
    } else {
        "#cbd5e1"
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::svg;
    use crate::profile::samples::Stacks;

    #[test]
    fn each_function_is_as_wide_as_its_share() {
        let script = "t\n 1 leaf<u8>\n 2 main\n\nt\n 1 main\n\nt\n 1 main\n\nt\n 1 main\n";
        let picture = svg(&Stacks::read(script), "a & b");
        assert!(picture.contains("<text x=\"8\" y=\"20\" font-size=\"14\">a &amp; b</text>"));
        assert!(picture.contains("<title>main 100.00%</title><rect x=\"0\""));
        let leaf = "<title>leaf&lt;u8&gt; 25.00%</title><rect x=\"0\" y=\"30\" width=\"400\"";
        assert!(picture.contains(leaf), "{picture}");
    }

    #[test]
    fn what_is_too_narrow_is_left_out() {
        let mut script = "t\n 1 often\n\n".repeat(2_000);
        script.push_str("t\n 1 once\n");
        let picture = svg(&Stacks::read(&script), "");
        assert!(picture.contains("often"));
        assert!(!picture.contains("once"));
    }
}

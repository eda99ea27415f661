//! What the time went into: each function by itself, and with all that it called.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::samples::Stacks;

/// Letters of a name that are shown.
const NAME_WIDTH: usize = 110;

/// How often a function was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Running itself.
    alone: u64,
    /// Running, or waiting for what it had called.
    with_called: u64,
}

/// The functions that ran most, then those that ran most together with what they called.
pub(crate) fn table(stacks: &Stacks, listed: usize) -> String {
    let seen = seen(stacks);
    let all = stacks.samples();
    let mut text = format!("\n{all} samples\n");
    for (title, by) in [
        ("by itself", (|seen| seen.alone) as fn(&Seen) -> u64),
        ("with what it called", |seen| seen.with_called),
    ] {
        let mut order: Vec<(&str, Seen)> = seen.iter().map(|(name, seen)| (*name, *seen)).collect();
        order.sort_by_key(|(name, seen)| (std::cmp::Reverse(by(seen)), *name));
        order.retain(|(_, seen)| by(seen) > 0);
        let _ = writeln!(text, "\n{:>8} {:>8}  most {title}", "itself", "called");
        for (name, seen) in order.iter().take(listed) {
            let (alone, called) = (percent(seen.alone, all), percent(seen.with_called, all));
            let _ = writeln!(text, "{alone:>8} {called:>8}  {}", short(name));
        }
    }
    text.push('\n');
    text
}

fn seen(stacks: &Stacks) -> BTreeMap<&str, Seen> {
    let mut all: BTreeMap<&str, Seen> = BTreeMap::new();
    for (stack, count) in stacks.iter() {
        // One that called itself is there once; the first is the thread's name.
        let names: BTreeSet<&str> = stack.iter().skip(1).map(String::as_str).collect();
        for name in names {
            all.entry(name).or_default().with_called += count;
        }
        if let Some(last) = stack.last() {
            all.entry(last).or_default().alone += count;
        }
    }
    all
}

/// A hundredth of a per cent at least.
fn percent(part: u64, all: u64) -> String {
    let hundredths = (part * 10_000 + all / 2) / all.max(1);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

fn short(name: &str) -> String {
    let mut short: String = name.chars().take(NAME_WIDTH).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{Seen, percent, seen};
    use crate::profile::samples::Stacks;

    #[test]
    fn a_function_that_calls_itself_is_counted_once() {
        let stacks = Stacks::read("t\n 1 leaf\n 2 turns\n 3 turns\n\nt\n 1 turns\n 2 main\n");
        let seen = seen(&stacks);
        let turns = Seen {
            alone: 1,
            with_called: 2,
        };
        assert_eq!(seen["turns"], turns);
        assert_eq!(seen["leaf"].alone, 1);
        assert_eq!(seen["main"].with_called, 1);
        assert!(!seen.contains_key("t"), "a thread is no function");
    }

    #[test]
    fn per_cents_are_rounded() {
        assert_eq!(percent(1, 3), "33.33%");
        assert_eq!(percent(2, 3), "66.67%");
        assert_eq!(percent(0, 0), "0.00%");
    }
}

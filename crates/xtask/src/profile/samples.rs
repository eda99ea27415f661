//! What perf saw, as stacks of names: how often each was seen.

use std::collections::BTreeMap;

/// A function whose program or library was built without names.
const NAMELESS: &str = "(no name)";

/// Stacks, from the thread's name to the function that was running, with how often they were seen.
#[derive(Debug, Default)]
pub(crate) struct Stacks {
    counts: BTreeMap<Vec<String>, u64>,
}

impl Stacks {
    /// Reads what `perf script --fields comm,ip,sym` says: the thread, then a line for each frame
    /// from the innermost outwards, then an empty line.
    pub(crate) fn read(script: &str) -> Self {
        let mut stacks = Self::default();
        for sample in script.split("\n\n") {
            let mut lines = sample.lines().filter(|line| !line.trim().is_empty());
            let Some(thread) = lines.next() else {
                continue;
            };
            let mut stack: Vec<String> = lines.filter_map(frame).collect();
            // Where the stack ends there is nothing that could have a name.
            while stack.last().is_some_and(|name| name == NAMELESS) {
                stack.pop();
            }
            if stack.is_empty() {
                continue;
            }
            stack.push(thread.trim().to_owned());
            stack.reverse();
            *stacks.counts.entry(stack).or_default() += 1;
        }
        stacks
    }

    /// How many samples there are.
    pub(crate) fn samples(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Each stack with its count, ordered by names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[String], u64)> {
        let counts = self.counts.iter();
        counts.map(|(stack, count)| (stack.as_slice(), *count))
    }

    /// A line for each stack, as tools for flame graphs read them.
    pub(crate) fn folded(&self) -> String {
        let mut text = String::new();
        for (stack, count) in self.iter() {
            text.push_str(&stack.join(";"));
            text.push_str(&format!(" {count}\n"));
        }
        text
    }
}

/// The name in a line of an address and a name.
fn frame(line: &str) -> Option<String> {
    let (_, name) = line.trim().split_once(' ')?;
    let name = match name.trim() {
        "[unknown]" => NAMELESS.to_owned(),
        mangled => readable(mangled),
    };
    // What separates frames in a folded stack must not be in a name.
    Some(name.replace(';', ":"))
}

/// A name as it stands in the source, without the hash and offset behind it.
fn readable(mangled: &str) -> String {
    let name = mangled.split_once("+0x").map_or(mangled, |(name, _)| name);
    let name = match rustc_demangle::try_demangle(name) {
        Ok(plain) => format!("{plain:#}"),
        Err(_) => name.to_owned(),
    };
    match name.rsplit_once("::h") {
        Some((plain, hash)) if hash.len() == 16 && is_hex(hash) => plain.to_owned(),
        _ => name,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::Stacks;

    const SCRIPT: &str = "\
commit
\t    55d0 liandong_core::decide::apply::h0123456789abcdef
\t    55d1 _ZN4core3fmt5write17h0123456789abcdefE

commit
\t    55d0 liandong_core::decide::apply::h0123456789abcdef
\t    55d1 _ZN4core3fmt5write17h0123456789abcdefE

tokio-rt
\tffff8 [unknown]
\t 77777 main+0x12
\t     0 [unknown]
";

    #[test]
    fn stacks_begin_with_the_thread_and_end_with_what_ran() {
        let stacks = Stacks::read(SCRIPT);
        assert_eq!(stacks.samples(), 3);
        assert_eq!(
            stacks.folded(),
            "commit;core::fmt::write;liandong_core::decide::apply 2\ntokio-rt;main;(no name) 1\n"
        );
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        assert_eq!(Stacks::read("\n\n\n").samples(), 0);
    }
}

//! What outsiders can send, and what a damaged disk can hold, against the readers of it.
//!
//! Every target is a plain function of bytes that panics when a reader panics or breaks a promise:
//! what it accepts it writes so that it is accepted again, and means the same. `tests/replay.rs`
//! runs each of them on its first inputs and on every input that ever broke it, in the plain
//! tests; `cargo xtask fuzz` drives them with libFuzzer. Nothing here is part of the product.

mod frames;
mod journal;
mod proofs;
pub mod protobuf;
mod receive;
mod records;
mod requests;
mod sources;
mod tables;
mod texts;

/// One reader, or a few that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Reads the bytes; panics when something is wrong.
    pub run: fn(&[u8]),
    /// Where in its inputs a protobuf message begins, if there is one.
    pub message_at: Option<usize>,
    /// Inputs to begin with.
    seeds: fn() -> Vec<Vec<u8>>,
}

impl Target {
    /// Every target.
    pub const ALL: &'static [Self] = &[
        Self::new("requests", requests::run, Some(1), requests::seeds),
        Self::new("frames", frames::run, Some(0), frames::seeds),
        Self::new("linkfile", frames::file, None, frames::file_seeds),
        Self::new("receive", receive::run, Some(1), receive::seeds),
        Self::new("proofs", proofs::run, None, proofs::seeds),
        Self::new("journal", journal::run, None, journal::seeds),
        Self::new("records", records::run, None, records::seeds),
        Self::new("reports", tables::reports, None, tables::report_seeds),
        Self::new("regions", tables::regions, None, tables::region_seeds),
        Self::new("plans", tables::plans, None, tables::plan_seeds),
        Self::new("config", texts::config, None, texts::config_seeds),
        Self::new("texts", texts::run, None, texts::seeds),
    ];

    const fn new(
        name: &'static str,
        run: fn(&[u8]),
        message_at: Option<usize>,
        seeds: fn() -> Vec<Vec<u8>>,
    ) -> Self {
        Self {
            name,
            run,
            message_at,
            seeds,
        }
    }

    /// Another input like this one, of at most `most` bytes; `None` where none is made.
    pub fn mutate(&self, input: &[u8], seed: u32, most: usize) -> Option<Vec<u8>> {
        let (before, message) = input.split_at_checked(self.message_at?)?;
        let room = most.checked_sub(before.len())?;
        let mutated = protobuf::mutate(message, seed, room);
        (!mutated.is_empty()).then(|| [before, &mutated].concat())
    }

    /// The target of a name that is known while compiling.
    pub const fn known(name: &str) -> Self {
        let mut place = 0;
        while place < Self::ALL.len() {
            if is_same(Self::ALL[place].name, name) {
                return Self::ALL[place];
            }
            place += 1;
        }
        panic!("no target has this name");
    }

    /// The target of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|target| target.name == name)
    }

    /// The inputs to begin with.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        (self.seeds)()
    }
}

/// Texts cannot be compared with `==` while compiling.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut place = 0;
    while place < one.len() {
        if one[place] != other[place] {
            return false;
        }
        place += 1;
    }
    true
}

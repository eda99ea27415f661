//! What a node asked of the system, as strace wrote it down: whether an acknowledgement was ever
//! sent before the sync that covers what it acknowledges.
//!
//! The order of the lines is the order in time: a call's line is written when it begins, and what
//! a thread does because another thread's call has returned comes after the line that says so. A
//! push is known by the id of its batch ([`crate::load`] writes `batch-NUMBER.`), which is seen
//! three times: in the request that arrives on a connection, in the bytes that are written to a
//! file of the journal, and, by its connection and HTTP/2 stream, in the answer. The answer is
//! early unless a sync of that file began after the write had returned and had returned itself,
//! without an error and not made up, before the answer's bytes were handed to the system.

use std::collections::HashMap;
use std::io::BufRead;

use anyhow::{Context, Result, ensure};

/// The calls that have to be traced.
pub const TRACED: &str =
    "trace=pwrite64,pwritev,write,writev,sendto,sendmsg,recvfrom,fdatasync,fsync";

/// What a trace shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Pushes that were answered.
    pub answered: u64,
    /// Of these, how many before the sync that covers them.
    pub early: u64,
    /// Syncs of the journal that went well.
    pub syncs: u64,
}

/// A call with the number of the line where it began and where it returned.
struct Call<'a> {
    name: &'a str,
    /// Everything between the brackets.
    arguments: &'a str,
    result: &'a str,
    began: u64,
    returned: u64,
}

/// One direction of a connection, cut into HTTP/2 frames.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    preface_is_over: bool,
}

#[derive(Default)]
struct Connection {
    arriving: Stream,
    leaving: Stream,
    /// The parts of requests, and the pushes found in them, by stream.
    bodies: HashMap<u32, Vec<u8>>,
    answered: HashMap<u32, bool>,
}

#[derive(Default)]
struct File {
    /// For each sync: the line where it returned, and the last line where one up to it began.
    syncs: Vec<(u64, u64)>,
}

#[derive(Default)]
struct Trace {
    order: Order,
    connections: HashMap<String, Connection>,
    files: HashMap<String, File>,
    /// For each push: the file and the line where its write had returned.
    written: HashMap<u64, (String, u64)>,
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEADER: usize = 9;
const DATA: u8 = 0;

/// Reads a trace made with `strace -f -y -s 1000000 -e` [`TRACED`] and `-o` a file.
///
/// # Errors
/// When a line cannot be understood, or the trace ends in the middle of something.
pub fn order(trace: impl BufRead) -> Result<Order> {
    let mut seen = Trace::default();
    let mut unfinished: HashMap<String, (u64, String)> = HashMap::new();
    for (number, line) in (1..).zip(trace.lines()) {
        let line = line?;
        let (thread, said) = line.split_once(' ').context("a line without a thread")?;
        let said = said.trim_start();
        if said.starts_with("+++") || said.starts_with("---") {
            continue;
        }
        if let Some(begun) = said.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread.to_owned(), (number, begun.to_owned()));
            continue;
        }
        let (began, whole) = match said.strip_prefix("<... ") {
            None => (number, said.to_owned()),
            Some(resumed) => {
                let begun = unfinished.remove(thread);
                let (began, begun) = begun.context("a call returned that never began")?;
                let (_, rest) = resumed.split_once('>').context("a torn line")?;
                (began, format!("{begun}{rest}"))
            }
        };
        let Some(call) = Call::read(&whole, began, number) else {
            // The last call of a thread that was ended has no result.
            continue;
        };
        seen.take(&call)
            .with_context(|| format!("line {number}: {whole:.200}"))?;
    }
    Ok(seen.order)
}

impl<'a> Call<'a> {
    fn read(text: &'a str, began: u64, returned: u64) -> Option<Self> {
        let (name, rest) = text.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(") ")?;
        let result = result.trim_start().strip_prefix("= ")?.trim();
        Some(Self {
            name,
            arguments,
            result,
            began,
            returned,
        })
    }

    /// What the descriptor stands for, as `-y` shows it: a path or `socket:[7]`.
    fn target(&self) -> Option<&'a str> {
        let (_, rest) = self.arguments.split_once('<')?;
        Some(rest.split_once('>')?.0)
    }

    /// How many bytes were taken; `None` when the call failed.
    fn taken(&self) -> Option<usize> {
        self.result.split(' ').next()?.parse().ok()
    }

    /// All texts in the arguments, one after the other.
    fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut rest = self.arguments;
        while let Some((_, from)) = rest.split_once('"') {
            let (bytes, length) = unescape(from);
            all.extend(bytes);
            rest = from.get(length..).unwrap_or("");
        }
        all
    }
}

/// The bytes of a text as strace writes it, up to the closing quote, and how many characters it
/// and the quote take.
fn unescape(text: &str) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    let raw = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        match byte {
            b'"' => break,
            b'\\' => {
                let Some(&escaped) = raw.get(at) else {
                    break;
                };
                at += 1;
                bytes.push(match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'v' => 0x0b,
                    b'f' => 0x0c,
                    b'0'..=b'7' => {
                        let mut value = u32::from(escaped - b'0');
                        for _ in 0..2 {
                            match raw.get(at) {
                                Some(digit @ b'0'..=b'7') => {
                                    value = value * 8 + u32::from(digit - b'0');
                                    at += 1;
                                }
                                _ => break,
                            }
                        }
                        u8::try_from(value & 0xff).unwrap_or(0)
                    }
                    other => other,
                });
            }
            other => bytes.push(other),
        }
    }
    (bytes, at)
}

/// The pushes that are named in some bytes.
fn pushes(bytes: &[u8]) -> Vec<u64> {
    const NAME: &[u8] = b"batch-";
    let mut found = Vec::new();
    for (at, window) in bytes.windows(NAME.len()).enumerate() {
        if window != NAME {
            continue;
        }
        let digits = bytes[at + NAME.len()..].iter();
        let digits: Vec<u8> = digits
            .copied()
            .take_while(|&byte| byte != b'.')
            .take(20)
            .collect();
        if let Some(number) = std::str::from_utf8(&digits)
            .ok()
            .and_then(|text| text.parse().ok())
        {
            found.push(number);
        }
    }
    found
}

impl Stream {
    /// Takes more bytes; returns the stream and the content of every DATA frame that is whole now.
    fn take(&mut self, bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
        self.bytes.extend_from_slice(bytes);
        if !self.preface_is_over {
            if self.bytes.starts_with(PREFACE) {
                self.bytes.drain(..PREFACE.len());
            } else if PREFACE.starts_with(&self.bytes) {
                return Vec::new();
            }
            self.preface_is_over = true;
        }
        let mut frames = Vec::new();
        while let Some(&[high, middle, low, kind, _, s1, s2, s3, s4]) =
            self.bytes.first_chunk::<FRAME_HEADER>()
        {
            let length = u32::from_be_bytes([0, high, middle, low]) as usize;
            let Some(content) = self.bytes.get(FRAME_HEADER..FRAME_HEADER + length) else {
                break;
            };
            if kind == DATA {
                let stream = u32::from_be_bytes([s1 & 0x7f, s2, s3, s4]);
                frames.push((stream, content.to_vec()));
            }
            self.bytes.drain(..FRAME_HEADER + length);
        }
        frames
    }
}

impl File {
    /// Whether a write that returned at one line was covered by a sync that had returned before
    /// another.
    fn covers(&self, written: u64, before: u64) -> bool {
        let done = self
            .syncs
            .partition_point(|&(returned, _)| returned < before);
        let last = done.checked_sub(1).and_then(|at| self.syncs.get(at));
        last.is_some_and(|&(_, began)| began > written)
    }
}

impl Trace {
    fn take(&mut self, call: &Call<'_>) -> Result<()> {
        let Some(target) = call.target() else {
            return Ok(());
        };
        let is_journal = target.contains("/journal/");
        match call.name {
            // strace marks what it made up instead of asking the disk.
            "fdatasync" | "fsync" if is_journal && call.result == "0" => {
                let file = self.files.entry(target.to_owned()).or_default();
                let latest = file.syncs.last().map_or(0, |&(_, began)| began);
                file.syncs.push((call.returned, latest.max(call.began)));
                self.order.syncs += 1;
            }
            "pwrite64" | "pwritev" | "write" | "writev" if is_journal && call.taken().is_some() => {
                for push in pushes(&call.bytes()) {
                    self.written
                        .insert(push, (target.to_owned(), call.returned));
                }
            }
            "recvfrom" if target.starts_with("socket:") && call.taken().is_some() => {
                let connection = self.connections.entry(target.to_owned()).or_default();
                for (stream, part) in connection.arriving.take(&call.bytes()) {
                    connection.bodies.entry(stream).or_default().extend(part);
                }
            }
            "sendto" | "sendmsg" | "writev" | "write" if target.starts_with("socket:") => {
                if let Some(taken) = call.taken() {
                    let mut bytes = call.bytes();
                    ensure!(bytes.len() >= taken, "the trace does not show all bytes");
                    bytes.truncate(taken);
                    self.leaves(target, &bytes, call.began);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn leaves(&mut self, target: &str, bytes: &[u8], began: u64) {
        let connection = self.connections.entry(target.to_owned()).or_default();
        for (stream, content) in connection.leaving.take(bytes) {
            if content.is_empty() || connection.answered.insert(stream, true).is_some() {
                continue;
            }
            let body = connection.bodies.remove(&stream).unwrap_or_default();
            for push in pushes(&body) {
                self.order.answered += 1;
                let covered = self.written.get(&push).is_some_and(|(path, written)| {
                    let file = self.files.get(path);
                    file.is_some_and(|file| file.covers(*written, began))
                });
                if !covered {
                    self.order.early += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

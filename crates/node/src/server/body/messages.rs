//! The messages that a request's bytes are made of, and what they cost to hold.
//!
//! Nothing is kept of them here: compressed ones are unpacked only to see how large they are.

use std::io::{self, Write};

use flate2::write::GzDecoder;
use tokio::time::Instant;

/// The length of what stands before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// The most that a byte of a compressed message may unpack to, once it has unpacked to more than
/// [`UNSUSPICIOUS`]: more than rows come to, even where they differ in a few digits alone, and a
/// tenth of what a bomb does.
const MOST_UNPACKED: usize = 100;

/// How much any compressed message may unpack to, in bytes.
pub(super) const UNSUSPICIOUS: usize = 256 << 10;

/// How much is unpacked at a time, in packed bytes: a bomb is known by its beginning.
const STEP: usize = 512;

/// The most bytes that a compressed message may unpack to. What is larger is not compressed, so
/// that it has to be sent before it can fill the memory.
const LARGEST_UNPACKED: usize = 4 << 20;

/// Where in the messages of a request its bytes are.
#[derive(Debug)]
pub(super) struct Messages {
    /// The largest message that is taken, in bytes.
    pub(super) most: usize,
    prefix: [u8; PREFIX],
    prefix_len: usize,
    /// Bytes of the message that are still to come.
    left: usize,
    /// When the message began, and what has come of it.
    pub(super) began: Option<(Instant, usize)>,
    /// Whether a message has come as a whole.
    pub(super) one_came: bool,
    /// Unpacks a compressed message as it comes, to see how large it is.
    unpacking: Option<GzDecoder<Measured>>,
    /// Set when a compressed message was found to be none that is taken: how many of the bytes that
    /// came with it are of those before.
    pub(super) bad_after: Option<usize>,
    /// The same of a message that is larger than what is taken.
    pub(super) large_after: Option<usize>,
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            most: usize::MAX,
            prefix: [0; PREFIX],
            prefix_len: 0,
            left: 0,
            began: None,
            one_came: false,
            unpacking: None,
            bad_after: None,
            large_after: None,
        }
    }
}

/// Takes as many bytes as a compressed message may have, and keeps none of them.
#[derive(Debug)]
struct Measured {
    bytes: usize,
    most: usize,
    /// What they were unpacked from.
    packed: usize,
}

/// The most that `packed` bytes may unpack to.
fn most_unpacked(packed: usize) -> usize {
    packed.saturating_mul(MOST_UNPACKED).max(UNSUSPICIOUS)
}

impl Write for Measured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        if self.bytes > self.most.min(most_unpacked(self.packed)) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Unpacks bytes, as far as what has come of them is in proportion.
fn unpack(unpacking: &mut GzDecoder<Measured>, packed: &[u8]) -> io::Result<()> {
    for step in packed.chunks(STEP) {
        unpacking.get_mut().packed += step.len();
        unpacking.write_all(step)?;
    }
    Ok(())
}

/// What bytes of a request cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// A message begins: the one before is done with.
    pub(super) begins: bool,
    /// What has come, and what it unpacks to at most once it has come as a whole.
    pub(super) bytes: usize,
}

impl Messages {
    /// Takes bytes; what they cost, of a message that unpacks to `largest` at most.
    pub(super) fn take(&mut self, mut data: &[u8], largest: usize, now: Instant) -> Cost {
        let mut cost = Cost::default();
        let (all, mut begins_at) = (data.len(), 0);
        let mut come = 0;
        while !data.is_empty() {
            if self.left == 0 {
                if self.prefix_len == 0 {
                    begins_at = all - data.len();
                    cost = Cost {
                        begins: true,
                        bytes: 0,
                    };
                    self.began = Some((now, 0));
                    come = 0;
                }
                let count = data.len().min(PREFIX - self.prefix_len);
                let (prefix, rest) = data.split_at(count);
                self.prefix[self.prefix_len..self.prefix_len + count].copy_from_slice(prefix);
                self.prefix_len += count;
                data = rest;
                if self.prefix_len < PREFIX {
                    break;
                }
                self.left = self.length();
                self.prefix_len = 0;
                let [compressed, ..] = self.prefix;
                if self.left > self.most {
                    self.large_after = Some(begins_at);
                    return cost;
                }
                let measured = Measured {
                    bytes: 0,
                    most: self.most.min(LARGEST_UNPACKED),
                    packed: 0,
                };
                self.unpacking = (compressed != 0).then(|| GzDecoder::new(measured));
            } else {
                let count = data.len().min(self.left);
                let (part, rest) = data.split_at(count);
                data = rest;
                self.left -= count;
                come += count;
                cost.bytes += count;
                if let Some(unpacking) = &mut self.unpacking
                    && unpack(unpacking, part).is_err()
                {
                    let measured = unpacking.get_ref();
                    let is_over = measured.bytes > measured.most;
                    if is_over && measured.most < LARGEST_UNPACKED {
                        self.large_after = Some(begins_at);
                    } else {
                        self.bad_after = Some(begins_at);
                    }
                    return cost;
                }
            }
            if self.left == 0 {
                // It is whole, and about to be unpacked.
                let [compressed, ..] = self.prefix;
                if compressed != 0 {
                    self.unpacking = None;
                    let most = largest.min(LARGEST_UNPACKED);
                    let unpacked = most_unpacked(self.length()).min(most);
                    // What it is unpacked into grows by doubling.
                    cost.bytes += unpacked * 2;
                }
                // Between two messages a caller may take its time.
                self.began = None;
                self.one_came = true;
            }
        }
        if let Some((_, sum)) = &mut self.began {
            *sum += come;
        }
        cost
    }

    fn length(&self) -> usize {
        let [_, length @ ..] = self.prefix;
        usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX)
    }
}

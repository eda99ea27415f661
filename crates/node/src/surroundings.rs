//! What a node finds around it: clock, network, randomness, and how it may spend time.
//!
//! A node is handed its surroundings when it starts and reaches the world through nothing else, so
//! the same node runs on a machine and, thirty at a time, in one thread on a simulated network with
//! simulated time. No other module of this crate may ask the system for the time of day, for random
//! bytes, for a socket or for a thread; spans of time are measured and waited for with the clock of
//! the runtime, which a simulation drives.

mod connection;
mod network;
mod threads;

use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use uuid::Uuid;

pub use connection::{Connection, ReadWrite};
pub use network::{Incoming, Network, Pending, Tcp};
pub use threads::Threads;
pub(crate) use threads::Worker;

/// Everything a node finds around it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How peers and callers are reached.
    pub network: Arc<dyn Network>,
    /// Where random bytes come from.
    pub random: Arc<dyn Random>,
    /// Where work that blocks is done.
    pub threads: Threads,
}

/// A wall clock. It may be wrong, and may be set back: nothing but what people see of a time may
/// depend on it.
pub trait Clock: Debug + Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;
}

/// A source of random bytes, for names that nobody else has and for waits that are not the same
/// everywhere.
pub trait Random: Debug + Send + Sync {
    /// Sixteen random bytes.
    fn bytes16(&self) -> [u8; 16];
}

impl Surroundings {
    /// A real machine: its clock, TCP, the operating system's random bytes, threads.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            network: Arc::new(Tcp),
            random: Arc::new(SystemRandom),
            threads: Threads::System,
        }
    }

    /// The time of a decision.
    pub(crate) fn moment(&self) -> Moment {
        Moment::of(self.clock.as_ref())
    }

    /// A name that nobody else has (UUID version 7): the time, and random bits behind it.
    pub(crate) fn id(&self) -> Uuid {
        let milliseconds = self.clock.now().as_millisecond();
        let milliseconds = u64::try_from(milliseconds).unwrap_or(0);
        let [_, _, _, _, _, _, behind @ ..] = self.random.bytes16();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &behind).into_uuid()
    }

    /// A random number below 2^16.
    pub(crate) fn draw(&self) -> u16 {
        let [.., high, low] = self.random.bytes16();
        u16::from_be_bytes([high, low])
    }
}

/// The time of a decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The instant.
    pub(crate) now: Timestamp,
    /// The calendar day in China, where every bureau of the mesh works; a server set to UTC must
    /// not call the first hours of the first of a month the last day of the month before.
    pub(crate) today: Date,
}

impl Moment {
    /// Reads the clock.
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        let now = clock.now();
        let china = TimeZone::fixed(Offset::constant(8));
        Self {
            now,
            today: now.to_zoned(china).date(),
        }
    }
}

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[derive(Debug)]
struct SystemRandom;

impl Random for SystemRandom {
    fn bytes16(&self) -> [u8; 16] {
        // Each is random but for six bits that say so; of two there is enough for all.
        let two = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()];
        let mut bytes = [0; 16];
        let mut mixed = blake3::Hasher::new();
        mixed
            .update(two.as_flattened())
            .finalize_xof()
            .fill(&mut bytes);
        bytes
    }
}

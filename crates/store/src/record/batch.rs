//! A batch that grows event by event, and its trail command by command; each is put into bytes once.

use std::collections::HashMap;

use liandong_core::audit::{Actor, Entry};
use liandong_core::event::Event;
use postcard::ser_flavors::Flavor;
use serde::Serialize;

use super::{AUDITED_VERSION, EncodeError, RECORD_VERSION};

/// A batch that grows, for [`crate::journal::Journal::append_parts`].
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    events: usize,
    trail: Noted,
}

/// The trail of the batch, as it grows.
#[derive(Debug, Default)]
struct Noted {
    at_micros: i64,
    actors: Vec<u8>,
    places: HashMap<Actor, u32>,
    entries: Vec<u8>,
    count: usize,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event.
    ///
    /// # Errors
    /// The batch is as it was before.
    pub fn push(&mut self, event: &Event) -> Result<(), EncodeError> {
        append(&mut self.bytes, event)?;
        self.events += 1;
        Ok(())
    }

    /// Notes whose some of the events are. The place of the actor is found here, whatever the entry
    /// says; `at_micros` is the same for the whole batch.
    ///
    /// # Errors
    /// The batch is as it was before, or has an actor of whom nothing is said.
    pub fn note(
        &mut self,
        at_micros: i64,
        actor: &Actor,
        mut entry: Entry,
    ) -> Result<(), EncodeError> {
        let trail = &mut self.trail;
        trail.at_micros = at_micros;
        entry.actor = match trail.places.get(actor) {
            Some(place) => *place,
            None => {
                // A batch has far fewer commands.
                let place = u32::try_from(trail.places.len()).unwrap_or(u32::MAX);
                append(&mut trail.actors, actor)?;
                trail.places.insert(actor.clone(), place);
                place
            }
        };
        append(&mut trail.entries, &entry)?;
        trail.count += 1;
        Ok(())
    }

    /// How many bytes it takes so far.
    pub fn len(&self) -> usize {
        self.bytes.len() + self.trail.actors.len() + self.trail.entries.len()
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.events
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// The payload in two parts, for [`crate::journal::Journal::append_parts`]: what stands before
    /// the events, and the events.
    ///
    /// # Errors
    /// Never for a number that fits a `usize`.
    pub fn parts(&self) -> Result<(Vec<u8>, &[u8]), EncodeError> {
        let trail = &self.trail;
        let mut head = Vec::with_capacity(trail.actors.len() + trail.entries.len() + 32);
        if trail.count == 0 {
            head.push(RECORD_VERSION);
        } else {
            // The fields of a trail in their order; a sequence begins with its length.
            head.push(AUDITED_VERSION);
            append(&mut head, &trail.at_micros)?;
            append(&mut head, &trail.places.len())?;
            head.extend_from_slice(&trail.actors);
            append(&mut head, &trail.count)?;
            head.extend_from_slice(&trail.entries);
        }
        append(&mut head, &self.events)?;
        Ok((head, &self.bytes))
    }
}

/// Puts a value behind what is there; on failure nothing is added.
fn append<T: Serialize>(bytes: &mut Vec<u8>, value: &T) -> Result<(), EncodeError> {
    let before = bytes.len();
    let written = postcard::serialize_with_flavor(value, Behind(bytes));
    if written.is_err() {
        bytes.truncate(before);
    }
    written.map_err(EncodeError)
}

/// Writes behind what is there.
struct Behind<'a>(&'a mut Vec<u8>);

impl Flavor for Behind<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        // Of a report nearly everything is a number of a few bytes, or a text that is empty: less
        // than what it takes to call for a copy of memory.
        const FEW: usize = 8;
        if data.len() > FEW {
            self.0.extend_from_slice(data);
            return Ok(());
        }
        self.0.reserve(data.len());
        for byte in data {
            self.0.push(*byte);
        }
        Ok(())
    }

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;

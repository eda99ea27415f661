//! Frames one after the other, while the writer may go on.

use crate::journal::Sequence;
use crate::journal::error::JournalError;
use crate::journal::place::Place;
use crate::journal::reader::JournalReader;

/// Durable frames in order; see [`JournalReader::iter_from`]. Ends for good after an error.
#[derive(Debug)]
pub struct JournalIter {
    pub(super) reader: JournalReader,
    pub(super) next: Sequence,
    pub(super) place: Option<Place>,
    pub(super) failed: bool,
}

impl JournalIter {
    fn read_next(&mut self) -> Result<Vec<u8>, JournalError> {
        let number = {
            let table = self.reader.shared.table();
            table.holding(self.next).map(|entry| entry.number)
        };
        if let Some(place) = self
            .place
            .as_mut()
            .filter(|place| Some(place.number) == number)
        {
            if let Ok(payload) = place.try_payload()? {
                return Ok(payload);
            }
            place.refresh()?;
            return place.payload();
        }
        let mut place = self.reader.find(self.next)?;
        let payload = place.payload()?;
        self.place = Some(place);
        Ok(payload)
    }
}

impl Iterator for JournalIter {
    type Item = Result<(Sequence, Vec<u8>), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.next > self.reader.last() {
            return None;
        }
        let sequence = self.next;
        let read = self.read_next();
        self.failed = read.is_err();
        self.next += 1;
        Some(read.map(|payload| (sequence, payload)))
    }
}

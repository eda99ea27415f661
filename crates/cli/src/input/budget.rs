//! Bounds what one row may read, so that an unclosed quotation mark or a line without end cannot
//! fill the memory.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

use super::error::ReadStop;

/// What is left for the row being read.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    left: Rc<Cell<u64>>,
}

impl Budget {
    pub(crate) fn new(bytes: u64) -> Self {
        Self {
            left: Rc::new(Cell::new(bytes)),
        }
    }

    /// Lets the next row read as much again.
    pub(crate) fn renew(&self, bytes: u64) {
        self.left.set(bytes);
    }
}

/// A reader that stops when the budget is used up.
#[derive(Debug)]
pub(crate) struct Budgeted<R> {
    inner: R,
    budget: Budget,
}

impl<R: Read> Budgeted<R> {
    pub(crate) fn new(inner: R, budget: Budget) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = self.budget.left.get();
        if left == 0 {
            return Err(ReadStop::Budget.into());
        }
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.inner.read(&mut buffer[..most])?;
        self.budget.left.set(left - read as u64);
        Ok(read)
    }
}

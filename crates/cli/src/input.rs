//! Reading reports from files that people make: CSV from Excel, JSON lines from other systems.
//!
//! What can be read in one way only is read; everything else is refused with its line, column,
//! value and what would be accepted. A file is never in memory as a whole.

mod budget;
mod cells;
mod column;
mod csv_rows;
mod decode;
mod error;
mod figure;
mod interpret;
mod json_rows;
mod known;
mod newline;
mod period_text;
mod rows;
mod text;

pub(crate) use column::Field;
pub(crate) use decode::decode_whole;
pub(crate) use error::InputError;
pub(crate) use figure::read_yuan;
pub(crate) use interpret::{Interpreted, RefusedRow, cells_of, interpret, sentence};
pub(crate) use known::KnownIndicators;
pub(crate) use period_text::read_period;
pub(crate) use rows::{InputKind, RowReader};
pub(crate) use text::{normalise, trim};

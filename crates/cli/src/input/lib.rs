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
mod seen;
mod text;

pub use cells::{Cells, RawRow, RowTrouble};
pub use column::Field;
pub use decode::decode_whole;
pub use error::{InputError, OtherFile};
pub use figure::{FigureError, read_yuan};
pub use interpret::{Interpreted, RefusedRow, cells_of, interpret, sentence};
pub use known::KnownIndicators;
pub use period_text::read_period;
pub use rows::{InputKind, RowReader};
pub use seen::Seen;
pub use text::{normalise, trim};

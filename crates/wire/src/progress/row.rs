//! Reading a row of a batch out of the bytes of its `Report`, without taking memory for its texts.
//!
//! The generated code would read the same; tests and fuzzing compare the two.

use liandong_core::period::Period;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::report::Report;
use prost::DecodeError;
use prost::encoding::{
    DecodeContext, WireType, check_wire_type, decode_key, decode_varint, int64, skip_field, uint32,
};
use thiserror::Error;

use crate::read;

/// Bytes that are no `Report`.
#[derive(Debug, Error)]
enum NotARow {
    #[error("{0}")]
    Malformed(#[from] DecodeError),
    #[error("its {0} ends behind it")]
    Short(&'static str),
    #[error("its {0} is no text")]
    NotText(&'static str),
}

/// Reads the rows of one batch. They mostly name the same period, so the last one that was read is
/// remembered with its text.
#[derive(Debug, Default)]
pub(super) struct RowReader<'a> {
    last_period: Option<(&'a str, Period)>,
}

/// The fields of a `Report`; texts as they stand in its bytes.
#[derive(Default)]
struct Fields<'a> {
    id: &'a str,
    source: &'a str,
    indicator: &'a str,
    period: &'a str,
    numerator: i64,
    denominator: Option<i64>,
    revision: u32,
    note: &'a str,
}

impl<'a> RowReader<'a> {
    /// Reads a row.
    ///
    /// # Errors
    /// A refusal that names the field and its value, or `row` where the bytes are no message.
    pub(super) fn read(&mut self, bytes: &'a [u8]) -> Result<Report, Refusal> {
        let fields = Fields::find(bytes).map_err(|error| {
            let field = match error {
                NotARow::NotText(field) => field,
                NotARow::Malformed(_) | NotARow::Short(_) => "row",
            };
            Refusal::new(Reason::Malformed, field, error, Accepted::Nothing)
        })?;
        let period = match self.last_period {
            Some((text, period)) if text == fields.period => period,
            _ => {
                let period = read::period("period", fields.period)?;
                self.last_period = Some((fields.period, period));
                period
            }
        };
        Ok(Report {
            id: fields.id.to_owned(),
            source: read::region("source", fields.source)?,
            indicator: read::indicator("indicator", fields.indicator)?,
            period,
            numerator: fields.numerator,
            denominator: fields.denominator,
            revision: fields.revision,
            note: fields.note.to_owned(),
        })
    }
}

impl<'a> Fields<'a> {
    fn find(mut rest: &'a [u8]) -> Result<Self, NotARow> {
        let mut fields = Self::default();
        let rest = &mut rest;
        while !rest.is_empty() {
            let (tag, kind) = decode_key(rest)?;
            let context = DecodeContext::default();
            match tag {
                1 => fields.id = text("id", kind, rest)?,
                2 => fields.source = text("source", kind, rest)?,
                3 => fields.indicator = text("indicator", kind, rest)?,
                4 => fields.period = text("period", kind, rest)?,
                5 => int64::merge(kind, &mut fields.numerator, rest, context)?,
                6 => {
                    let denominator = fields.denominator.get_or_insert_default();
                    int64::merge(kind, denominator, rest, context)?;
                }
                7 => uint32::merge(kind, &mut fields.revision, rest, context)?,
                8 => fields.note = text("note", kind, rest)?,
                _ => skip_field(kind, tag, rest, context)?,
            }
        }
        Ok(fields)
    }
}

/// Reads a text; `field` is its name.
fn text<'a>(field: &'static str, kind: WireType, rest: &mut &'a [u8]) -> Result<&'a str, NotARow> {
    check_wire_type(WireType::LengthDelimited, kind)?;
    let length = usize::try_from(decode_varint(rest)?).unwrap_or(usize::MAX);
    let cut = rest.split_at_checked(length);
    let (content, after) = cut.ok_or(NotARow::Short(field))?;
    *rest = after;
    str::from_utf8(content).map_err(|_| NotARow::NotText(field))
}

#[cfg(test)]
mod tests;

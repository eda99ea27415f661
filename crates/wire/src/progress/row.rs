//! Reading a row of a batch out of the bytes of its `Report`, without taking memory for its texts.
//!
//! The generated code would read the same; tests and fuzzing compare the two.

use std::borrow::Cow;

use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
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
    last_period: Option<(&'a [u8], Period)>,
}

/// The fields of a `Report`; texts as they stand in its bytes. What is read from a text stays bytes,
/// which were found to be text.
#[derive(Default)]
struct Fields<'a> {
    id: &'a str,
    source: &'a [u8],
    indicator: &'a [u8],
    period: &'a [u8],
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
                let period = read::period("period", &text_of(fields.period))?;
                self.last_period = Some((fields.period, period));
                period
            }
        };
        let source = match RegionCode::from_ascii(fields.source) {
            Some(source) => source,
            None => read::region("source", &text_of(fields.source))?,
        };
        let indicator = match IndicatorCode::from_ascii(fields.indicator) {
            Some(indicator) => indicator,
            None => read::indicator("indicator", &text_of(fields.indicator))?,
        };
        Ok(Report {
            id: fields.id.to_owned(),
            source,
            indicator,
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
                2 => fields.source = text_bytes("source", kind, rest)?,
                3 => fields.indicator = text_bytes("indicator", kind, rest)?,
                4 => fields.period = text_bytes("period", kind, rest)?,
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

/// What follows a length; `field` is its name.
fn content<'a>(
    field: &'static str,
    kind: WireType,
    rest: &mut &'a [u8],
) -> Result<&'a [u8], NotARow> {
    check_wire_type(WireType::LengthDelimited, kind)?;
    let length = usize::try_from(decode_varint(rest)?).unwrap_or(usize::MAX);
    let cut = rest.split_at_checked(length);
    let (content, after) = cut.ok_or(NotARow::Short(field))?;
    *rest = after;
    Ok(content)
}

/// Reads a text; `field` is its name.
fn text<'a>(field: &'static str, kind: WireType, rest: &mut &'a [u8]) -> Result<&'a str, NotARow> {
    str::from_utf8(content(field, kind, rest)?).map_err(|_| NotARow::NotText(field))
}

/// Reads the bytes of a text that is one of ASCII as a rule, which is quickly seen.
fn text_bytes<'a>(
    field: &'static str,
    kind: WireType,
    rest: &mut &'a [u8],
) -> Result<&'a [u8], NotARow> {
    let content = content(field, kind, rest)?;
    if !content.is_ascii() {
        str::from_utf8(content).map_err(|_| NotARow::NotText(field))?;
    }
    Ok(content)
}

/// The text of bytes that were found to be one.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests;

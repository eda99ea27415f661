//! Reading single fields: each function names the field it refuses, the value, and what it takes.

use jiff::civil::Date;
use liandong_core::indicator::{IndicatorCode, MAX_INDICATOR_CODE_LEN};
use liandong_core::period::Period;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::{MAX_REGION_CODE_LEN, RegionCode};

/// A moment as it travels.
pub fn timestamp(at: jiff::Timestamp) -> prost_types::Timestamp {
    let nanos = at.subsec_nanosecond();
    // Before 1970 the part below a second counts backwards; on the wire it always counts forwards.
    let borrowed = i32::from(nanos < 0);
    prost_types::Timestamp {
        seconds: at.as_second() - i64::from(borrowed),
        nanos: nanos + borrowed * 1_000_000_000,
    }
}

/// An incarnation as it travels: 16 bytes, most significant first.
pub fn incarnation_bytes(incarnation: u128) -> Vec<u8> {
    incarnation.to_be_bytes().to_vec()
}

/// Reads [`incarnation_bytes`].
///
/// # Errors
/// A refusal that names `field` for anything but 16 bytes.
pub fn incarnation(field: &str, bytes: &[u8]) -> Result<u128, Refusal> {
    match <[u8; 16]>::try_from(bytes) {
        Ok(exact) => Ok(u128::from_be_bytes(exact)),
        Err(_) => Err(Refusal::advise(
            Reason::Malformed,
            field,
            format!("{} bytes", bytes.len()),
            "应为 16 字节",
            "send 16 bytes",
        )),
    }
}

/// A refusal of a field that is required and absent.
pub(crate) fn missing(field: &str) -> Refusal {
    Refusal::new(Reason::Missing, field, "", Accepted::Nothing)
}

pub(crate) fn region(field: &str, text: &str) -> Result<RegionCode, Refusal> {
    if text.is_empty() {
        return Err(missing(field));
    }
    text.parse().map_err(|_| {
        let zh = format!("1 至 {MAX_REGION_CODE_LEN} 个字母、数字或连字符，如 371524");
        let en = format!("1 to {MAX_REGION_CODE_LEN} letters, digits and hyphens, like 371524");
        Refusal::advise(Reason::Malformed, field, text, zh, en)
    })
}

/// A region that may be empty.
pub(crate) fn optional_region(field: &str, text: &str) -> Result<Option<RegionCode>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    region(field, text).map(Some)
}

pub(crate) fn indicator(field: &str, text: &str) -> Result<IndicatorCode, Refusal> {
    if text.is_empty() {
        return Err(missing(field));
    }
    text.parse().map_err(|_| {
        let zh = format!(
            "1 至 {MAX_INDICATOR_CODE_LEN} 个小写字母、数字或连字符，如 compulsory-dropouts"
        );
        let en = format!(
            "1 to {MAX_INDICATOR_CODE_LEN} lower-case letters, digits and hyphens, like \
             compulsory-dropouts"
        );
        Refusal::advise(Reason::Malformed, field, text, zh, en)
    })
}

pub(crate) fn period(field: &str, text: &str) -> Result<Period, Refusal> {
    if text.is_empty() {
        return Err(missing(field));
    }
    text.parse().map_err(|_| {
        let forms = "2025-03-14, 2025-W11, 2025-03, 2025-Q1, 2025-H1, 2025, 2024-2025, \
                     2024-2025-S1";
        let accepted = Accepted::Form(forms.to_owned());
        Refusal::new(Reason::Malformed, field, text, accepted)
    })
}

/// A period that may be empty.
pub(crate) fn optional_period(field: &str, text: &str) -> Result<Option<Period>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    period(field, text).map(Some)
}

pub(crate) fn date(field: &str, text: &str) -> Result<Date, Refusal> {
    if text.is_empty() {
        return Err(missing(field));
    }
    let refused = || {
        let accepted = Accepted::Form("2025-03-14".to_owned());
        Refusal::new(Reason::Malformed, field, text, accepted)
    };
    let day: Date = text.parse().map_err(|_| refused())?;
    // The parser also takes times, zones and other spellings of a date; the wire has one.
    if day.to_string() == text {
        Ok(day)
    } else {
        Err(refused())
    }
}

/// A date that may be empty.
pub(crate) fn optional_date(field: &str, text: &str) -> Result<Option<Date>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    date(field, text).map(Some)
}

/// An optional value as it travels: empty for none.
pub(crate) fn text_or_empty(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

pub(crate) fn moment(
    field: &str,
    at: Option<prost_types::Timestamp>,
) -> Result<jiff::Timestamp, Refusal> {
    let prost_types::Timestamp { seconds, nanos } = at.ok_or_else(|| missing(field))?;
    let read = if (0..1_000_000_000).contains(&nanos) {
        jiff::Timestamp::new(seconds, nanos).ok()
    } else {
        None
    };
    read.ok_or_else(|| {
        let value = format!("{seconds} s {nanos} ns");
        let accepted = Accepted::Form("google.protobuf.Timestamp".to_owned());
        Refusal::new(Reason::Malformed, field, value, accepted)
    })
}

/// A message that has to be there.
pub(crate) fn one<P, C>(field: &str, message: Option<P>) -> Result<C, Refusal>
where
    C: TryFrom<P, Error = Refusal>,
{
    let message = message.ok_or_else(|| missing(field))?;
    C::try_from(message).map_err(|refusal| inside(field, refusal))
}

/// A message that may be absent.
pub(crate) fn optional<P, C>(field: &str, message: Option<P>) -> Result<Option<C>, Refusal>
where
    C: TryFrom<P, Error = Refusal>,
{
    let read = message.map(C::try_from).transpose();
    read.map_err(|refusal| inside(field, refusal))
}

/// A list of messages; a refusal counts them from 0.
pub(crate) fn each<P, C>(field: &str, messages: Vec<P>) -> Result<Vec<C>, Refusal>
where
    C: TryFrom<P, Error = Refusal>,
{
    let mut read = Vec::with_capacity(messages.len());
    for (place, message) in messages.into_iter().enumerate() {
        let converted = C::try_from(message);
        read.push(converted.map_err(|refusal| inside(&format!("{field}[{place}]"), refusal))?);
    }
    Ok(read)
}

/// Puts the path of the message before the field that was refused in it.
pub(crate) fn inside(path: &str, refusal: Refusal) -> Refusal {
    let field = if refusal.field.is_empty() {
        path.to_owned()
    } else {
        format!("{path}.{}", refusal.field)
    };
    Refusal { field, ..refusal }
}

/// Conversions of an enum whose values have the same names here and in core: `From` and `TryFrom`
/// between the types, and a reader of the number that a message's field holds.
macro_rules! enumeration {
    ($name:ident, $reader:ident, [$($value:ident),+ $(,)?]) => {
        impl From<$name> for v1::$name {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$value => Self::$value,)+
                }
            }
        }

        impl TryFrom<v1::$name> for $name {
            type Error = Refusal;

            fn try_from(value: v1::$name) -> Result<Self, Refusal> {
                $reader("", value.into())
            }
        }

        pub(crate) fn $reader(field: &str, number: i32) -> Result<$name, Refusal> {
            match v1::$name::try_from(number) {
                Ok(v1::$name::Unspecified) => Err($crate::read::missing(field)),
                $(Ok(v1::$name::$value) => Ok($name::$value),)+
                Err(_) => {
                    let words = vec![$($name::$value.word().to_owned()),+];
                    let accepted = liandong_core::refusal::Accepted::OneOf(words);
                    let reason = liandong_core::refusal::Reason::Malformed;
                    Err(Refusal::new(reason, field, number, accepted))
                }
            }
        }
    };
}

pub(crate) use enumeration;

#[cfg(test)]
mod tests;

//! Checks of texts and ids that people or programs give.

use crate::privacy::{check_free_text, check_given_id};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::Region;
use crate::step::{Author, MAX_AUTHOR_CHARS, MAX_TEXT_CHARS};

/// The digits of an identity number, which begins with a county's code.
const IDENTITY_LEN: usize = 18;

/// The digits of a mobile number, as many as codes of schools have.
const MOBILE_LEN: usize = 11;

/// The most bytes of an id that a client chooses for a plan, project, comment or entry.
pub(super) const MAX_CHOSEN_ID_LEN: usize = 48;

/// An id: ASCII letters, digits, hyphens, dots and underscores.
pub(super) fn check_id(field: &str, id: &str) -> Result<(), Refusal> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if id.is_empty() {
        return Err(missing(field));
    }
    if id.len() > MAX_CHOSEN_ID_LEN || !id.bytes().all(allowed) {
        let accepted = Accepted::Form(format!("[A-Za-z0-9._-]{{1,{MAX_CHOSEN_ID_LEN}}}"));
        return Err(Refusal::new(Reason::Malformed, field, id, accepted));
    }
    check_given_id(field, id, MAX_CHOSEN_ID_LEN)
}

/// The code of a unit that somebody adds: whole lists of pupils could come in as units. Codes are long
/// numbers by themselves, so one that goes on from its parent's is no identity number of fifteen digits,
/// and one of its parent's city (of its province, where the parent is one) no mobile number: a school
/// below a city is in a county, and counties are merged.
pub(super) fn check_region_code(field: &str, region: &Region) -> Result<(), Refusal> {
    let code = region.code.as_str();
    let parent = region.parent.as_ref();
    let goes_on = parent.is_some_and(|parent| {
        let parent = parent.as_str();
        let begin = match (code.len(), parent.get(2..4)) {
            (MOBILE_LEN, Some("00")) => &parent[..2],
            (MOBILE_LEN, Some(_)) => &parent[..4],
            _ => parent,
        };
        code.starts_with(begin)
    });
    if code.len() != IDENTITY_LEN && goes_on {
        return Ok(());
    }
    check_given_id(field, code, code.len())
}

/// A text that must be there where it is required, must not be endless, and must not hold the number
/// of a person.
pub(super) fn check_text(field: &str, text: &str, required: bool) -> Result<(), Refusal> {
    if required && text.trim().is_empty() {
        return Err(missing(field));
    }
    check_free_text(field, text, MAX_TEXT_CHARS)
}

/// Several texts that may be empty.
pub(super) fn check_texts<'a>(
    field: &str,
    texts: impl IntoIterator<Item = &'a String>,
) -> Result<(), Refusal> {
    let mut texts = texts.into_iter();
    texts.try_for_each(|text| check_text(field, text, false))
}

/// Every step names who takes it.
pub(super) fn check_author(author: &Author, needs_reason: bool) -> Result<(), Refusal> {
    if author.name.trim().is_empty() {
        return Err(missing("author.name"));
    }
    check_free_text("author.name", &author.name, MAX_AUTHOR_CHARS)?;
    if needs_reason && author.why.trim().is_empty() {
        let refusal = Refusal::new(Reason::ReasonRequired, "author.why", "", Accepted::Nothing);
        return Err(refusal);
    }
    check_text("author.why", &author.why, false)
}

pub(super) fn missing(field: &str) -> Refusal {
    Refusal::new(Reason::Missing, field, "", Accepted::Nothing)
}

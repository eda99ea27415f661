//! Checks of texts and ids that people or programs give.

use crate::refusal::{Accepted, Reason, Refusal};
use crate::step::{Author, MAX_AUTHOR_CHARS, MAX_TEXT_CHARS};

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
    Ok(())
}

/// A text that must be there and must not be endless.
pub(super) fn check_text(field: &str, text: &str, required: bool) -> Result<(), Refusal> {
    if required && text.trim().is_empty() {
        return Err(missing(field));
    }
    if text.chars().nth(MAX_TEXT_CHARS).is_some() {
        let accepted = Accepted::AtMostChars(MAX_TEXT_CHARS);
        return Err(Refusal::new(Reason::TooLong, field, text, accepted));
    }
    Ok(())
}

/// Every step names who takes it.
pub(super) fn check_author(author: &Author, needs_reason: bool) -> Result<(), Refusal> {
    if author.name.trim().is_empty() {
        return Err(missing("author.name"));
    }
    if author.name.chars().nth(MAX_AUTHOR_CHARS).is_some() {
        let accepted = Accepted::AtMostChars(MAX_AUTHOR_CHARS);
        return Err(Refusal::new(
            Reason::TooLong,
            "author.name",
            &author.name,
            accepted,
        ));
    }
    if needs_reason && author.why.trim().is_empty() {
        let refusal = Refusal::new(Reason::ReasonRequired, "author.why", "", Accepted::Nothing);
        return Err(refusal);
    }
    check_text("author.why", &author.why, false)
}

pub(super) fn missing(field: &str) -> Refusal {
    Refusal::new(Reason::Missing, field, "", Accepted::Nothing)
}

//! Free texts: bounded, and without the number of a person.

use super::number::{PersonalNumber, personal_number, personal_number_in_id};
use crate::refusal::{Accepted, Reason, Refusal};

/// Checks a text that somebody wrote: at most `most` characters, and no number of a person.
///
/// # Errors
/// A refusal of `field`. A text with the number of a person is not repeated in it: refusals stand in
/// logs and on screens.
pub fn check_free_text(field: &str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.is_empty() {
        return Ok(());
    }
    if text.chars().nth(most).is_some() {
        let accepted = Accepted::AtMostChars(most);
        return Err(Refusal::new(Reason::TooLong, field, text, accepted));
    }
    refuse_number(field, personal_number(text))
}

/// Checks an id that a client has given: at most `most` bytes, and no number of a person.
///
/// # Errors
/// As [`check_free_text`].
pub fn check_given_id(field: &str, id: &str, most: usize) -> Result<(), Refusal> {
    if id.is_empty() {
        return Ok(());
    }
    if id.len() > most {
        let accepted = Accepted::AtMostChars(most);
        return Err(Refusal::new(Reason::TooLong, field, id, accepted));
    }
    refuse_number(field, personal_number_in_id(id))
}

fn refuse_number(field: &str, found: Option<PersonalNumber>) -> Result<(), Refusal> {
    let (zh, en) = match found {
        None => return Ok(()),
        Some(PersonalNumber::Identity) => (
            "像是居民身份证号；请删去个人信息，只写单位或人数",
            "it looks like a resident identity number: leave out persons, write offices or counts",
        ),
        Some(PersonalNumber::Mobile) => (
            "像是手机号；请改写办公电话或删去",
            "it looks like a mobile number: write an office's number or leave it out",
        ),
    };
    let reason = Reason::PersonalNumber;
    Err(Refusal::advise(reason, field, "", zh, en))
}

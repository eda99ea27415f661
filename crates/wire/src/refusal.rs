//! The one map from refusals to statuses and back. Handlers never build a [`Status`] by hand.
//!
//! A refused call carries, besides code and message, an `ErrorInfo` with the reason's stable word
//! under the domain `liandong`, a `BadRequest` with the field, a `LocalizedMessage`, and a
//! `RetryInfo` where it is known when the same would be taken.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Class, Reason, Refusal};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::progress::v1;

/// The domain of the reasons in error details.
pub const DOMAIN: &str = "liandong";

/// The metadata key by which a caller chooses the language of messages.
pub const LANGUAGE_KEY: &str = "accept-language";

/// The status code of a class of refusals.
pub fn code(class: Class) -> Code {
    match class {
        Class::Invalid => Code::InvalidArgument,
        Class::Missing => Code::NotFound,
        Class::Denied => Code::PermissionDenied,
        Class::Conflict => Code::AlreadyExists,
        Class::State => Code::FailedPrecondition,
        Class::Unavailable => Code::Unavailable,
        Class::Exhausted => Code::ResourceExhausted,
        Class::Internal => Code::Internal,
    }
}

/// The status that tells a caller of a refusal.
pub fn status(refusal: &Refusal, language: Language) -> Status {
    let message = refusal.message(language);
    let mut metadata = HashMap::new();
    if !refusal.value.is_empty() {
        metadata.insert("value".to_owned(), refusal.value.clone());
    }
    let accepted = refusal.accepted.message(language);
    if !accepted.is_empty() {
        metadata.insert("accepted".to_owned(), accepted);
    }
    let mut details = ErrorDetails::with_error_info(refusal.reason.code(), DOMAIN, metadata);
    if !refusal.field.is_empty() {
        details.add_bad_request_violation(&refusal.field, &message);
    }
    if let Accepted::Later(wait) = refusal.accepted {
        details.set_retry_info(Some(wait));
    }
    details.set_localized_message(language.pick("zh-CN", "en"), &message);
    Status::with_error_details(code(refusal.reason.class()), message, details)
}

/// A refusal as it travels inside an answer.
pub fn message(refusal: &Refusal, language: Language) -> v1::Refusal {
    v1::Refusal {
        reason: refusal.reason.code().to_owned(),
        field: refusal.field.clone(),
        value: refusal.value.clone(),
        accepted: refusal.accepted.message(language),
        message: refusal.message(language),
    }
}

/// The language that a caller asks for; English when it names none.
pub fn language(metadata: &MetadataMap) -> Language {
    let asked = metadata.get(LANGUAGE_KEY);
    let tag = asked.and_then(|value| value.to_str().ok());
    tag.map_or_else(Language::default, Language::from_tag)
}

/// Asks for messages in a language.
pub fn ask_for(language: Language, metadata: &mut MetadataMap) {
    let tag = language.pick("zh-CN", "en");
    metadata.insert(
        LANGUAGE_KEY,
        tonic::metadata::MetadataValue::from_static(tag),
    );
}

/// A refusal as a caller gets it: the words are the node's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRefusal {
    /// The rule that was broken; `None` for one that this version does not know.
    pub reason: Option<Reason>,
    /// The reason's stable word.
    pub code: String,
    /// The field it is about; empty when it is about the whole request.
    pub field: String,
    /// The value that was given, shortened.
    pub value: String,
    /// What would be accepted; may be empty.
    pub accepted: String,
    /// The whole sentence.
    pub message: String,
    /// After how long the same would be taken, where the node says so.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for RemoteRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RemoteRefusal {}

impl RemoteRefusal {
    /// The refusal that a status tells of; `None` when the call failed for another reason, such as
    /// a broken connection.
    pub fn from_status(status: &Status) -> Option<Self> {
        let details = status.get_error_details();
        let info = details.error_info()?;
        if info.domain != DOMAIN {
            return None;
        }
        let violations = details
            .bad_request()
            .map(|bad| bad.field_violations.as_slice());
        let field = violations
            .and_then(<[_]>::first)
            .map(|violation| violation.field.clone());
        let said = |key: &str| info.metadata.get(key).cloned().unwrap_or_default();
        Some(Self {
            reason: Reason::from_code(&info.reason),
            code: info.reason.clone(),
            field: field.unwrap_or_default(),
            value: said("value"),
            accepted: said("accepted"),
            message: status.message().to_owned(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        })
    }

    /// Whether the same request may succeed later.
    pub fn may_pass_later(&self) -> bool {
        let unavailable = |reason: Reason| reason.class() == Class::Unavailable;
        self.retry_after.is_some() || self.reason.is_some_and(unavailable)
    }
}

impl From<v1::Refusal> for RemoteRefusal {
    fn from(refusal: v1::Refusal) -> Self {
        let v1::Refusal {
            reason,
            field,
            value,
            accepted,
            message,
        } = refusal;
        Self {
            reason: Reason::from_code(&reason),
            code: reason,
            field,
            value,
            accepted,
            message,
            retry_after: None,
        }
    }
}

#[cfg(test)]
mod tests;

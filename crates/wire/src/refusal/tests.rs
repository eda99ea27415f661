use std::time::Duration;

use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Class, Reason, Refusal};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use super::{RemoteRefusal, ask_for, code, language, message, status};

#[test]
fn every_reason_survives_a_status() {
    for reason in Reason::ALL {
        let refusal = Refusal::new(reason, "rows[3].period", "二零二五", Accepted::Range(1, 9));
        for language in [Language::Zh, Language::En] {
            let told = status(&refusal, language);
            assert_eq!(told.code(), code(reason.class()));
            let back = RemoteRefusal::from_status(&told).expect("a refusal");
            assert_eq!(back.reason, Some(reason));
            assert_eq!(back.code, reason.code());
            assert_eq!(back.field, "rows[3].period");
            assert_eq!(back.value, "二零二五");
            assert_eq!(back.accepted, refusal.accepted.message(language));
            assert_eq!(back.message, refusal.message(language));
            assert_eq!(back.may_pass_later(), told.code() == Code::Unavailable);
            assert_eq!(RemoteRefusal::from(message(&refusal, language)), back);
        }
    }
}

#[test]
fn classes_have_different_codes_and_none_is_ok() {
    let classes = [
        Class::Invalid,
        Class::Missing,
        Class::Denied,
        Class::Conflict,
        Class::State,
        Class::Unavailable,
        Class::Exhausted,
        Class::Internal,
    ];
    for (place, class) in classes.into_iter().enumerate() {
        assert_ne!(code(class), Code::Ok);
        for other in &classes[place + 1..] {
            assert_ne!(code(class), code(*other));
        }
    }
}

#[test]
fn other_failures_are_not_refusals() {
    assert_eq!(
        RemoteRefusal::from_status(&Status::unavailable("broken")),
        None
    );
    let garbled = Status::with_details(Code::NotFound, "x", vec![0xff; 9].into());
    assert_eq!(RemoteRefusal::from_status(&garbled), None);
}

#[test]
fn a_whole_request_has_no_field() {
    let refusal = Refusal::new(Reason::Overloaded, "", "", Accepted::Nothing);
    let back = RemoteRefusal::from_status(&status(&refusal, Language::En)).expect("a refusal");
    assert_eq!((back.field.as_str(), back.value.as_str()), ("", ""));
    assert!(back.may_pass_later());
}

#[test]
fn the_caller_chooses_the_language() {
    let mut metadata = MetadataMap::new();
    assert_eq!(language(&metadata), Language::En);
    ask_for(Language::Zh, &mut metadata);
    assert_eq!(language(&metadata), Language::Zh);
}

#[test]
fn who_is_told_when_to_come_again_is_told_so_for_programs_too() {
    let wait = Duration::from_millis(2_500);
    let later = Accepted::Later(wait);
    let refusal = Refusal::new(Reason::LimitReached, "requests_per_second", 50, later);
    let told = status(&refusal, Language::En);
    assert_eq!(told.code(), Code::ResourceExhausted);
    assert_eq!(
        told.message(),
        "requests_per_second: \"50\" is the limit of this identity, and it is reached; try again in 3 s"
    );
    let back = RemoteRefusal::from_status(&told).expect("a refusal");
    assert_eq!(back.retry_after, Some(wait));
    assert!(back.may_pass_later());
    let chinese = refusal.message(Language::Zh);
    assert!(chinese.ends_with("已达到；请在 3 秒后重试"), "{chinese}");

    // What is too large is so tomorrow, too.
    let refusal = Refusal::advise(
        Reason::LimitReached,
        "message_mb",
        16,
        "分开发送",
        "send less",
    );
    let back = RemoteRefusal::from_status(&status(&refusal, Language::En)).expect("a refusal");
    assert_eq!(back.retry_after, None);
    assert!(!back.may_pass_later());
}

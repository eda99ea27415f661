use liandong_core::audit::{Actor, Deed};
use liandong_core::identity::Role;
use liandong_core::refusal::{Accepted, Reason, Refusal};

use super::{AuditPage, AuditPlace, By, MAX_AUDIT_PAGE};
use crate::admin::v1::{AuditEntry, ListAuditRequest};

fn page(request: ListAuditRequest) -> Result<AuditPage, Refusal> {
    AuditPage::try_from(request)
}

fn second(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

#[test]
fn nothing_asked_for_is_what_people_did() {
    let page = page(ListAuditRequest::default()).unwrap();
    assert_eq!(page.filter.by, By::People);
    assert_eq!((page.size, page.from), (MAX_AUDIT_PAGE, None));
    for role in Role::ALL {
        assert_eq!(page.filter.by.is(Some(role)), role != Role::Node);
    }
    assert!(page.filter.by.is(None));
}

#[test]
fn every_field_is_read() {
    let read = page(ListAuditRequest {
        region: "371524".to_owned(),
        role: "reviewer".to_owned(),
        action: "issue-plan".to_owned(),
        certificate: "5C:f8:00".to_owned(),
        since: second(10),
        until: second(20),
        page_size: 7,
        page_token: String::new(),
    });
    let AuditPage { filter, size, .. } = read.unwrap();
    assert_eq!(filter.region, Some("371524".parse().unwrap()));
    assert_eq!(filter.by, By::Role(Role::Reviewer));
    assert_eq!(filter.deed, Some(Deed::IssuePlan));
    assert_eq!(filter.certificate, Some(vec![0x5c, 0xf8, 0]));
    let seconds = [filter.since, filter.until].map(|at| at.unwrap().as_second());
    assert_eq!((seconds, size), ([10, 20], 7));
    let local = ListAuditRequest {
        role: "local".to_owned(),
        ..ListAuditRequest::default()
    };
    let by = page(local).unwrap().filter.by;
    assert!(by.is(None) && !by.is(Some(Role::Admin)));
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_would_be() {
    let wrong = |change: fn(&mut ListAuditRequest)| {
        let mut request = ListAuditRequest::default();
        change(&mut request);
        page(request).unwrap_err()
    };
    let role = wrong(|request| request.role = "boss".to_owned());
    let Accepted::OneOf(words) = &role.accepted else {
        panic!("{role:?}");
    };
    assert!(words.contains(&"local".to_owned()) && words.contains(&"reporter".to_owned()));
    let action = wrong(|request| request.action = "push".to_owned());
    assert_eq!(
        (action.reason, action.field.as_str()),
        (Reason::Malformed, "action")
    );
    assert!(action.to_string().contains("push-reports"), "{action}");
    for serial in [
        "xyz",
        "5",
        ":",
        "00000000000000000000000000000000000000000000",
    ] {
        let request = ListAuditRequest {
            certificate: serial.to_owned(),
            ..ListAuditRequest::default()
        };
        let refused = page(request).expect_err(serial);
        assert_eq!(refused.field, "certificate", "{serial}");
    }
    let until = wrong(|request| (request.since, request.until) = (second(2), second(1)));
    assert_eq!(
        (until.reason, until.field.as_str()),
        (Reason::OutOfRange, "until")
    );
    let size = wrong(|request| request.page_size = -1);
    assert_eq!(size.accepted, Accepted::Range(0, 1_000));
}

#[test]
fn a_token_is_good_for_the_same_question_alone() {
    let asked = |region: &str, page_token: String| ListAuditRequest {
        region: region.to_owned(),
        page_token,
        ..ListAuditRequest::default()
    };
    let filter = page(asked("371524", String::new())).unwrap().filter;
    for (frame, entry) in [(1, 0), (u64::MAX, u32::MAX), (0x0123_4567_89ab_cdef, 77)] {
        let place = AuditPlace { frame, entry };
        let token = place.token(&filter);
        let read = page(asked("371524", token.clone())).unwrap();
        assert_eq!(read.from, Some(place));
        let others = [
            asked("371525", token.clone()),
            asked("371524", token.to_uppercase() + "0"),
            asked("371524", token[..31].to_owned()),
        ];
        for other in others {
            let refused = page(other).unwrap_err();
            assert_eq!(refused.field, "page_token");
        }
    }
}

#[test]
fn an_entry_says_who_it_was() {
    let identity = "spiffe://edu.example/region/371524/reporter";
    let shown = AuditEntry::of(&Actor::Shown {
        identity: identity.parse().unwrap(),
        serial: vec![0x0a, 0xff],
    });
    let told = (
        shown.identity.as_str(),
        shown.role.as_str(),
        shown.certificate.as_str(),
    );
    assert_eq!(told, (identity, "reporter", "0aff"));
    let nobody = [Actor::Node, Actor::Local].map(|actor| AuditEntry::of(&actor));
    assert_eq!(
        nobody.each_ref().map(|one| one.role.as_str()),
        ["node", "local"]
    );
    assert!(
        nobody
            .iter()
            .all(|one| one.identity.is_empty() && one.certificate.is_empty())
    );
}

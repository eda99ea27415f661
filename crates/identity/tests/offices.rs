//! An authority's office: inviting, issuing, renewing, taking back; and what the owner installs.

#![expect(clippy::expect_used, reason = "tests")]

use jiff::{SignedDuration, Timestamp};
use liandong_core::identity::Identity;
use liandong_identity::{
    Authority, AuthorityError, Fingerprint, Folder, Introduction, Key, NODE_DAYS, NotInvited,
    Office, OfficeError, PERSON_DAYS, Package, PackageError, RegisterError, Request, Secret,
    Wanted, Which, list_number,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn now() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().expect("a time")
}

fn identity(role: &str) -> Identity {
    let text = format!("spiffe://edu.example/region/371524/{role}");
    text.parse().expect("an identity")
}

fn wanted(role: &str) -> Wanted {
    Wanted {
        identity: identity(role),
        names: vec!["10.1.2.3".to_owned(), "node.example".to_owned()],
    }
}

fn asked() -> (Key, Request) {
    let key = Key::generate().expect("a key");
    let request = Request::of(&key).expect("a request");
    (key, request)
}

fn office(place: &tempfile::TempDir) -> Office {
    let folder = Folder::at(place.path().join("authority"));
    let domain = "edu.example".parse().expect("a domain");
    Office::found(&folder, domain, 10, now()).expect("founded")
}

fn not_invited(error: &OfficeError) -> Option<NotInvited> {
    match error {
        OfficeError::Register(RegisterError::NotInvited(why)) => Some(*why),
        _ => None,
    }
}

#[test]
fn an_invitation_brings_a_certificate_once_for_whom_it_was_given() {
    let place = tempfile::tempdir().expect("a folder");
    let office = office(&place);
    let invite = |until| {
        let address = "https://10.1.2.3:7410".to_owned();
        office
            .invite(wanted("node"), address, until)
            .expect("invited")
    };
    let (good, late) = (invite(now() + DAY), invite(now() - DAY));
    assert_eq!(good.root, office.root().fingerprint());
    let (key, request) = asked();
    let error = office
        .enrol(&late.secret, &request, now())
        .expect_err("late");
    assert_eq!(not_invited(&error), Some(NotInvited::Expired));
    let error = office.enrol(&Secret([1; 16]), &request, now());
    let error = error.expect_err("unknown");
    assert_eq!(not_invited(&error), Some(NotInvited::Unknown));
    // What is wrong with the request is said whether the secret is good or not.
    let nothing = Request::from_text("nothing".to_owned());
    for secret in [good.secret, Secret([1; 16])] {
        let error = office.enrol(&secret, &nothing, now()).expect_err("nothing");
        assert!(matches!(error, OfficeError::Request(_)), "{error}");
    }
    let package = office.enrol(&good.secret, &request, now());
    let package = package.expect("issued");
    assert_eq!(package.chain.leaf.names(), wanted("node").names);
    let until = package.chain.leaf.not_after();
    assert_eq!(until, now() + DAY * i32::from(NODE_DAYS));
    let error = office
        .enrol(&good.secret, &asked().1, now())
        .expect_err("used");
    assert_eq!(not_invited(&error), Some(NotInvited::UsedByAnother));

    let home = Folder::at(place.path().join("county"));
    let known = Introduction::Fingerprint(good.root);
    let installed = package.install(&home, key, Some(&good.identity), known, now());
    assert_eq!(installed.expect("installed").not_after(), until);
    assert!(home.own().expect("readable").is_some());
    assert_eq!(home.trust().expect("trust").domains().len(), 1);
    let list = home.list(&good.identity.domain).expect("readable");
    assert_eq!(list_number(&list.expect("a list")), Some(1));
}

#[test]
fn an_answer_that_was_lost_is_given_again_to_the_same_key_for_a_day() {
    let place = tempfile::tempdir().expect("a folder");
    let office = office(&place);
    // It would be over before the answer is asked for again.
    let address = "https://10.1.2.3:7410".to_owned();
    let invited = office.invite(wanted("node"), address, now() + DAY / 24);
    let secret = invited.expect("invited").secret;
    let (key, request) = asked();
    let first = office.enrol(&secret, &request, now()).expect("issued");
    for hours in [0, 2, 24] {
        let later = now() + SignedDuration::from_hours(hours);
        // Another request of that key; the first need not have been kept.
        let request = Request::of(&key).expect("a request");
        let again = office.enrol(&secret, &request, later).expect("again");
        assert_eq!(again, first, "{hours}");
    }
    assert_eq!(office.registered().expect("readable").certificates.len(), 1);
    // Nobody else is given it, or another; and some day it is over.
    let error = office.enrol(&secret, &asked().1, now());
    let error = error.expect_err("another key");
    assert_eq!(not_invited(&error), Some(NotInvited::UsedByAnother));
    let late = now() + DAY + SignedDuration::from_secs(1);
    let error = office.enrol(&secret, &request, late).expect_err("late");
    assert_eq!(not_invited(&error), Some(NotInvited::Used));
    // Nor when it was taken back.
    let serial = first.chain.leaf.serial().clone();
    office
        .revoke(&Which::Serial(serial), now())
        .expect("revoked");
    let error = office.enrol(&secret, &request, now()).expect_err("revoked");
    assert_eq!(not_invited(&error), Some(NotInvited::Used));
}

#[test]
fn with_an_identity_go_the_invitations_that_it_has_not_used() {
    let place = tempfile::tempdir().expect("a folder");
    let office = office(&place);
    let invite = |role: &str| {
        let address = "https://10.1.2.3:7410".to_owned();
        let invited = office.invite(wanted(role), address, now() + DAY);
        invited.expect("invited").secret
    };
    let [used, open, others] = [invite("reporter"), invite("reporter"), invite("node")];
    let (_, request) = asked();
    let issued = office.enrol(&used, &request, now()).expect("issued");
    let revoked = office.revoke(&Which::Identity(identity("reporter")), now());
    let revoked = revoked.expect("revoked");
    assert_eq!(revoked.invitations, 1);
    assert_eq!(revoked.serials, [issued.chain.leaf.serial().clone()]);
    let error = office.enrol(&open, &request, now()).expect_err("withdrawn");
    assert_eq!(not_invited(&error), Some(NotInvited::Withdrawn));
    assert!(office.enrol(&others, &request, now()).is_ok());
    // One that has no certificate yet.
    let early = invite("viewer");
    let revoked = office.revoke(&Which::Identity(identity("viewer")), now());
    assert_eq!(revoked.expect("withdrawn").invitations, 1);
    assert!(office.enrol(&early, &request, now()).is_err());
    // And whoever is invited anew is welcome.
    let again = invite("reporter");
    assert!(office.enrol(&again, &request, now()).is_ok());
}

#[test]
fn a_certificate_is_renewed_for_the_same_identity_unless_it_was_taken_back() {
    let place = tempfile::tempdir().expect("a folder");
    let office = office(&place);
    let (_, request) = asked();
    let first = office.issue(&request, wanted("reporter"), PERSON_DAYS, now());
    let first = first.expect("issued").chain.leaf;
    let later = now() + 300 * DAY;
    let (_, request) = asked();
    let second = office.renew(&first, &request, later).expect("renewed");
    let second = second.chain.leaf;
    assert_eq!(second.identity(), first.identity());
    assert_eq!(second.names(), first.names());
    assert_eq!(second.not_after(), later + DAY * i32::from(PERSON_DAYS));
    assert_ne!(second.serial(), first.serial());

    let revoked = office.revoke(&Which::Serial(second.serial().clone()), later);
    assert_eq!(revoked.expect("revoked").serials, [second.serial().clone()]);
    let error = office.renew(&second, &request, later).expect_err("revoked");
    assert!(matches!(error, OfficeError::Revoked { .. }), "{error}");
    let error = office.revoke(&Which::Serial(second.serial().clone()), later);
    let error = error.expect_err("revoked before");
    assert!(matches!(
        error,
        OfficeError::Register(RegisterError::Revoked { .. })
    ));
    // The first is valid still, and goes with its identity.
    let revoked = office.revoke(&Which::Identity(identity("reporter")), later);
    assert_eq!(revoked.expect("revoked").serials, [first.serial().clone()]);
    let error = office.revoke(&Which::Identity(identity("reporter")), later);
    let error = error.expect_err("nothing left");
    assert!(matches!(error, OfficeError::NothingToRevoke { .. }));

    let other = Authority::create(office.domain().clone(), [9; 16], now(), now() + 900 * DAY);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(elsewhere.path());
    folder
        .keep_authority(&other.expect("a root"))
        .expect("kept");
    let other = Office::at(&folder).expect("readable").expect("an office");
    let theirs = other.issue(&request, wanted("reporter"), 30, now());
    let theirs = theirs.expect("issued").chain.leaf;
    let error = office.renew(&theirs, &request, now()).expect_err("foreign");
    assert!(matches!(error, OfficeError::NotIssuedHere { .. }));
}

#[test]
fn what_a_crash_left_unsaid_is_in_the_next_list() {
    let place = tempfile::tempdir().expect("a folder");
    let office = office(&place);
    let folder = Folder::at(place.path().join("authority"));
    let (_, request) = asked();
    let issued = office.issue(&request, wanted("node"), 30, now());
    let serial = issued.expect("issued").chain.leaf.serial().clone();
    assert!(!office.publish(now()).expect("nothing new"));
    // Noted, and the list was never written.
    folder.register().revoke(&serial, now()).expect("noted");
    assert!(office.publish(now()).expect("published"));
    let list = folder.list(office.domain()).expect("readable");
    assert_eq!(list_number(&list.expect("a list")), Some(2));
    assert!(!office.publish(now()).expect("nothing new"));
}

#[test]
fn an_office_refuses_what_no_certificate_can_carry_and_a_second_founding() {
    let place = tempfile::tempdir().expect("a folder");
    let office = office(&place);
    let (_, request) = asked();
    let mut foreign = wanted("node");
    foreign.identity.domain = "other.example".parse().expect("a domain");
    let error = office.invite(foreign, "https://a:1".to_owned(), now() + DAY);
    let error = error.expect_err("foreign");
    let foreign = matches!(
        error,
        OfficeError::Authority(AuthorityError::ForeignDomain { .. })
    );
    assert!(foreign, "{error}");
    for name in [
        "",
        "a b",
        "https://node.example",
        "10.1.2.3:7410",
        "县.example",
    ] {
        let mut bad = wanted("node");
        bad.names = vec![name.to_owned()];
        let error = office.issue(&request, bad, 30, now()).expect_err(name);
        let is_name = matches!(error, OfficeError::Authority(AuthorityError::Name { .. }));
        assert!(is_name, "{name}: {error}");
    }
    let folder = Folder::at(place.path().join("authority"));
    let domain = "edu.example".parse().expect("a domain");
    let error = Office::found(&folder, domain, 10, now()).expect_err("taken");
    assert!(matches!(error, OfficeError::Taken { .. }));
    assert_eq!(office.registered().expect("readable").certificates, []);
}

#[test]
fn a_package_is_installed_by_its_owner_only_and_from_a_root_that_is_known() {
    let place = tempfile::tempdir().expect("a folder");
    let office = office(&place);
    let (key, request) = asked();
    let package = office.issue(&request, wanted("node"), 30, now());
    let text = package.expect("issued").to_pem();
    let read = || Package::from_pem(&text).expect("a package");
    let again = || Key::from_pem(&key.to_pem()).expect("the key");
    let home = Folder::at(place.path().join("county"));
    let by_folder = Introduction::Folder;
    let install = |package: Package, key, expected: Option<&Identity>, known| {
        package.install(&home, key, expected, known, now())
    };

    let error = install(read(), asked().0, None, by_folder).expect_err("another key");
    assert!(matches!(error, PackageError::AnotherKey), "{error}");
    let other = identity("viewer");
    let error = install(read(), again(), Some(&other), by_folder).expect_err("another");
    assert!(matches!(error, PackageError::AnotherIdentity { .. }));
    let wrong = Introduction::Fingerprint(Fingerprint([1; 32]));
    let error = install(read(), again(), None, wrong).expect_err("another root");
    assert!(matches!(error, PackageError::AnotherRoot { .. }));
    let error = read().install(&home, again(), None, by_folder, now() + 31 * DAY);
    assert!(matches!(error, Err(PackageError::Refused(_))));
    assert!(!home.path().exists(), "nothing was kept");

    // A root of the same name that is not the one the folder trusts.
    let forged = Authority::create(office.domain().clone(), [9; 16], now(), now() + 900 * DAY);
    let forged = forged.expect("a root").root_pem();
    home.keep_roots(office.domain(), &forged).expect("kept");
    assert!(install(read(), again(), None, by_folder).is_err());
    assert!(home.own().expect("readable").is_none());
    let root = Introduction::Fingerprint(office.root().fingerprint());
    install(read(), again(), None, root).expect("installed");
    assert_eq!(
        home.own().expect("readable").expect("own").chain,
        read().chain
    );

    // The folder is the node's now; nobody else's certificate takes its place.
    let (clerk, request) = asked();
    let package = office.issue(&request, wanted("reporter"), 30, now());
    let error = install(package.expect("issued"), clerk, None, by_folder);
    assert!(matches!(error, Err(PackageError::Occupied { .. })));
    let leaf_only = read().chain.to_pem();
    assert!(matches!(
        Package::from_pem(&leaf_only),
        Err(PackageError::NoRoot)
    ));
}

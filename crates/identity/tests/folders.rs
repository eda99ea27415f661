//! What is kept in an identity's folder, and in an authority's register.

#![expect(clippy::expect_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use liandong_core::identity::TrustDomain;
use liandong_identity::{
    Authority, AuthorityError, Certificate, Chain, Folder, FolderError, Grant, Key, NotInvited,
    Own, RegisterError, Request, Secret, Wanted, list_number,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn now() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().expect("a time")
}

fn root() -> Authority {
    let domain = "edu.example".parse().expect("a domain");
    Authority::create(domain, [3; 16], now(), now() + 3650 * DAY).expect("a root")
}

fn county(authority: &Authority, number: u8) -> Own {
    let key = Key::generate().expect("a key");
    let request = Request::of(&key).expect("a request");
    let leaf = issue(authority, &request, number).expect("a certificate");
    let above = Vec::new();
    let chain = Chain { leaf, above };
    Own { chain, key }
}

fn issue(
    authority: &Authority,
    request: &Request,
    number: u8,
) -> Result<Certificate, AuthorityError> {
    let identity = "spiffe://edu.example/region/371524/node";
    let grant = Grant {
        identity: identity.parse().expect("an identity"),
        names: Vec::new(),
        serial: [number; 16],
        from: now(),
        until: now() + 90 * DAY,
    };
    authority.issue(request, &grant)
}

fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("a file");
    metadata.permissions().mode() & 0o777
}

#[test]
fn an_identity_is_found_as_it_was_kept_and_its_key_is_the_owners_alone() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(place.path().join("identity"));
    assert!(folder.own().expect("nothing").is_none());
    let authority = root();
    let own = county(&authority, 1);
    folder.keep_own(&own).expect("kept");
    let found = folder.own().expect("readable").expect("kept");
    assert_eq!(found.chain, own.chain);
    let key = folder.path().join("key.pem");
    assert_eq!(mode(&key), 0o600);

    // Kept again over itself, then with somebody else's key, then for everybody to read.
    folder.keep_own(&county(&authority, 2)).expect("kept");
    assert!(folder.own().is_ok());
    let other = Key::generate().expect("a key").to_pem();
    fs::write(&key, other).expect("written");
    let found = folder.own().map(|_| ());
    assert!(matches!(found, Err(FolderError::NotTogether { .. })));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("set");
    let found = folder.own().map(|_| ());
    assert!(matches!(found, Err(FolderError::Exposed { .. })));
    fs::remove_file(&key).expect("removed");
    assert!(folder.own().is_err());
}

#[test]
fn there_is_a_key_for_the_certificate_wherever_a_crash_comes_between() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(place.path());
    let (authority, elsewhere) = (root(), tempfile::tempdir().expect("a folder"));
    let (old, new) = (county(&authority, 1), county(&authority, 2));
    folder.keep_own(&old).expect("kept");
    Folder::at(elsewhere.path()).keep_own(&new).expect("kept");
    let copy = |from: &str, to: &str| {
        fs::copy(elsewhere.path().join(from), place.path().join(to)).expect("copied");
    };
    let serial = || folder.own().expect("readable").expect("own").chain.leaf;
    copy("key.pem", "key-next.pem");
    assert_eq!(serial(), old.chain.leaf);
    copy("certificate.pem", "certificate.pem");
    assert_eq!(serial(), new.chain.leaf);
    copy("key.pem", "key.pem");
    assert_eq!(serial(), new.chain.leaf);
    folder.keep_own(&old).expect("kept");
    assert!(!place.path().join("key-next.pem").exists());
    assert_eq!(serial(), old.chain.leaf);
}

#[test]
fn who_is_trusted_is_read_and_a_list_is_kept_only_when_it_is_newer_and_the_roots() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(place.path());
    let (authority, other) = (root(), root());
    let domain = authority.domain();
    folder
        .keep_roots(domain, &authority.root_pem())
        .expect("kept");
    let wrong = folder.keep_roots(
        &"other.example".parse().expect("a domain"),
        &authority.root_pem(),
    );
    assert!(matches!(wrong, Err(FolderError::Trust { .. })));
    assert_eq!(folder.trust().expect("trust").domains().len(), 1);
    let list = |by: &Authority, number| by.revoked(&[], number, now()).expect("a list");
    assert!(
        folder
            .keep_list(domain, &list(&authority, 2))
            .expect("kept")
    );
    assert!(!folder.keep_list(domain, &list(&authority, 2)).expect("old"));
    assert!(!folder.keep_list(domain, &list(&authority, 1)).expect("old"));
    assert!(
        folder
            .keep_list(domain, &list(&authority, 300))
            .expect("kept")
    );
    assert!(folder.keep_list(domain, &list(&other, 301)).is_err());
    let kept = folder.list(domain).expect("readable").expect("a list");
    assert_eq!(list_number(&kept), Some(300));
    assert!(folder.trust().is_ok());
}

#[test]
fn an_authority_is_at_home_where_it_was_kept() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(place.path());
    assert!(folder.authority().expect("nothing").is_none());
    let authority = root();
    folder.keep_authority(&authority).expect("kept");
    let found = folder.authority().expect("readable").expect("kept");
    assert_eq!(found.certificate(), authority.certificate());
    assert_eq!(folder.trust().expect("trust").domains().len(), 1);
    assert_eq!(mode(&place.path().join("authority/key.pem")), 0o600);
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

fn not_invited(trouble: Result<Certificate, Trouble>) -> NotInvited {
    match trouble {
        Err(Trouble::Register(RegisterError::NotInvited(why))) => why,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn an_invitation_is_good_for_one_certificate() {
    let place = tempfile::tempdir().expect("a folder");
    let register = Folder::at(place.path()).register();
    let authority = root();
    let identity = "spiffe://edu.example/region/371524/node"
        .parse()
        .expect("one");
    let (secret, wrong, late) = (Secret([1; 16]), Secret([2; 16]), Secret([3; 16]));
    let own = |identity: &liandong_core::identity::Identity| Wanted {
        identity: identity.clone(),
        names: vec!["10.1.2.3".to_owned()],
    };
    register
        .invite(&secret, own(&identity), now() + DAY)
        .expect("noted");
    register
        .invite(&late, own(&identity), now() - DAY)
        .expect("noted");
    let request = Request::of(&Key::generate().expect("a key")).expect("a request");
    let good = |secret: &Secret| {
        let issued = |_: &_| Ok(issue(&authority, &request, 7)?);
        register.issue_invited::<Trouble>(secret, now(), |_| false, issued)
    };
    assert_eq!(not_invited(good(&wrong)), NotInvited::Unknown);
    assert_eq!(not_invited(good(&late)), NotInvited::Expired);
    // What was not issued is not used up.
    let bad = Request::from_text("nothing".to_owned());
    let issued = |_: &_| Ok(issue(&authority, &bad, 7)?);
    let failed = register.issue_invited::<Trouble>(&secret, now(), |_| false, issued);
    assert!(matches!(failed, Err(Trouble::Authority(_))));
    let certificate = good(&secret).expect("issued");
    assert_eq!(not_invited(good(&secret)), NotInvited::UsedByAnother);
    let known = register.read().expect("readable");
    assert_eq!(known.certificates.len(), 1);
    assert_eq!(known.certificates[0].identity, identity);
    assert_eq!(
        known.invitations[0].used.as_ref(),
        Some(certificate.serial())
    );

    let text = fs::read_to_string(place.path().join("authority/register")).expect("text");
    assert!(
        !text.contains("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"),
        "{text}"
    );
}

#[test]
fn what_is_taken_back_is_known_and_once_only() {
    let place = tempfile::tempdir().expect("a folder");
    let register = Folder::at(place.path()).register();
    let authority = root();
    let own = county(&authority, 8);
    let leaf = &own.chain.leaf;
    let identity = leaf.identity().expect("an identity").clone();
    let unknown = register.revoke(leaf.serial(), now());
    assert!(matches!(unknown, Err(RegisterError::NoCertificate { .. })));
    register.note_issued(leaf, identity, now()).expect("noted");
    let all = register.revoke(leaf.serial(), now()).expect("revoked");
    assert_eq!(all.len(), 1);
    let again = register.revoke(leaf.serial(), now());
    assert!(matches!(again, Err(RegisterError::Revoked { .. })));
    assert!(register.read().expect("readable").is_revoked(leaf.serial()));
}

#[test]
fn a_register_survives_a_crash_in_its_last_line_and_refuses_a_damaged_one() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("authority/register");
    let register = Folder::at(place.path()).register();
    let identity = || Wanted {
        identity: "spiffe://edu.example/region/371524/node"
            .parse()
            .expect("one"),
        names: Vec::new(),
    };
    for number in 1..=3 {
        let secret = Secret([number; 16]);
        register.invite(&secret, identity(), now()).expect("noted");
    }
    let whole = fs::read(&path).expect("text");
    let known = register.read().expect("readable");
    let second_ends = whole
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a line");
    for end in second_ends + 1..whole.len() {
        fs::write(&path, &whole[..end]).expect("cut");
        let lines = whole[..end].iter().filter(|byte| **byte == b'\n').count();
        let found = register.read().expect("readable");
        assert_eq!(found.invitations, known.invitations[..lines], "{end}");
        register
            .invite(&Secret([9; 16]), identity(), now())
            .expect("noted");
        let found = register.read().expect("readable");
        assert_eq!(found.invitations.len(), lines + 1);
    }
    let mut damaged = whole;
    damaged[second_ends / 2] = b'\\';
    fs::write(&path, damaged).expect("damaged");
    let found = register.read();
    assert!(
        matches!(found, Err(RegisterError::Line { line: 1, .. })),
        "{found:?}"
    );
}

#[test]
fn another_domain_speaks_for_the_regions_that_were_named_and_for_no_other() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(place.path().join("identity"));
    let authority = root();
    folder
        .keep_roots(authority.domain(), &authority.root_pem())
        .expect("kept");
    folder.keep_own(&county(&authority, 1)).expect("kept");
    let name = "edu.other".parse().expect("a domain");
    let other = Authority::create(name, [4; 16], now(), now() + DAY).expect("a root");
    let speaks = |domain: &TrustDomain, region: &str| {
        let trust = folder.trust().expect("readable");
        let found = trust.domains().iter().find(|known| known.name() == domain);
        let regions = found.expect("trusted").regions().clone();
        regions.include(region.parse().expect("a code"))
    };
    // A root alone, as a person may have put it there.
    let (domain, pem) = (other.domain(), other.root_pem());
    folder.keep_roots(domain, &pem).expect("kept");
    assert!(!speaks(domain, "500243"));
    let regions = ["50*".parse().expect("regions")];
    folder.keep_foreign(domain, &pem, &regions).expect("kept");
    assert!(speaks(domain, "500243"));
    assert!(!speaks(domain, "371524"));
    for region in ["371524", "500243"] {
        assert!(speaks(authority.domain(), region), "{region}");
    }
    let file = folder.path().join("roots/edu.other.regions");
    fs::write(&file, "50*\nfifty*?\n").expect("written");
    let refused = folder.trust().expect_err("no regions");
    assert!(matches!(refused, FolderError::Regions { .. }), "{refused}");
}

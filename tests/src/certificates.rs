//! Certificates for the nodes of a test, made in its own process: three trust domains, each with one
//! root, and folders as a node or a person has them.
//!
//! Every folder trusts all of them, so that regions of two provinces can be paired. What the program
//! makes of certificates that are not as they should be is tested elsewhere, with those that the
//! program itself makes.

use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use liandong_core::identity::{Identity, Role};
use liandong_identity::{Authority, Chain, Folder, Grant, Key, Own, RegionPattern, Request};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The trust domains: those of two provinces, by how codes begin there, and that of all others; and
/// for which regions others take their word.
const DOMAINS: [(&str, &str, &[&str]); 3] = [
    ("37", "shandong.example", &["37*"]),
    ("50", "chongqing.example", &["50*"]),
    ("", "other.example", &["1*", "2*", "4*", "6*"]),
];

static REALMS: LazyLock<Result<Vec<Authority>, String>> =
    LazyLock::new(|| found().map_err(|error| format!("{error:#}")));

fn found() -> Result<Vec<Authority>> {
    let now = Timestamp::now() - DAY;
    let mut realms = Vec::new();
    for (_, domain, _) in DOMAINS {
        let until = now + 3_650 * DAY;
        realms.push(Authority::create(domain.parse()?, serial(), now, until)?);
    }
    Ok(realms)
}

/// A number that no other certificate of this process has.
fn serial() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).to_be_bytes()
}

/// Puts a certificate for three months into a folder, with its key and everybody whom it trusts.
///
/// # Errors
/// When it cannot be made or written.
pub fn furnish(folder: &Path, region: &str, role: Role) -> Result<()> {
    furnish_for(folder, region, role, 90)
}

/// Likewise a certificate for so many days.
///
/// # Errors
/// When it cannot be made or written.
pub fn furnish_for(folder: &Path, region: &str, role: Role, days: i32) -> Result<()> {
    let realms = REALMS.as_ref().map_err(|why| anyhow::anyhow!("{why}"))?;
    let known = DOMAINS.iter().zip(realms);
    let mut own = known.filter(|((begins, ..), _)| region.starts_with(begins));
    let (_, realm) = own.next().context("a region of no domain")?;
    let key = Key::generate()?;
    let now = Timestamp::now();
    let grant = Grant {
        identity: Identity {
            domain: realm.domain().clone(),
            region: region.parse()?,
            role,
        },
        names: Vec::new(),
        serial: serial(),
        from: now - DAY,
        until: now + days * DAY,
    };
    let leaf = realm.issue(&Request::of(&key)?, &grant)?;
    let above = Vec::new();
    let chain = Chain { leaf, above };
    let folder = Folder::at(folder);
    folder.keep_own(&Own { chain, key })?;
    for ((.., speaks_for), other) in DOMAINS.iter().zip(realms) {
        if other.domain() == realm.domain() {
            folder.keep_roots(realm.domain(), &realm.root_pem())?;
            continue;
        }
        let regions = speaks_for.iter().map(|pattern| pattern.parse());
        let regions: Vec<RegionPattern> = regions.collect::<Result<_, _>>()?;
        folder.keep_foreign(other.domain(), &other.root_pem(), &regions)?;
    }
    Ok(())
}

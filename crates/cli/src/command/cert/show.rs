//! `liandong cert show`: what is in an identity's folder.

use clap::ValueEnum;
use jiff::Timestamp;
use liandong_identity::{Folder, Issued, Office, Registered, list_number, revoked_count};
use serde::Serialize;

use super::CertFailure;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Output};

/// A part of what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Section {
    Own,
    Trusted,
    Issued,
    Invited,
}

#[derive(Serialize)]
struct Shown {
    own: Listing,
    trusted: Listing,
    issued: Listing,
    invited: Listing,
}

const OWN: [Column; 6] = [
    Column::text("identity", "身份", "identity"),
    Column::text("serial", "编号", "serial"),
    Column::text("until", "有效至", "valid until"),
    Column::number("days_left", "剩余天数", "days left"),
    Column::text("names", "主机和地址", "names"),
    Column::text("fingerprint", "指纹", "fingerprint"),
];

const TRUSTED: [Column; 7] = [
    Column::text("domain", "信任域", "trust domain"),
    Column::text("regions", "可代表区域", "speaks for"),
    Column::text("here", "机构在此", "authority here"),
    Column::text("until", "根有效至", "root until"),
    Column::number("revoked", "吊销数", "revoked"),
    Column::number("list", "列表号", "list"),
    Column::text("root", "根证书指纹", "root's fingerprint"),
];

const ISSUED: [Column; 6] = [
    Column::text("identity", "身份", "identity"),
    Column::text("serial", "编号", "serial"),
    Column::text("issued", "签发", "issued"),
    Column::text("until", "有效至", "valid until"),
    Column::text("state", "状态", "state"),
    Column::text("names", "主机和地址", "names"),
];

const INVITED: [Column; 4] = [
    Column::text("identity", "身份", "identity"),
    Column::text("until", "邀请至", "invited until"),
    Column::text("state", "状态", "state"),
    Column::text("serial", "所领证书", "certificate"),
];

/// Shows the folder.
pub(super) fn run(
    folder: &Folder,
    only: Option<Section>,
    output: Output,
) -> Result<Verdict, Failure> {
    let shown = read(folder, Timestamp::now())?;
    let only = match (only, output.format) {
        (None, Format::Csv) => Some(Section::Own),
        (only, _) => only,
    };
    if let Some(section) = only {
        output.listing(shown.section(section))?;
        return Ok(Verdict::Done);
    }
    if output.json(&shown)? {
        return Ok(Verdict::Done);
    }
    let parts = [
        ("证书", "certificate", &shown.own),
        ("信任", "trusted", &shown.trusted),
        ("已签发", "issued", &shown.issued),
        ("已邀请", "invited", &shown.invited),
    ];
    for (zh, en, listing) in parts {
        // Only an authority has issued and invited.
        if listing.is_empty() && ["issued", "invited"].contains(&en) {
            continue;
        }
        output.line(output.pick(zh, en))?;
        output.listing(listing)?;
        output.line("")?;
    }
    Ok(Verdict::Done)
}

fn read(folder: &Folder, now: Timestamp) -> Result<Shown, CertFailure> {
    let office = Office::at(folder)?;
    let mut own = Listing::new(&OWN);
    if let Some(found) = folder.own()? {
        let leaf = found.chain.leaf;
        let left = leaf.not_after().duration_since(now);
        own.row(vec![
            Cell::text(leaf.identity().map(ToString::to_string).unwrap_or_default()),
            Cell::text(leaf.serial().to_string()),
            Cell::Moment(Some(leaf.not_after())),
            Cell::Whole(left.as_hours().div_euclid(24)),
            Cell::List(leaf.names().to_vec()),
            Cell::text(leaf.fingerprint().to_string()),
        ]);
    }
    let mut trusted = Listing::new(&TRUSTED);
    for domain in folder.trust()?.domains() {
        let list = folder.list(domain.name())?;
        let is_here = office.as_ref().map(Office::domain) == Some(domain.name());
        let revoked = list.as_deref().and_then(revoked_count).unwrap_or(0);
        let number = list.as_deref().and_then(list_number).unwrap_or(0);
        for root in domain.roots() {
            trusted.row(vec![
                Cell::text(domain.name().to_string()),
                Cell::text(domain.regions().to_string()),
                Cell::Yes(Some(is_here)),
                Cell::Moment(Some(root.not_after())),
                Cell::Count(revoked),
                Cell::Count(number),
                Cell::text(root.fingerprint().to_string()),
            ]);
        }
    }
    let registered = match &office {
        Some(office) => office.registered()?,
        None => Registered::default(),
    };
    Ok(Shown {
        own,
        trusted,
        issued: issued(&registered, now),
        invited: invited(&registered, now),
    })
}

fn issued(registered: &Registered, now: Timestamp) -> Listing {
    let mut listing = Listing::new(&ISSUED);
    for certificate in &registered.certificates {
        let Issued {
            serial,
            identity,
            names,
            at,
            until,
        } = certificate;
        let state = if registered.is_revoked(serial) {
            Cell::both("已吊销", "revoked")
        } else if *until < now {
            Cell::both("已过期", "expired")
        } else {
            Cell::both("有效", "valid")
        };
        listing.row(vec![
            Cell::text(identity.to_string()),
            Cell::text(serial.to_string()),
            Cell::Moment(Some(*at)),
            Cell::Moment(Some(*until)),
            state,
            Cell::List(names.clone()),
        ]);
    }
    listing
}

fn invited(registered: &Registered, now: Timestamp) -> Listing {
    let mut listing = Listing::new(&INVITED);
    for invited in &registered.invitations {
        let state = if invited.used.is_some() {
            Cell::both("已用", "used")
        } else if invited.withdrawn.is_some() {
            Cell::both("已撤回", "withdrawn")
        } else if invited.until < now {
            Cell::both("已过期", "expired")
        } else {
            Cell::both("待用", "open")
        };
        let serial = invited.used.as_ref().map(ToString::to_string);
        listing.row(vec![
            Cell::text(invited.identity.to_string()),
            Cell::Moment(Some(invited.until)),
            state,
            Cell::text(serial.unwrap_or_default()),
        ]);
    }
    listing
}

impl Shown {
    fn section(&self, section: Section) -> &Listing {
        match section {
            Section::Own => &self.own,
            Section::Trusted => &self.trusted,
            Section::Issued => &self.issued,
            Section::Invited => &self.invited,
        }
    }
}

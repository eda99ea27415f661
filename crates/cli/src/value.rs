//! Reading the values of arguments, each with what would be accepted in both languages.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use liandong_client::{Address, wire};
use liandong_core::identity::{Role, TrustDomain};
use liandong_core::indicator::{IndicatorCode, MAX_INDICATOR_CODE_LEN};
use liandong_core::period::Period;
use liandong_core::quantity::parse_yuan;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::{MAX_REGION_CODE_LEN, RegionCode};
use liandong_identity::{Fingerprint, RegionPattern, Which};
use liandong_input::{normalise, read_period, read_yuan};

use crate::failure::BadArgument;

fn bad(value: &str, zh: impl Into<String>, en: impl Into<String>) -> BadArgument {
    BadArgument {
        refusal: Refusal::advise(Reason::Malformed, "", value, zh, en),
    }
}

/// A whole number between two others, both included.
pub(crate) fn whole(text: &str, least: u64, most: u64) -> Result<u64, BadArgument> {
    let number = normalise(text).parse().ok();
    let within = number.filter(|number| (least..=most).contains(number));
    within.ok_or_else(|| {
        bad(
            text,
            format!("填 {least} 至 {most} 的整数"),
            format!("write a whole number from {least} to {most}"),
        )
    })
}

/// A region's code.
pub(crate) fn region(text: &str) -> Result<RegionCode, BadArgument> {
    normalise(text).parse().map_err(|_| {
        bad(
            text,
            format!("填区域代码，如 371524（1 至 {MAX_REGION_CODE_LEN} 个字母、数字或连字符）"),
            format!("write a region's code, like 371524 (1 to {MAX_REGION_CODE_LEN} letters, digits and hyphens)"),
        )
    })
}

/// An indicator's code.
pub(crate) fn indicator(text: &str) -> Result<IndicatorCode, BadArgument> {
    normalise(text).parse().map_err(|_| {
        bad(
            text,
            format!("填指标代码，如 compulsory-dropouts（1 至 {MAX_INDICATOR_CODE_LEN} 个小写字母、数字或连字符）"),
            format!("write an indicator's code, like compulsory-dropouts (1 to {MAX_INDICATOR_CODE_LEN} lower-case letters, digits and hyphens)"),
        )
    })
}

/// A period.
pub(crate) fn period(text: &str) -> Result<Period, BadArgument> {
    read_period(&normalise(text)).ok_or_else(|| {
        let forms =
            "2025-03-14, 2025-W11, 2025-03, 2025-Q1, 2025-H1, 2025, 2024-2025, 2024-2025-S1";
        BadArgument {
            refusal: Refusal::new(
                Reason::Malformed,
                "",
                text,
                Accepted::Form(forms.to_owned()),
            ),
        }
    })
}

/// A day.
pub(crate) fn date(text: &str) -> Result<Date, BadArgument> {
    let plain = normalise(text);
    let day: Option<Date> = plain.parse().ok();
    // The parser also takes times and other spellings.
    day.filter(|day| day.to_string() == plain)
        .ok_or_else(|| BadArgument {
            refusal: Refusal::new(
                Reason::Malformed,
                "",
                text,
                Accepted::Form("2025-03-14".to_owned()),
            ),
        })
}

/// A stretch of time: a moment, a day, or a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    from: Timestamp,
    /// The first moment behind it; for a moment, that moment itself.
    behind: Timestamp,
}

impl Span {
    /// Its first moment, as it travels.
    pub(crate) fn begins(self) -> wire::Timestamp {
        wire::timestamp(self.from)
    }

    /// The first moment behind it, as it travels.
    pub(crate) fn ends(self) -> wire::Timestamp {
        wire::timestamp(self.behind)
    }
}

/// A moment, a day or a period, where it is not said otherwise in the zone of this machine.
pub(crate) fn span(text: &str) -> Result<Span, BadArgument> {
    let plain = normalise(text);
    let zone = TimeZone::system();
    let start = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    let of_days = |period: Period| {
        Some(Span {
            from: start(period.first_day())?,
            behind: start(period.last_day().tomorrow().ok()?)?,
        })
    };
    let moment = || -> Option<Timestamp> {
        let local = || plain.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok();
        let named = plain.parse::<Timestamp>().ok();
        named.or_else(|| local().map(|at| at.timestamp()))
    };
    let read = match read_period(&plain) {
        Some(period) => of_days(period),
        None => moment().map(|at| Span {
            from: at,
            behind: at,
        }),
    };
    read.ok_or_else(|| {
        bad(
            text,
            "填日期、周期或时刻，如 2026-11-22、2026-11、2026-11-22T08:00",
            "write a day, a period or a moment, like 2026-11-22, 2026-11, 2026-11-22T08:00",
        )
    })
}

/// An amount in 元, as 分.
pub(crate) fn yuan(text: &str) -> Result<i64, BadArgument> {
    let plain = normalise(text);
    let read = read_yuan(&plain).ok();
    read.or_else(|| parse_yuan(&plain).ok()).ok_or_else(|| {
        bad(
            text,
            "填以元为单位的金额，最多两位小数，如 500000 或 1234.50",
            "write an amount in 元 with at most two decimals, like 500000 or 1234.50",
        )
    })
}

/// A node's address.
pub(crate) fn address(text: &str) -> Result<Address, BadArgument> {
    text.parse().map_err(|_| {
        bad(
            text,
            "填节点地址，如 https://node.example:7410；本机明文节点为 http://127.0.0.1:7410",
            "write a node's address, like https://node.example:7410, or http://127.0.0.1:7410 for one of this machine in plain text",
        )
    })
}

/// The address of a node that shows a certificate.
pub(crate) fn encrypted(text: &str) -> Result<String, BadArgument> {
    let address: Option<Address> = text.parse().ok();
    let address = address.filter(Address::is_encrypted);
    address.map(|address| address.to_string()).ok_or_else(|| {
        bad(
            text,
            "填机构节点的地址，如 https://node.example:7410",
            "write the address of the authority's node, like https://node.example:7410",
        )
    })
}

/// A trust domain.
pub(crate) fn trust_domain(text: &str) -> Result<TrustDomain, BadArgument> {
    text.parse().map_err(|_| {
        bad(
            text,
            "填小写字母、数字、点、连字符和下划线，如 edu.example",
            "write lower-case letters, digits, dots, hyphens and underscores, like edu.example",
        )
    })
}

/// A role.
pub(crate) fn role(text: &str) -> Result<Role, BadArgument> {
    Role::from_word(text).ok_or_else(|| {
        let words = Role::ALL.into_iter().map(|role| role.word().to_owned());
        let accepted = Accepted::OneOf(words.collect());
        BadArgument {
            refusal: Refusal::new(Reason::Malformed, "", text, accepted),
        }
    })
}

/// The serial number of a certificate, or an identity.
pub(crate) fn revoked(text: &str) -> Result<Which, BadArgument> {
    let identity = text.parse().map(Which::Identity).ok();
    let serial = || text.parse().map(Which::Serial).ok();
    identity.or_else(serial).ok_or_else(|| {
        bad(
            text,
            "填 cert show 所列的编号，或身份 spiffe://信任域/region/代码/角色",
            "write a serial number as `cert show` lists it, or an identity spiffe://DOMAIN/region/CODE/ROLE",
        )
    })
}

/// Regions that a trust domain speaks for.
pub(crate) fn regions(text: &str) -> Result<RegionPattern, BadArgument> {
    text.parse().map_err(|_| {
        bad(
            text,
            "填区域代码如 500243，或代码开头加星号如 50*",
            "write a code like 500243, or what codes begin with and a star like 50*",
        )
    })
}

/// A certificate's fingerprint.
pub(crate) fn fingerprint(text: &str) -> Result<Fingerprint, BadArgument> {
    text.parse().map_err(|_| {
        bad(
            text,
            "填 64 位十六进制数，可以用冒号隔开",
            "write 64 hexadecimal digits, with or without colons",
        )
    })
}

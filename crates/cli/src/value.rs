//! Reading the values of arguments, each with what would be accepted in both languages.

use jiff::civil::Date;
use liandong_client::Address;
use liandong_core::indicator::{IndicatorCode, MAX_INDICATOR_CODE_LEN};
use liandong_core::period::Period;
use liandong_core::quantity::parse_yuan;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::{MAX_REGION_CODE_LEN, RegionCode};
use liandong_input::{normalise, read_period, read_yuan};

use crate::failure::BadArgument;

fn bad(value: &str, zh: impl Into<String>, en: impl Into<String>) -> BadArgument {
    BadArgument {
        refusal: Refusal::advise(Reason::Malformed, "", value, zh, en),
    }
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
            "填节点地址，如 http://127.0.0.1:7410",
            "write a node's address, like http://127.0.0.1:7410",
        )
    })
}

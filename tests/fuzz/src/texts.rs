//! Short texts: periods, codes, quantities, money, languages, and the configuration of a node.

use std::path::Path;

use liandong_core::indicator::IndicatorCode;
use liandong_core::language::Language;
use liandong_core::period::Period;
use liandong_core::quantity::{Exact, basis_points, compare_fractions, parse_yuan, percent, yuan};
use liandong_core::region::RegionCode;
use liandong_input::{normalise, read_period, read_yuan, trim};
use liandong_node::config::{Config, ConfigError};

pub(crate) fn run(data: &[u8]) {
    numbers(data);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(period) = text.parse::<Period>() {
        one_period(period);
    }
    if let Some(period) = read_period(text) {
        one_period(period);
    }
    if let Ok(code) = text.parse::<RegionCode>() {
        assert_eq!(code.to_string().parse(), Ok(code));
    }
    if let Ok(code) = text.parse::<IndicatorCode>() {
        assert_eq!(code.to_string().parse(), Ok(code));
    }
    if let Ok(exact) = text.parse::<Exact>() {
        let written = exact.to_string();
        assert_eq!(written.parse(), Ok(exact), "{text:?} became {written:?}");
        let percent = exact.as_percent();
        assert!(percent.ends_with('%'), "{percent}");
        assert!(exact.denominator() > 0);
    }
    if let Ok(fen) = parse_yuan(text) {
        assert_eq!(parse_yuan(&yuan(fen)), Ok(fen), "{text:?}");
    }
    if let Ok(fen) = read_yuan(&normalise(text)) {
        assert_eq!(read_yuan(&yuan(fen)).ok(), Some(fen), "{text:?}");
    }
    let narrow = normalise(text);
    assert_eq!(trim(&narrow), narrow);
    let _either = Language::from_tag(text);
}

fn one_period(period: Period) {
    assert_eq!(period.to_string().parse(), Ok(period));
    assert_eq!(Period::from_packed(period.to_packed()), Some(period));
    assert!(period.first_day() <= period.last_day(), "{period}");
    if let Some(next) = period.next() {
        assert!(next.first_day() > period.last_day(), "{period} {next}");
        assert_eq!(next.previous(), Some(period));
    }
    if let Some(previous) = period.previous() {
        assert_eq!(previous.next(), Some(period));
    }
    let found = Period::containing(period.kind(), period.first_day());
    assert_eq!(found, Some(period));
}

fn numbers(data: &[u8]) {
    if let Some((packed, _)) = data.split_first_chunk() {
        let packed = u32::from_le_bytes(*packed);
        if let Some(period) = Period::from_packed(packed) {
            assert_eq!(period.to_packed(), packed);
            one_period(period);
        }
    }
    let mut values = data.chunks_exact(8).map(|chunk| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(chunk);
        i64::from_le_bytes(bytes)
    });
    let mut next = || values.next().unwrap_or(1);
    let (a, b, c, d) = (next(), next(), next(), next());
    let (wide_a, wide_b) = (i128::from(a), i128::from(b));
    let (wide_c, wide_d) = (i128::from(c), i128::from(d));
    let order = compare_fractions(wide_a, wide_b, wide_c, wide_d);
    let back = compare_fractions(wide_c, wide_d, wide_a, wide_b);
    assert_eq!(
        order.map(std::cmp::Ordering::reverse),
        back,
        "{a}/{b} {c}/{d}"
    );
    let far = |low: i128, high: i128| (low << 64) | (high & i128::from(u64::MAX));
    compare_fractions(far(wide_a, wide_b), wide_c, wide_d, far(wide_c, wide_a));
    if let Some(points) = basis_points(far(wide_a, wide_b), far(wide_c, wide_d)) {
        assert!(percent(points).ends_with('%'));
    }
    assert!(yuan(a).contains('.'));
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "2025-03-14",
        "2025-W11",
        "2025-03",
        "2025-Q1",
        "2025-H1",
        "2025",
        "2024-2025",
        "2024-2025-S1",
        "2025年上半年",
        "2024-2025学年第一学期",
        "371524-001",
        "compulsory-dropouts",
        "99.5%",
        "1.05",
        "500000元",
        "１，２３４．５０",
        "zh-CN,zh;q=0.9,en;q=0.8",
    ];
    let mut seeds: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let extreme = [i64::MIN, i64::MAX, 1, 0].map(i64::to_le_bytes);
    seeds.push(extreme.concat());
    seeds
}

/// A node's configuration.
pub(crate) fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Config::read(text, Path::new("/etc/liandong/node.toml")) {
        Ok(config) => {
            let limits = &config.limits;
            assert!(limits.message_bytes > 0 && limits.queue > 0);
            assert!(config.data.is_absolute() || !text.contains("data = '/"));
        }
        Err(error) => {
            let problems = match &error {
                ConfigError::Values { problems, .. } => problems.len(),
                _ => 1,
            };
            assert!(problems > 0, "refused without a reason");
            assert!(!error.to_string().is_empty());
        }
    }
}

pub(crate) fn config_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![b"region = '371524'\ndata = 'data'\nlisten = '127.0.0.1:0'\n".to_vec()];
    for folder in ["deploy/examples", "deploy/compose"] {
        for text in crate::sources::texts(folder, "toml") {
            // Comments are most of an example and teach the engine nothing.
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            seeds.push(lines.collect::<Vec<_>>().join("\n").into_bytes());
        }
    }
    seeds
}

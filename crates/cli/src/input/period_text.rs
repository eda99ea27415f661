//! Periods as people write them, beside the forms of the wire: `2025年3月`, `2025年上半年`,
//! `2024-2025学年第一学期`, `2025/03`.
//!
//! What could mean two periods is not read: `2025/3/1` may be a month that a spreadsheet has
//! turned into a day.

use liandong_core::period::Period;

/// Reads a normalised cell.
pub fn read_period(cell: &str) -> Option<Period> {
    let upper = cell.to_ascii_uppercase();
    if let Ok(period) = upper.parse() {
        return Some(period);
    }
    let written = from_words(&upper).or_else(|| from_numbers(&upper))?;
    written.parse().ok()
}

fn from_words(cell: &str) -> Option<String> {
    if let Some((years, rest)) = cell.split_once("学年") {
        let semester = match rest {
            "" => return Some(years.to_owned()),
            "第一学期" | "第1学期" | "上学期" => "S1",
            "第二学期" | "第2学期" | "下学期" => "S2",
            _ => return None,
        };
        return Some(format!("{years}-{semester}"));
    }
    let (year, rest) = cell.split_once('年')?;
    let quarter = rest
        .strip_suffix("季度")
        .map(|name| name.trim_start_matches('第'));
    if let Some(name) = quarter {
        let number = match name {
            "1" | "一" => 1,
            "2" | "二" => 2,
            "3" | "三" => 3,
            "4" | "四" => 4,
            _ => return None,
        };
        return Some(format!("{year}-Q{number}"));
    }
    match rest {
        "" | "度" | "全年" => return Some(year.to_owned()),
        "上半年" => return Some(format!("{year}-H1")),
        "下半年" => return Some(format!("{year}-H2")),
        _ => {}
    }
    if let Some(week) = rest
        .strip_prefix('第')
        .and_then(|name| name.strip_suffix('周'))
    {
        return Some(format!("{year}-W{week:0>2}"));
    }
    let (month, day) = rest.split_once('月')?;
    match day {
        "" | "份" => Some(format!("{year}-{month:0>2}")),
        _ => {
            let number = day.strip_suffix(['日', '号'])?;
            Some(format!("{year}-{month:0>2}-{number:0>2}"))
        }
    }
}

/// `2025-3` and `2025/03` are months. A year and two numbers may be a spreadsheet's doing.
fn from_numbers(cell: &str) -> Option<String> {
    let (year, month) = cell.split_once(['-', '/'])?;
    let is_month = (1..=2).contains(&month.len()) && month.bytes().all(|b| b.is_ascii_digit());
    is_month.then(|| format!("{year}-{month:0>2}"))
}

#[cfg(test)]
mod tests {
    use super::read_period;

    #[test]
    fn periods_that_can_mean_one_thing_only() {
        let cases = [
            ("2025-03", "2025-03"),
            ("2025-3", "2025-03"),
            ("2025/03", "2025-03"),
            ("2025年3月", "2025-03"),
            ("2025年03月份", "2025-03"),
            ("2025年3月14日", "2025-03-14"),
            ("2025-03-14", "2025-03-14"),
            ("2025-q1", "2025-Q1"),
            ("2025年第一季度", "2025-Q1"),
            ("2025年1季度", "2025-Q1"),
            ("2025年上半年", "2025-H1"),
            ("2025年", "2025"),
            ("2025年度", "2025"),
            ("2025年第9周", "2025-W09"),
            ("2024-2025学年", "2024-2025"),
            ("2024-2025学年第一学期", "2024-2025-S1"),
            ("2024-2025学年下学期", "2024-2025-S2"),
        ];
        for (cell, meant) in cases {
            let read = read_period(cell).map(|period| period.to_string());
            assert_eq!(read.as_deref(), Some(meant), "{cell:?}");
        }
    }

    #[test]
    fn periods_that_may_mean_another_are_not_read() {
        let refused = [
            "",
            "2025/3/1",
            "2025.3",
            "3月",
            "Mar-25",
            "25-03",
            "2025-13",
            "2025年13月",
            "2025年第五季度",
            "2024-2026学年",
            "20250314",
            "45717",
            "2025年3月-4月",
        ];
        for cell in refused {
            assert!(read_period(cell).is_none(), "{cell:?}");
        }
    }
}

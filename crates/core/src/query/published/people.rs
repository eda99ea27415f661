//! Which figures count people.

use crate::indicator::{Indicator, IndicatorKind};

/// Units of things, none of which is anybody.
const THINGS: [&str; 60] = [
    "%",
    "‰",
    "倍",
    "元",
    "万元",
    "亿元",
    "所",
    "校",
    "园",
    "县",
    "区",
    "市",
    "省",
    "乡",
    "镇",
    "村",
    "处",
    "座",
    "栋",
    "间",
    "套",
    "台",
    "辆",
    "件",
    "张",
    "册",
    "本",
    "种",
    "门",
    "节",
    "课时",
    "学时",
    "小时",
    "天",
    "月",
    "年",
    "期",
    "届",
    "场",
    "场次",
    "项",
    "起",
    "篇",
    "份",
    "平方米",
    "m²",
    "亩",
    "公里",
    "千米",
    "米",
    "吨",
    "GB",
    "Mbps",
    "schools",
    "classes",
    "rooms",
    "places",
    "projects",
    "events",
    "times",
];

/// Units of whatever it is: the definition says what is counted.
const WHATEVER: [&str; 7] = ["", "个", "次", "对", "例", "批", "组"];

/// What ends the words for people in a definition.
const PEOPLE: [&str; 24] = [
    "人", "人员", "师", "生", "童", "员", "户", "家庭", "家长", "校长", "园长", "子女", "少年",
    "青年", "骨干", "干部", "人才", "对象", "people", "persons", "pupils", "students", "teachers",
    "children",
];

/// What ends the words for what a share may be of that is none of people.
const PLACES: [&str; 12] = [
    "学校",
    "校",
    "幼儿园",
    "园",
    "县",
    "区",
    "市",
    "乡镇",
    "村居",
    "单位",
    "共同体",
    "教学点",
];

/// Whether the figure may count people. A count does whose unit is none of things; one of a unit for
/// whatever it is (个) where its definition says so. A share is taken to, unless its definition says
/// that it is of schools, places or offices.
pub(super) fn counts_people(indicator: &Indicator) -> bool {
    let counted = counted(&indicator.numerator);
    let is_of = |endings: &[&str]| endings.iter().any(|ending| counted.ends_with(ending));
    match indicator.kind {
        IndicatorKind::Count => match indicator.unit.trim() {
            unit if WHATEVER.contains(&unit) => is_of(&PEOPLE),
            unit => !THINGS.contains(&unit),
        },
        IndicatorKind::Ratio => !is_of(&PLACES),
        IndicatorKind::Money | IndicatorKind::Milestone | IndicatorKind::RatioOfRatios => false,
    }
}

/// What a definition counts, without "number of" and without what stands in brackets behind it.
fn counted(definition: &str) -> &str {
    let mut counted = definition.trim();
    loop {
        let before = counted;
        counted = counted.trim_end_matches('数').trim_end();
        for (opening, closing) in [('(', ')'), ('（', '）')] {
            if let Some(place) = counted.rfind(opening)
                && counted.ends_with(closing)
            {
                counted = &counted[..place];
            }
        }
        if counted == before {
            return counted;
        }
    }
}

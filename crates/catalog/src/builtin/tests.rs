use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use liandong_core::catalogue::Catalogue;
use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::plan::{Bound, PlanItem, PlanText};
use liandong_core::quantity::Exact;

use super::builtin;

fn catalogue() -> Catalogue {
    builtin().unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn indicator(text: &str) -> IndicatorCode {
    text.parse().unwrap()
}

fn exact(text: &str) -> Exact {
    text.parse().unwrap()
}

fn numbers(plan: &PlanText) -> Vec<&str> {
    plan.items.iter().map(|item| item.number.as_str()).collect()
}

fn one_to(last: usize) -> Vec<String> {
    (1..=last).map(|number| number.to_string()).collect()
}

/// The bounds of an indicator in an item, by the period they are due in.
fn bounds(item: &PlanItem, code: &str) -> Vec<(String, Option<Bound>)> {
    item.targets
        .iter()
        .filter(|target| target.indicator == indicator(code))
        .map(|target| {
            (
                target.due.map(|due| due.to_string()).unwrap_or_default(),
                target.bound,
            )
        })
        .collect()
}

#[test]
fn loads_and_says_how_long_it_took() {
    let start = Instant::now();
    let catalogue = catalogue();
    println!(
        "{} regions, {} indicators, {} plans in {:?}",
        catalogue.regions.len(),
        catalogue.indicators.len(),
        catalogue.plans.len(),
        start.elapsed()
    );
    for plan in catalogue.plans.values() {
        let with_number = plan
            .targets()
            .filter(|(_, target)| target.bound.is_some())
            .count();
        println!(
            "{}: {} items, {} targets, {with_number} with a number",
            plan.code,
            plan.items.len(),
            plan.targets().count()
        );
    }
    assert_eq!(catalogue.plans.len(), 5);
}

#[test]
fn liaocheng_has_its_41_key_projects() {
    let catalogue = catalogue();
    let projects: Vec<&PlanItem> = catalogue.plans["liaocheng-2023"]
        .items
        .iter()
        .filter(|item| item.group == "重点项目")
        .collect();
    let numbers: Vec<&str> = projects.iter().map(|item| item.number.as_str()).collect();
    assert_eq!(numbers, one_to(41));
    for project in projects {
        assert!(
            !project.content.is_empty() && !project.goal.is_empty(),
            "{}",
            project.number
        );
        assert!(!project.lead.is_empty(), "{} has no lead", project.number);
        assert!(
            !project.offices.is_empty(),
            "{} has no office",
            project.number
        );
        assert!(
            !project.targets.is_empty(),
            "{} has no target",
            project.number
        );
        for target in &project.targets {
            if target.bound.is_some() {
                assert!(
                    target.due.is_some(),
                    "{} has a number and no year",
                    project.number
                );
            }
        }
    }
}

#[test]
fn other_plans_have_their_items() {
    let catalogue = catalogue();
    assert_eq!(numbers(&catalogue.plans["pengshui-2023"]), one_to(18));
    assert_eq!(numbers(&catalogue.plans["yunxi-2024"]), one_to(8));
    assert_eq!(numbers(&catalogue.plans["meixian-2023"]), one_to(8));
    for code in ["pengshui-2023", "yunxi-2024"] {
        for item in &catalogue.plans[code].items {
            assert!(
                !item.offices.is_empty(),
                "{code} {} has no office",
                item.number
            );
        }
    }
    for plan in catalogue.plans.values() {
        assert!(
            plan.items.iter().all(|item| !item.targets.is_empty()),
            "{}",
            plan.code
        );
        match plan.issuer {
            Some(issuer) => assert!(catalogue.regions.contains(issuer), "{}", plan.code),
            None => assert_eq!(plan.code, "summary-2025h1"),
        }
    }
}

#[test]
fn stated_numbers_and_years_are_kept() {
    let catalogue = catalogue();
    let liaocheng = &catalogue.plans["liaocheng-2023"];
    let due = |year: &str, bound| (year.to_owned(), Some(bound));
    let digital = liaocheng.item("38").unwrap();
    assert_eq!(
        bounds(digital, "gigabit-school-coverage"),
        [
            due("2023", Bound::AtLeast(exact("30%"))),
            due("2025", Bound::AtLeast(exact("100%")))
        ]
    );
    assert_eq!(
        bounds(digital, "recording-room-coverage"),
        [
            due("2023", Bound::AtLeast(exact("50%"))),
            due("2025", Bound::AtLeast(exact("100%")))
        ]
    );
    assert_eq!(
        bounds(liaocheng.item("26").unwrap(), "urban-rural-bachelor-ratio"),
        [due("2027", Bound::AtMost(exact("1.05")))]
    );
    let yearly = bounds(liaocheng.item("23").unwrap(), "student-teachers-placed");
    let years: Vec<&str> = yearly.iter().map(|(year, _)| year.as_str()).collect();
    assert_eq!(years, ["2023", "2024", "2025", "2026", "2027"]);
    assert!(
        yearly
            .iter()
            .all(|(_, bound)| *bound == Some(Bound::AtLeast(exact("1000"))))
    );
    assert_eq!(
        bounds(
            catalogue.plans["meixian-2023"].item("6").unwrap(),
            "new-school-places"
        ),
        [due("2023", Bound::AtLeast(exact("1800")))]
    );
    assert_eq!(
        bounds(
            catalogue.plans["pengshui-2023"].item("11").unwrap(),
            "disabled-children-enrolment"
        ),
        [due("2023", Bound::AtLeast(exact("97%")))]
    );
}

#[test]
fn every_indicator_is_asked_for() {
    let catalogue = catalogue();
    let mut asked: BTreeSet<IndicatorCode> = catalogue
        .plans
        .values()
        .flat_map(|plan| plan.targets().map(|(_, target)| target.indicator))
        .collect();
    asked.extend(
        catalogue
            .indicators
            .values()
            .filter_map(|one| one.of)
            .flatten(),
    );
    let orphans: Vec<&IndicatorCode> = catalogue
        .indicators
        .keys()
        .filter(|code| !asked.contains(*code))
        .collect();
    assert!(orphans.is_empty(), "{orphans:?}");
}

#[test]
fn facts_that_several_documents_ask_for_are_shared() {
    let catalogue = catalogue();
    let mut plans_of: BTreeMap<IndicatorCode, BTreeSet<&str>> = BTreeMap::new();
    for plan in catalogue.plans.values() {
        for (_, target) in plan.targets() {
            plans_of
                .entry(target.indicator)
                .or_default()
                .insert(&plan.code);
        }
    }
    assert_eq!(plans_of[&indicator("compulsory-dropouts")].len(), 5);
    assert_eq!(plans_of[&indicator("needy-student-aid-coverage")].len(), 4);
    for code in [
        "online-classroom-use",
        "support-teaching",
        "teachers-exchanged",
        "school-pairing-coverage",
    ] {
        assert!(plans_of[&indicator(code)].len() >= 2, "{code}");
    }
    let shared = plans_of.values().filter(|plans| plans.len() > 1).count();
    println!(
        "{shared} of {} indicators are shared",
        catalogue.indicators.len()
    );
    assert!(shared >= 30, "{shared}");
}

#[test]
fn ratio_of_ratios_is_made_of_two_ratios() {
    let catalogue = catalogue();
    let derived: Vec<_> = catalogue
        .indicators
        .values()
        .filter(|one| one.kind == IndicatorKind::RatioOfRatios)
        .collect();
    assert_eq!(derived.len(), 1);
    for one in derived {
        for part in one.of.unwrap() {
            assert_eq!(
                catalogue.indicators[&part].kind,
                IndicatorKind::Ratio,
                "{part}"
            );
        }
    }
}

#[test]
fn indicators_say_who_reports_them_and_in_what_unit() {
    let catalogue = catalogue();
    let mut names = BTreeSet::new();
    for one in catalogue.indicators.values() {
        assert!(names.insert(&one.name), "{} is named twice", one.name);
        assert!(!one.name_en.is_empty(), "{}", one.code);
        let reported = one.kind != IndicatorKind::RatioOfRatios;
        assert_eq!(!one.reported_by.is_empty(), reported, "{}", one.code);
        if one.kind == IndicatorKind::Money {
            assert_eq!(one.unit, "元", "{}", one.code);
        }
        if one.kind == IndicatorKind::Milestone {
            assert_eq!(one.unit, "%", "{}", one.code);
        }
    }
}

#[test]
fn bounds_fit_the_indicator() {
    let catalogue = catalogue();
    for plan in catalogue.plans.values() {
        for (item, target) in plan.targets() {
            let Some(bound) = target.bound else { continue };
            let one = &catalogue.indicators[&target.indicator];
            let place = format!("{} {} {}", plan.code, item.number, one.code);
            assert_ne!(one.kind, IndicatorKind::Milestone, "{place}");
            if one.kind == IndicatorKind::Ratio && !one.numerator_may_exceed {
                assert!(
                    bound.value().compare_ratio(1, 1).unwrap().is_le(),
                    "{place}"
                );
            }
            if one.kind == IndicatorKind::Count {
                assert_eq!(bound.value().denominator(), 1, "{place}");
            }
        }
    }
}

#[test]
fn an_old_code_leads_to_the_code_of_today() {
    let catalogue = catalogue();
    // 茌平县 became 茌平区 in 2019 and got another code.
    let old = "371523".parse().unwrap();
    let now = "371503".parse().unwrap();
    assert_eq!(catalogue.successors.get(&old), Some(&now));
    assert!(!catalogue.successors.contains_key(&now));
}

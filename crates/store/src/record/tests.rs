//! Records written by earlier programs must be read for ever.
//!
//! `golden/journal-v1.bin` and `golden/journal-v2.bin`, which has a trail, were written once and
//! never change. If they no longer decode to these events, stored journals no longer do either: add
//! a new record version and keep the old shapes.

mod trail;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::{Date, date};
use liandong_core::aid::{
    AidConsent, AidEntry, AidFact, AidProject, AidSummary, Milestone, PairingKind, PairingSide,
};
use liandong_core::document::{Body, CellDocument, Document, Roster};
use liandong_core::event::{Event, Quarantined, Received};
use liandong_core::indicator::{Direction, Indicator, IndicatorCode, IndicatorKind};
use liandong_core::period::{Period, PeriodKind};
use liandong_core::plan::{Bound, Comment, Plan, PlanItem, PlanStatus, PlanText, Target};
use liandong_core::region::{Level, Region, RegionCode, RegionKind};
use liandong_core::report::{Fingerprints, ReportBatch, ReportRow, Role};
use liandong_core::rollup::Sums;
use liandong_core::step::{Action, Step};
use liandong_core::task::{Task, TaskProgress};

use crate::record::{Batch, decode, encode};

mod aside;
mod bureaus;
mod evidence;
mod lineages;
mod lives;
mod repeated;

const DAY: Date = date(2025, 3, 14);

fn golden_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journal-v1.bin")
}

#[test]
fn the_first_version_of_a_record_is_still_read_and_written() {
    let golden = std::fs::read(golden_path()).unwrap();
    let expected = events();
    assert_eq!(decode(&golden).unwrap(), expected);
    assert_eq!(encode(&expected).unwrap(), golden);
}

#[test]
fn a_batch_that_grows_is_the_same_record() {
    let events = events();
    let mut batch = Batch::new();
    for event in &events {
        batch.push(event).unwrap();
    }
    let (head, body) = batch.parts().unwrap();
    assert_eq!([head.as_slice(), body].concat(), encode(&events).unwrap());
}

#[test]
#[ignore = "writes the golden file anew; only for a format that no journal has been written in"]
fn write_the_golden_file() {
    std::fs::write(golden_path(), encode(&events()).unwrap()).unwrap();
}

fn region(code: &str) -> RegionCode {
    code.parse().unwrap()
}

fn indicator(code: &str) -> IndicatorCode {
    code.parse().unwrap()
}

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

fn step(action: Action) -> Step {
    let at = Timestamp::from_microsecond(1_741_910_400_123_456).unwrap();
    Step {
        action,
        by: "教育股".to_owned(),
        at,
        why: "依据文件".to_owned(),
    }
}

fn every_step() -> Vec<Step> {
    Action::ALL.into_iter().map(step).collect()
}

fn put(id: &str, body: Body) -> Event {
    let (owner, id) = (region("371500"), id.to_owned());
    Event::Put(Box::new(Document {
        owner,
        id,
        version: 300,
        body,
    }))
}

fn events() -> Vec<Event> {
    let mut events = hosting();
    events.push(reports());
    events.extend(plans_and_tasks());
    events.extend(aid());
    events.push(received());
    events
}

fn hosting() -> Vec<Event> {
    let levels = Level::ALL.into_iter().chain([Level::Unit; 4]);
    let mut events = Vec::new();
    for (level, kind) in levels.zip(RegionKind::ALL) {
        let region = Region {
            code: region("371524-017"),
            name: "东阿县实验小学".to_owned(),
            parent: Some(region("371524")),
            level,
            kind,
        };
        events.push(Event::Hosted { region, epoch: 2 });
    }
    events.push(Event::MovedOut {
        region: region("371599"),
    });
    let units: BTreeMap<RegionKind, u32> = [
        (RegionKind::PrimarySchool, 41),
        (RegionKind::Kindergarten, 7),
    ]
    .into();
    events.push(put(
        "roster",
        Body::Roster(Roster {
            units,
            bureaus: 1,
            standing_in: 2,
        }),
    ));
    events
}

fn reports() -> Event {
    let periods = [
        "2025-03-14",
        "2025-W11",
        "2025-03",
        "2025-Q1",
        "2025-H1",
        "2025",
        "2024-2025",
        "2024-2025-S1",
    ];
    let row = |text: &str| ReportRow {
        source: 1,
        indicator: 0,
        period: period(text),
        numerator: 123_456_789_012,
        denominator: 98,
        id: "r-1".to_owned(),
        row: 512,
        revision: 3,
        role: Role::Unit,
        on_time: true,
        replaces: 70_000,
        note: "更正".to_owned(),
    };
    Event::Reports(ReportBatch {
        id: "push-1".to_owned(),
        by: "371524".to_owned(),
        at_micros: 1_741_910_400_000_000,
        sources: vec![region("371524-017"), region("371524-018")],
        indicators: vec![indicator("teacher-degree-urban")],
        rows: periods.into_iter().map(row).collect(),
        fingerprints: Fingerprints::default(),
    })
}

fn plans_and_tasks() -> Vec<Event> {
    let bounds = [
        Some(Bound::AtLeast("50%".parse().unwrap())),
        Some(Bound::AtMost("1.05".parse().unwrap())),
        Some(Bound::Equals("0".parse().unwrap())),
        None,
    ];
    let target = |bound| Target {
        indicator: indicator("coverage"),
        due: Some(period("2025")),
        bound,
        text: "覆盖率达到50%".to_owned(),
    };
    let targets: Vec<Target> = bounds.into_iter().map(target).collect();
    let text = PlanText {
        code: "lc-2023".to_owned(),
        title: "实施方案".to_owned(),
        document: "聊教字〔2023〕1号".to_owned(),
        issuer: Some(region("371500")),
        issued_on: Some(DAY),
        consultation_until: None,
        source: "001".to_owned(),
        note: String::new(),
        items: vec![PlanItem {
            number: "1".to_owned(),
            group: "一".to_owned(),
            name: "学前教育".to_owned(),
            content: "新建".to_owned(),
            goal: "普及".to_owned(),
            lead: vec!["市教育和体育局".to_owned()],
            participants: vec!["市财政局".to_owned()],
            offices: vec!["基础教育科".to_owned()],
            targets: targets.clone(),
        }],
    };
    let mut events = Vec::new();
    for status in [
        PlanStatus::Draft,
        PlanStatus::Consultation { until: DAY },
        PlanStatus::Issued,
    ] {
        let steps = every_step();
        events.push(put(
            "lc-2023",
            Body::Plan(Plan {
                text: text.clone(),
                status,
                steps,
            }),
        ));
    }
    events.push(put(
        "comment-1",
        Body::Comment(Comment {
            issuer: region("371500"),
            plan: "lc-2023".to_owned(),
            item: "1".to_owned(),
            text: "建议".to_owned(),
            made: step(Action::Comment),
        }),
    ));
    events.push(put(
        "task-1",
        Body::Task(Task {
            plan_issuer: region("371500"),
            plan: "lc-2023".to_owned(),
            item: "1".to_owned(),
            name: "学前教育".to_owned(),
            assignee: region("371524"),
            targets,
            due: Some(DAY),
            steps: every_step(),
            reviewed: 1,
        }),
    ));
    events.push(put(
        "task-1",
        Body::TaskProgress(TaskProgress {
            issuer: region("371500"),
            task: "task-1".to_owned(),
            steps: vec![step(Action::Acknowledge)],
        }),
    ));
    events.extend(indicators());
    events
}

fn indicators() -> Vec<Event> {
    let shapes = [
        (IndicatorKind::Count, Direction::Up, PeriodKind::Day),
        (IndicatorKind::Money, Direction::Down, PeriodKind::Week),
        (IndicatorKind::Ratio, Direction::Zero, PeriodKind::Month),
        (IndicatorKind::Milestone, Direction::Up, PeriodKind::Year),
        (
            IndicatorKind::RatioOfRatios,
            Direction::Down,
            PeriodKind::Year,
        ),
    ];
    let indicator_of = |(kind, direction, period)| Indicator {
        code: indicator("coverage"),
        name: "覆盖率".to_owned(),
        name_en: "coverage".to_owned(),
        unit: "%".to_owned(),
        kind,
        direction,
        numerator: "已覆盖".to_owned(),
        denominator: Some("全部".to_owned()),
        numerator_may_exceed: true,
        of: Some([indicator("a"), indicator("b")]),
        period,
        reported_by: vec![RegionKind::PrimarySchool],
    };
    shapes
        .map(|shape| put("coverage", Body::Indicator(indicator_of(shape))))
        .into()
}

fn aid() -> Vec<Event> {
    let (donor, recipient) = (region("371500"), region("500243"));
    let pairing = "371500-500243".to_owned();
    let project = "project-1".to_owned();
    let facts = [
        AidFact::Disbursement {
            amount: 5_000_000,
            on: DAY,
            purpose: "校舍".to_owned(),
        },
        AidFact::Receipt {
            disbursement: "d-1".to_owned(),
            amount: 4_999_999,
            on: DAY,
        },
        AidFact::Expenditure {
            amount: 1,
            on: DAY,
            purpose: "图书".to_owned(),
        },
        AidFact::Placement {
            teachers: 12,
            from: DAY,
            until: DAY,
            subject: "数学".to_owned(),
            host: "彭水一中".to_owned(),
        },
        AidFact::PlacementConfirmed {
            placement: "p-1".to_owned(),
            teachers: 11,
        },
        AidFact::MilestoneReached { number: 1, on: DAY },
    ];
    let mut events = Vec::new();
    for fact in facts {
        let entry = AidEntry {
            proposer: donor,
            project: project.clone(),
            fact,
            steps: every_step(),
        };
        events.push(put("entry", Body::AidEntry(entry)));
    }
    for kind in PairingKind::ALL {
        let side = PairingSide {
            partner: recipient,
            kind,
            terms: "东西部协作".to_owned(),
            from: DAY,
            until: None,
            steps: vec![step(Action::Sign)],
            signed: true,
            ended: false,
        };
        events.push(put(&pairing, Body::Pairing(side)));
    }
    let milestone = Milestone {
        number: 1,
        title: "开工".to_owned(),
        due: DAY,
        owner: recipient,
    };
    events.push(put(
        &project,
        Body::AidProject(AidProject {
            pairing,
            name: "共建学校".to_owned(),
            content: "新建教学楼".to_owned(),
            donor,
            recipient,
            fund: 800_000_000,
            milestones: vec![milestone],
            steps: vec![step(Action::Propose)],
        }),
    ));
    let consent = AidConsent {
        proposer: donor,
        project: project.clone(),
        version: 4,
        step: step(Action::Sign),
    };
    events.push(put(&project, Body::AidConsent(consent)));
    events.push(put(
        &project,
        Body::AidSummary(AidSummary {
            proposer: donor,
            project: project.clone(),
            name: "共建学校".to_owned(),
            donor,
            recipient,
            agreed: true,
            fund: 1,
            disbursed: 2,
            received: 3,
            spent: 4,
            milestones: 5,
            milestones_reached: 6,
            teachers_sent: 7,
            teachers_confirmed: 8,
            differences: 9,
        }),
    ));
    events
}

fn received() -> Event {
    let region_body = Body::Region(Region {
        code: region("371500"),
        name: "聊城市".to_owned(),
        parent: Some(region("370000")),
        level: Level::Prefecture,
        kind: RegionKind::Bureau,
    });
    let document = Document {
        owner: region("371500"),
        id: "371500".to_owned(),
        version: 1,
        body: region_body,
    };
    let cell = CellDocument {
        region: region("371524"),
        indicator: indicator("coverage"),
        period: period("2025-03"),
        sums: Sums {
            numerator: -5,
            denominator: 10,
            reported: 3,
            on_time: 2,
        },
        version: u64::MAX,
    };
    let quarantined = Quarantined {
        what: "task 371500/task-9 v2".to_owned(),
        reason: "unknown-region".to_owned(),
        message: "region 371599 is unknown".to_owned(),
    };
    Event::Received(Received {
        from: region("371500"),
        incarnation: u128::MAX / 3,
        upto: 1_000_000,
        documents: vec![document],
        cells: vec![cell],
        quarantined: vec![quarantined],
    })
}

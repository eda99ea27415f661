//! Every way in which a proof can lie.

use super::{Checker, Fault, FaultKind, Figure, JournalPlace, Part, ProvenReport, Row, Statement};
use crate::identity::Identity;
use crate::region::RegionCode;
use crate::report::Role;
use crate::rollup::Sums;

const PERIOD: &str = "2025-03";

fn region(code: &str) -> RegionCode {
    code.parse().expect("a code")
}

fn figure(code: &str) -> Figure {
    Figure {
        region: region(code),
        indicator: "compulsory-dropouts".parse().expect("an indicator"),
        period: PERIOD.parse().expect("a period"),
    }
}

fn identity(domain: &str, code: &str, role: &str) -> Identity {
    let uri = format!("spiffe://{domain}/region/{code}/{role}");
    uri.parse().expect("an identity")
}

fn node(code: &str) -> Identity {
    identity("edu.example", code, "node")
}

fn place(frame: u64) -> JournalPlace {
    let hash = [u8::try_from(frame).expect("a small frame"); 32];
    JournalPlace { frame, hash }
}

fn report(numerator: i64, on_time: bool) -> ProvenReport {
    ProvenReport {
        numerator,
        denominator: 0,
        revision: 1,
        role: Role::Unit,
        on_time,
        received_micros: 1,
        place: place(2),
    }
}

fn school(code: &str, numerator: i64, on_time: bool) -> Part {
    let report = report(numerator, on_time);
    Part {
        region: region(code),
        sums: report.sums(),
        report: Some(report),
    }
}

fn below(code: &str, sums: Sums) -> Part {
    Part {
        region: region(code),
        sums,
        report: None,
    }
}

fn sums(numerator: i64, reported: u32, on_time: u32) -> Sums {
    Sums {
        numerator,
        denominator: 0,
        reported,
        on_time,
    }
}

fn statement(code: &str, own: Option<ProvenReport>, parts: Vec<Part>) -> Statement {
    let mut statement = Statement {
        figure: figure(code),
        sums: Sums::default(),
        place: place(9),
        own,
        parts,
    };
    statement.sums = statement.recount();
    statement
}

/// A city of two counties; one has two schools and a figure of its own, the other a township that
/// it hosts, with a school.
fn honest() -> Vec<(Statement, Identity)> {
    let own = ProvenReport {
        role: Role::Own,
        ..report(100, false)
    };
    let schools = vec![school("A1", 3, true), school("A2", 4, false)];
    let first = statement("A", Some(own), schools);
    let township = statement("B0", None, vec![school("B1", 5, true)]);
    let second = statement("B", None, vec![below("B0", township.sums)]);
    let counties = vec![below("A", first.sums), below("B", second.sums)];
    let city = statement("C", None, counties);
    vec![
        (city, node("C")),
        (first, node("A")),
        (second, node("B")),
        (township, node("B")),
    ]
}

fn check(statements: &[(Statement, Identity)]) -> Result<Vec<Row>, Fault> {
    let mut checker = Checker::new(figure("C"), None);
    let mut rows = Vec::new();
    for (statement, signer) in statements {
        rows.push(checker.take(statement, signer)?);
    }
    checker.finish()?;
    Ok(rows)
}

#[track_caller]
fn found(statements: &[(Statement, Identity)], code: &str, kind: FaultKind) {
    let fault = check(statements).expect_err("a lie");
    assert_eq!(fault, Fault::new(region(code), kind));
}

#[test]
fn an_honest_proof_fits() {
    let rows = check(&honest()).expect("it fits");
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.level, row.region, row.sums, row.reports, row.is_hosted))
        .collect();
    let expected = [
        (0, region("C"), sums(112, 3, 2), 0, false),
        (1, region("A"), sums(107, 2, 1), 3, false),
        (1, region("B"), sums(5, 1, 1), 0, false),
        (2, region("B0"), sums(5, 1, 1), 1, true),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_region_that_is_left_out_is_missed() {
    let mut lie = honest();
    lie[0].0.parts.pop();
    let fault = FaultKind::DoesNotAddUp {
        said: sums(112, 3, 2),
        recounted: sums(107, 2, 1),
    };
    found(&lie, "C", fault);
    lie[0].0.sums = lie[0].0.recount();
    found(&lie, "B", FaultKind::NotNamed);
    let mut lie = honest();
    lie.pop();
    found(&lie, "B0", FaultKind::Missing);
    let mut lie = honest();
    lie[1].0.parts.pop();
    let fault = FaultKind::DoesNotAddUp {
        said: sums(107, 2, 1),
        recounted: sums(103, 1, 1),
    };
    found(&lie, "A", fault);
    found(&[], "C", FaultKind::Missing);
}

#[test]
fn a_region_that_comes_twice_is_noticed() {
    let mut lie = honest();
    let twice = lie[0].0.parts[0];
    lie[0].0.parts.insert(0, twice);
    lie[0].0.sums = lie[0].0.recount();
    found(&lie, "A", FaultKind::Twice);
    let mut lie = honest();
    lie.push(lie[1].clone());
    found(&lie, "A", FaultKind::Twice);
    // The same school in two counties, and one that is its own county.
    let mut lie = honest();
    lie[3].0.parts[0].region = region("A1");
    found(&lie, "A1", FaultKind::Twice);
    let mut lie = honest();
    lie[3].0.parts[0].region = region("B0");
    found(&lie, "B0", FaultKind::Twice);
    let mut lie = honest();
    let city = below("C", lie[2].0.sums);
    lie[2].0.parts = vec![city];
    found(&lie, "C", FaultKind::Twice);
    let mut lie = honest();
    let county = below("A", lie[2].0.sums);
    lie[2].0.parts = vec![county];
    found(&lie, "A", FaultKind::Twice);
    let mut lie = honest();
    lie[0].0.parts.swap(0, 1);
    found(&lie, "A", FaultKind::Twice);
}

#[test]
fn other_sums_at_any_level_are_noticed() {
    let mut lie = honest();
    lie[0].0.parts[0].sums.numerator += 1;
    lie[0].0.sums.numerator += 1;
    let fault = FaultKind::OtherSums {
        above: sums(108, 2, 1),
        own: sums(107, 2, 1),
    };
    found(&lie, "A", fault);
    let mut lie = honest();
    lie[0].0.sums.reported += 1;
    let fault = FaultKind::DoesNotAddUp {
        said: sums(112, 4, 2),
        recounted: sums(112, 3, 2),
    };
    found(&lie, "C", fault);
    let mut lie = honest();
    lie[1].0.parts[0].sums.numerator += 1;
    lie[1].0.parts[1].sums.numerator -= 1;
    found(&lie, "A1", FaultKind::ReportSums);
    let mut lie = honest();
    let own = lie[1].0.own.as_mut().expect("an own figure");
    own.role = Role::Bureau;
    let fault = FaultKind::DoesNotAddUp {
        said: sums(107, 2, 1),
        recounted: sums(107, 3, 1),
    };
    found(&lie, "A", fault);
}

#[test]
fn what_no_rule_lets_in_is_noticed() {
    let mut lie = honest();
    lie[3].0.parts[0] = below("B1", Sums::default());
    found(&lie, "B1", FaultKind::Sums);
    let mut lie = honest();
    lie[0].0.parts[0].sums.numerator = -1;
    found(&lie, "A", FaultKind::Sums);
    for spoil in [
        |report: &mut ProvenReport| report.numerator = -1,
        |report: &mut ProvenReport| report.denominator = i64::MAX,
        |report: &mut ProvenReport| report.revision = 0,
        |report: &mut ProvenReport| report.role = Role::Own,
    ] {
        let mut lie = honest();
        let report = lie[3].0.parts[0].report.as_mut();
        spoil(report.expect("a report"));
        found(&lie, "B1", FaultKind::Report);
    }
    for frame in [0, 10] {
        let mut lie = honest();
        let report = lie[3].0.parts[0].report.as_mut();
        report.expect("a report").place.frame = frame;
        found(&lie, "B1", FaultKind::Journal);
    }
    let mut lie = honest();
    let report = lie[3].0.parts[0].report.as_mut();
    report.expect("a report").place = JournalPlace {
        frame: 9,
        hash: [0; 32],
    };
    found(&lie, "B1", FaultKind::Journal);
}

#[test]
fn another_figure_proves_nothing() {
    let mut lie = honest();
    lie[2].0.figure.period = "2025-04".parse().expect("a period");
    found(&lie, "B", FaultKind::OtherFigure);
    let mut lie = honest();
    lie[2].0.figure.indicator = "schools".parse().expect("an indicator");
    found(&lie, "B", FaultKind::OtherFigure);
    let mut lie = honest();
    lie[0].0.figure.region = region("D");
    found(&lie, "D", FaultKind::NotNamed);
}

#[test]
fn a_statement_of_somebody_else_is_refused() {
    // Another county, a person of the county, another domain, and the province above the city.
    let others = [
        node("B"),
        identity("edu.example", "A", "admin"),
        identity("other.example", "A", "node"),
        node("P"),
    ];
    for signer in others {
        let mut lie = honest();
        lie[1].1 = signer.clone();
        found(&lie, "A", FaultKind::Signer { signer });
    }
    // A township is spoken for by whoever hosts it, and by nobody else.
    let mut lie = honest();
    lie[3].1 = node("C");
    let signer = node("C");
    found(&lie, "B0", FaultKind::Signer { signer });
    let mut lie = honest();
    let signer = node("A");
    lie[0].1 = signer.clone();
    found(&lie, "C", FaultKind::Host { signer });
    let mut checker = Checker::new(figure("C"), Some(region("A")));
    let taken = checker.take(&lie[0].0, &lie[0].1);
    assert!(taken.expect("it is known to host it").is_hosted);
    let signer = identity("edu.example", "C", "reviewer");
    lie[0].1 = signer.clone();
    found(&lie, "C", FaultKind::Signer { signer });
}

#[test]
fn what_is_said_to_be_missing_has_to_be() {
    let honest = honest();
    let mut checker = Checker::new(figure("C"), None);
    checker.take(&honest[0].0, &honest[0].1).expect("it fits");
    checker.do_without(region("A")).expect("it was awaited");
    let again = checker.do_without(region("A")).expect_err("it was not");
    assert_eq!(again, Fault::new(region("A"), FaultKind::NotNamed));
    let late = checker.take(&honest[1].0, &honest[1].1);
    assert_eq!(late.expect_err("it is there").kind, FaultKind::Twice);
    checker.take(&honest[2].0, &honest[2].1).expect("it fits");
    checker.take(&honest[3].0, &honest[3].1).expect("it fits");
    checker.finish().expect("nothing else is missing");
}

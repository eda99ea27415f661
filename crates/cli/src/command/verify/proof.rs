//! `verify --proof`: a proof file checked by whoever got it, with roots that they trust and without
//! any node.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use liandong_catalog::{builtin_indicators, national_regions};
use liandong_core::indicator::IndicatorKind;
use liandong_core::proof::Row;
use liandong_core::region::{RegionCode, RegionTree};
use liandong_identity::{Certificate, Trust, read_roots};
use liandong_proof::{NotProven, Proven, Told, read};
use serde::Serialize;

use crate::command::proof::ProofFailure;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Output};

const ROOTS: [Column; 4] = [
    Column::text("domain", "信任域", "trust domain"),
    Column::text("root", "所信根证书指纹", "trusted root's fingerprint"),
    Column::text("until", "有效至", "until"),
    Column::text("list", "有吊销列表", "list of revoked"),
];

const STATEMENTS: [Column; 12] = [
    Column::number("level", "层级", "level"),
    Column::text("region", "区域", "region"),
    Column::text("name", "名称", "name"),
    Column::number("numerator", "分子", "numerator"),
    Column::number("denominator", "分母", "denominator"),
    Column::number("reported", "报送", "reported"),
    Column::number("on_time", "及时", "on time"),
    Column::number("reports", "填报条数", "reports"),
    Column::text("signer", "签名者", "signer"),
    Column::text("serial", "证书编号", "serial"),
    Column::text("signed", "签名时间", "signed"),
    Column::text("hosted", "由上级承载", "hosted"),
];

/// What was found, in the form that programs read.
#[derive(Serialize)]
struct Found {
    /// Whether all of it fits, and nothing is missing.
    fits: bool,
    region: String,
    indicator: String,
    period: String,
    statements_checked: u64,
    reports: u64,
    missing: Vec<String>,
    /// How many statements are of regions that another region's node speaks for.
    hosted: u64,
    /// How many were signed, by their own word, before their certificate was revoked.
    revoked_since: u64,
    /// The first thing that does not fit; empty when all does.
    fault: String,
    roots: Listing,
    statements: Listing,
}

/// Checks a proof, by the roots named or those of an identity.
pub(super) fn run(
    path: &Path,
    roots: Option<&PathBuf>,
    hosted_by: Option<RegionCode>,
    output: Output,
) -> Result<Verdict, Failure> {
    let Some(roots) = roots else {
        return Err(ProofFailure::NoRoots.into());
    };
    let trust = read_roots(roots).map_err(ProofFailure::from)?;
    if trust.domains().is_empty() {
        return Err(ProofFailure::NoRoots.into());
    }
    let file = File::open(path).map_err(Failure::file(path))?;
    let mut told = Vec::new();
    let checked = read(BufReader::new(file), &trust, hosted_by, &mut |part| {
        told.push(part);
    });
    let found = Found::new(&trust, &told, checked.as_ref(), output);
    found.show(output)?;
    match checked {
        Ok(proven) if proven.missing.is_empty() => Ok(Verdict::Done),
        Ok(_) => Ok(Verdict::Incomplete),
        Err(why) => Err(ProofFailure::not_proven(path, why).into()),
    }
}

impl Found {
    fn new(
        trust: &Trust,
        told: &[Told],
        checked: Result<&Proven, &NotProven>,
        output: Output,
    ) -> Self {
        let proven = checked.ok();
        let figure = proven.map(|proven| proven.figure);
        let text = |text: Option<String>| text.unwrap_or_default();
        let missing = proven.map(|proven| proven.missing.as_slice());
        let missing = missing.unwrap_or_default().iter().map(ToString::to_string);
        let missing: Vec<String> = missing.collect();
        let indicators = builtin_indicators().unwrap_or_default();
        let kind = figure.and_then(|figure| indicators.get(&figure.indicator));
        let kind = kind.map_or(IndicatorKind::Count, |known| known.kind);
        let mut statements = Listing::new(&STATEMENTS);
        let (mut count, mut reports, mut hosted, mut revoked_since) = (0, 0, 0, 0);
        let names = Names::new();
        for part in told {
            if let Told::Statement {
                row,
                certificate,
                at,
            } = part
            {
                count += 1;
                reports += row.reports as u64;
                hosted += u64::from(row.is_hosted);
                revoked_since += u64::from(trust.revoked_at(certificate).is_some());
                statements.row(cells(row, certificate, *at, kind, &names));
            }
        }
        Self {
            fits: proven.is_some() && missing.is_empty(),
            region: text(figure.map(|figure| figure.region.to_string())),
            indicator: text(figure.map(|figure| figure.indicator.to_string())),
            period: text(figure.map(|figure| figure.period.to_string())),
            statements_checked: count,
            reports,
            missing,
            hosted,
            revoked_since,
            fault: text(checked.err().map(|why| why.message(output.language))),
            roots: roots_of(trust),
            statements,
        }
    }

    fn show(&self, output: Output) -> Result<(), Failure> {
        if output.json(self)? {
            return Ok(());
        }
        if output.format == Format::Csv {
            return Ok(output.listing(&self.statements)?);
        }
        output.listing(&self.roots)?;
        output.line("")?;
        if !self.statements.is_empty() {
            output.listing(&self.statements)?;
        }
        if self.fault.is_empty() {
            output.line(&self.sentence(output))?;
        }
        if self.hosted > 0 {
            let hosted = self.hosted;
            output.line(&output.pick(
                format!("其中 {hosted} 份由承载该区域的节点代为陈述（见“由上级承载”一列）：是否确由它承载，只凭它自己的话；原先由谁签名，见上级节点的 status --only signers"),
                format!("{hosted} of the statements are by the node that hosts the region (column hosted): that it does is its own word; who signed for the region before, `status --only signers` of the nodes above tells"),
            ))?;
        }
        if self.revoked_since > 0 {
            let revoked = self.revoked_since;
            output.line(&output.pick(
                format!("其中 {revoked} 份所用的证书后来已被吊销：签名是否确在吊销之前，只凭签名者自己的话；可请该区域用新证书重新出具证明"),
                format!("{revoked} of the statements are signed under certificates that have been revoked since: that they were signed before is the signer's own word; ask for a new proof"),
            ))?;
        }
        Ok(())
    }

    fn sentence(&self, output: Output) -> String {
        let Self {
            region,
            indicator,
            period,
            statements_checked: count,
            reports,
            missing,
            ..
        } = self;
        if missing.is_empty() {
            return output.pick(
                format!("\n全部相符：{region} {indicator} {period}，{count} 份陈述，{reports} 条填报"),
                format!("\nAll of it fits: {region} {indicator} {period}, {count} statements, {reports} reports"),
            );
        }
        output.pick(
            format!("\n有的相符，但证明不完整，缺：{}", missing.join("、")),
            format!(
                "\nWhat is there fits, and it is not whole: {} missing",
                missing.join(", ")
            ),
        )
    }
}

/// The names of regions that ship with the program; a proof brings none.
struct Names(RegionTree);

impl Names {
    fn new() -> Self {
        Self(national_regions().unwrap_or_default())
    }

    fn of(&self, region: RegionCode) -> &str {
        self.0.get(region).map_or("", |known| known.name.as_str())
    }
}

fn cells(
    row: &Row,
    certificate: &Certificate,
    at: Timestamp,
    kind: IndicatorKind,
    names: &Names,
) -> Vec<Cell> {
    let numerator = row.sums.numerator;
    let signer = certificate.identity();
    vec![
        Cell::Count(row.level.into()),
        Cell::text(row.region.as_str()),
        Cell::text(names.of(row.region)),
        match kind {
            IndicatorKind::Money => Cell::Fen(numerator),
            _ => Cell::Whole(numerator),
        },
        if kind.has_denominator() {
            Cell::Whole(row.sums.denominator)
        } else {
            Cell::text("")
        },
        Cell::Count(row.sums.reported.into()),
        Cell::Count(row.sums.on_time.into()),
        Cell::Count(row.reports as u64),
        Cell::text(signer.map(ToString::to_string).unwrap_or_default()),
        Cell::text(certificate.serial().to_string()),
        Cell::Moment(Some(at)),
        Cell::Yes(Some(row.is_hosted)),
    ]
}

fn roots_of(trust: &Trust) -> Listing {
    let mut listing = Listing::new(&ROOTS);
    for domain in trust.domains() {
        for root in domain.roots() {
            listing.row(vec![
                Cell::text(domain.name().as_str()),
                Cell::text(root.fingerprint().to_string()),
                Cell::Moment(Some(root.not_after())),
                Cell::Yes(Some(domain.has_list())),
            ]);
        }
    }
    listing
}

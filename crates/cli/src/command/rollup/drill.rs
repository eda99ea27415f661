//! `rollup drill`: the parts that a cell is made of.

use std::path::PathBuf;

use clap::Args;
use liandong_client::wire::rollup::v1;
use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::period::Period;
use liandong_core::quantity::basis_points;
use liandong_core::region::RegionCode;

use super::{HIDDEN, prove, reported_of, say_hidden};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing, region_kind};
use crate::session::Session;
use crate::value;

/// The arguments of `rollup drill`.
#[derive(Debug, Args)]
pub(crate) struct DrillArguments {
    /// 区域，默认为节点自己的区域 || The region; by default the node's own
    #[arg(value_name = "REGION", value_parser = value::region)]
    of: Option<RegionCode>,
    /// 指标代码 || The indicator
    #[arg(long, value_name = "CODE", value_parser = value::indicator)]
    indicator: IndicatorCode,
    /// 周期 || The period
    #[arg(long, value_name = "PERIOD", value_parser = value::period)]
    period: Period,
    /// 本节点没有下级数据时，实时询问该区域的节点 || Ask the region's own node when the parts are not held here
    #[arg(long)]
    live: bool,
    /// 把到填报为止、逐级签名的证明写入文件，供他人用 verify --proof 核对 || Write a proof down to the reports, signed level by level, for others to check with verify --proof
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    proof: Option<PathBuf>,
    /// 有节点连不上时也写出证明，注明缺哪些区域 || Write the proof even without nodes that cannot be reached, and say which are missing
    #[arg(long, requires = "proof")]
    partial: bool,
}

const PARTS: [Column; 9] = [
    Column::text("region", "区域", "region"),
    Column::text("name", "名称", "name"),
    Column::text("kind", "类别", "kind"),
    Column::number("numerator", "分子", "numerator"),
    Column::number("denominator", "分母", "denominator"),
    Column::number("value_basis_points", "比率", "share"),
    Column::number("reported", "报送", "reported"),
    Column::number("on_time", "及时", "on time"),
    Column::text("joined", "已接入", "joined"),
];

pub(super) async fn run(session: &Session, arguments: &DrillArguments) -> Result<Verdict, Failure> {
    let region = match arguments.of {
        Some(region) => region.to_string(),
        None => session.acting_region().await?,
    };
    if let Some(path) = &arguments.proof {
        let asked = v1::ProveRollupRequest {
            region,
            indicator: arguments.indicator.to_string(),
            period: arguments.period.to_string(),
            partial: arguments.partial,
        };
        return prove::run(session, asked, path).await;
    }
    let known = session.indicators().await?;
    let kind = known
        .get(arguments.indicator)
        .map_or(IndicatorKind::Count, |indicator| indicator.kind);
    let request = v1::DrillRollupRequest {
        region: region.clone(),
        indicator: arguments.indicator.to_string(),
        period: arguments.period.to_string(),
        live: arguments.live,
    };
    let answer = session.client.rollup().drill_rollup(request).await?;
    let drill = answer.drill.unwrap_or_default();
    let output = session.output;
    if answer.live {
        output.line(&output.pick(
            format!("由 {region} 的节点实时答复"),
            format!("answered live by the node of {region}"),
        ))?;
    }
    let mut listing = Listing::new(&PARTS);
    let any_hidden =
        drill.total_hidden || drill.own_hidden || drill.rows.iter().any(|row| row.hidden);
    if drill.own_hidden {
        let name = output.pick("本级", "own figure");
        listing.row(hidden(&region, name, Cell::text(""), Cell::Yes(None)));
    }
    if let Some(own) = drill.own {
        let name = output.pick("本级", "own figure");
        listing.row(part(
            &region,
            name,
            Cell::text(""),
            &own,
            Cell::Yes(None),
            kind,
        ));
    }
    for row in drill.rows {
        let sums = row.sums.unwrap_or_default();
        let word = Cell::Word(region_kind(row.kind));
        let joined = Cell::Yes(Some(row.joined));
        if row.hidden {
            listing.row(hidden(&row.region, &row.name, word, joined));
            continue;
        }
        listing.row(part(&row.region, &row.name, word, &sums, joined, kind));
    }
    let name = output.pick("合计", "total");
    let (blank, joined) = (Cell::text(""), Cell::Yes(None));
    listing.row(if drill.total_hidden {
        hidden(&region, name, blank, joined)
    } else {
        let total = drill.total.unwrap_or_default();
        part(&region, name, blank, &total, joined, kind)
    });
    output.listing(&listing)?;
    say_hidden(output, any_hidden)?;
    Ok(Verdict::Done)
}

/// A row whose figure is not published.
fn hidden(region: &str, name: &str, kind_word: Cell, joined: Cell) -> Vec<Cell> {
    let blank = || Cell::text("");
    vec![
        Cell::text(region),
        Cell::text(name),
        kind_word,
        Cell::text(HIDDEN),
        blank(),
        blank(),
        blank(),
        blank(),
        joined,
    ]
}

fn part(
    region: &str,
    name: &str,
    kind_word: Cell,
    sums: &v1::Sums,
    joined: Cell,
    kind: IndicatorKind,
) -> Vec<Cell> {
    let mut row = vec![Cell::text(region), Cell::text(name), kind_word];
    row.extend(figures(sums, kind));
    row.push(joined);
    row
}

/// Figure, what it is a share of, the share, who has reported, and who in time.
pub(super) fn figures(sums: &v1::Sums, kind: IndicatorKind) -> [Cell; 5] {
    // What is added without being expected counts among no units, but it is in the total.
    let is_reported = sums.reported > 0 || sums.numerator > 0 || sums.denominator > 0;
    let figure = match kind {
        _ if !is_reported => Cell::text(""),
        IndicatorKind::Money => Cell::Fen(sums.numerator),
        _ => Cell::Whole(sums.numerator),
    };
    let (denominator, share) = if kind.has_denominator() && is_reported {
        let share = basis_points(sums.numerator.into(), sums.denominator.into());
        (Cell::Whole(sums.denominator), share)
    } else {
        (Cell::text(""), None)
    };
    [
        figure,
        denominator,
        Cell::Share(share),
        Cell::text(reported_of(sums.reported, sums.expected)),
        Cell::Count(sums.on_time.into()),
    ]
}

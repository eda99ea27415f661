//! `liandong status` and `liandong verify`: the node itself.

use clap::Args;
use liandong_client::wire::admin::v1;
use serde::Serialize;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Said, relation};
use crate::session::Session;

const LINKS: [Column; 9] = [
    Column::text("peer", "对方", "peer"),
    Column::text("relation", "关系", "relation"),
    Column::text("connected", "已连接", "connected"),
    Column::text("address", "地址", "address"),
    Column::text("last_contact", "最近联系", "last contact"),
    Column::number("sent_upto", "已发", "sent"),
    Column::number("acked_upto", "已确认", "confirmed"),
    Column::number("lag", "待确认", "lag"),
    Column::number("quarantined", "搁置", "set aside"),
];
const SET_ASIDE: [Column; 4] = [
    Column::text("peer", "对方", "peer"),
    Column::text("what", "内容", "what"),
    Column::text("reason", "原因代码", "reason"),
    Column::text("message", "说明", "message"),
];
const WORKERS: [Column; 3] = [
    Column::text("name", "后台任务", "worker"),
    Column::text("status", "状态", "status"),
    Column::number("queue_length", "待办", "queue"),
];
const HOSTED: [Column; 2] = [
    Column::text("region", "区域", "region"),
    Column::number("epoch", "承载序号", "epoch"),
];

#[derive(Serialize)]
struct Shown<'s> {
    region: &'s str,
    name: &'s str,
    version: &'s str,
    started_at: Cell,
    incarnation: String,
    hosted: &'s Listing,
    journal_frame: u64,
    journal_bytes: u64,
    change: u64,
    cells: u64,
    reports: u64,
    documents: u64,
    links: &'s Listing,
    quarantined: &'s Listing,
    workers: &'s Listing,
}

/// What the node is and how its links are.
pub(crate) async fn status(session: &Session) -> Result<Verdict, Failure> {
    let request = v1::GetStatusRequest {};
    let status = session.client.admin().get_status(request).await?;
    let sizes = status.sizes.unwrap_or_default();
    let links = links(&status.links);
    let quarantined = quarantined(&status.quarantined);
    let workers = workers(&status.workers);
    let mut hosted = Listing::new(&HOSTED);
    for region in &status.hosted {
        hosted.row(vec![
            Cell::text(&region.region),
            Cell::Count(region.epoch.into()),
        ]);
    }
    let started_at = Cell::moment(status.started_at.as_ref());
    let shown = Shown {
        region: &status.region,
        name: &status.name,
        version: &status.version,
        started_at: started_at.clone(),
        incarnation: hex(&status.incarnation),
        hosted: &hosted,
        journal_frame: status.journal_frame,
        journal_bytes: sizes.journal_bytes,
        change: status.change,
        cells: sizes.cells,
        reports: sizes.reports,
        documents: sizes.documents,
        links: &links,
        quarantined: &quarantined,
        workers: &workers,
    };
    let output = session.output;
    if output.json(&shown)? {
        return Ok(Verdict::Done);
    }
    if output.format == Format::Csv {
        output.listing(&links)?;
        return Ok(Verdict::Done);
    }
    let (name, region, version) = (&status.name, &status.region, &status.version);
    let since = started_at.for_people(output.language);
    let hosts = status.hosted.len();
    let v1::Sizes {
        cells,
        reports,
        documents,
        journal_bytes,
    } = sizes;
    let frame = status.journal_frame;
    let size = indicatif::HumanBytes(journal_bytes);
    output.line(&output.pick(
        format!("{name}（{region}） 版本 {version}，{since} 启动"),
        format!("{name} ({region}), version {version}, up since {since}"),
    ))?;
    output.line(&output.pick(
        format!("承载 {hosts} 个区域和单位；{reports} 条填报、{cells} 个汇总格、{documents} 份文书；日志 {size}，{frame} 帧"),
        format!("hosts {hosts} regions and units; {reports} reports, {cells} cells, {documents} documents; journal {size}, {frame} frames"),
    ))?;
    section(session, output.pick("\n连接", "\nLinks"), &links)?;
    section(
        session,
        output.pick("\n搁置的变更", "\nChanges set aside"),
        &quarantined,
    )?;
    section(session, output.pick("\n后台任务", "\nWorkers"), &workers)?;
    Ok(Verdict::Done)
}

fn section(session: &Session, heading: &str, listing: &Listing) -> Result<(), Failure> {
    if !listing.is_empty() {
        session.output.line(heading)?;
        session.output.listing(listing)?;
    }
    Ok(())
}

fn links(links: &[v1::LinkStatus]) -> Listing {
    let mut listing = Listing::new(&LINKS);
    for link in links {
        listing.row(vec![
            Cell::text(&link.peer),
            Cell::Word(relation(link.relation)),
            Cell::Yes(Some(link.connected)),
            Cell::text(&link.address),
            Cell::moment(link.last_contact.as_ref()),
            Cell::Count(link.sent_upto),
            Cell::Count(link.acked_upto),
            Cell::Count(link.lag),
            Cell::Count(link.quarantined),
        ]);
    }
    listing
}

fn quarantined(changes: &[v1::QuarantinedChange]) -> Listing {
    let mut listing = Listing::new(&SET_ASIDE);
    for change in changes {
        listing.row(vec![
            Cell::text(&change.peer),
            Cell::text(&change.what),
            Cell::text(&change.reason),
            Cell::text(&change.message),
        ]);
    }
    listing
}

fn workers(workers: &[v1::WorkerStatus]) -> Listing {
    let mut listing = Listing::new(&WORKERS);
    for worker in workers {
        listing.row(vec![
            Cell::text(&worker.name),
            Cell::text(&worker.status),
            Cell::Count(worker.queue_length),
        ]);
    }
    listing
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// 同时通读日志，校验每一帧 || Read the whole journal too and check every frame
    #[arg(long)]
    journal: bool,
}

const MISMATCHES: [Column; 9] = [
    Column::text("region", "区域", "region"),
    Column::text("indicator", "指标", "indicator"),
    Column::text("period", "周期", "period"),
    Column::number("kept_numerator", "汇总分子", "kept numerator"),
    Column::number("recounted_numerator", "清点分子", "recounted numerator"),
    Column::number("kept_denominator", "汇总分母", "kept denominator"),
    Column::number("recounted_denominator", "清点分母", "recounted denominator"),
    Column::number("kept_reported", "汇总报送", "kept reported"),
    Column::number("recounted_reported", "清点报送", "recounted reported"),
];

/// Recounts, and fails when a cell is not what the recount finds.
pub(crate) async fn verify(
    session: &Session,
    arguments: &VerifyArguments,
) -> Result<Verdict, Failure> {
    let answer = session
        .client
        .admin()
        .verify_patiently(arguments.journal)
        .await?;
    let mut listing = Listing::new(&MISMATCHES);
    for mismatch in answer.mismatches {
        let kept = mismatch.kept.unwrap_or_default();
        let recounted = mismatch.recounted.unwrap_or_default();
        listing.row(vec![
            Cell::Text(mismatch.region),
            Cell::Text(mismatch.indicator),
            Cell::Text(mismatch.period),
            Cell::Whole(kept.numerator),
            Cell::Whole(recounted.numerator),
            Cell::Whole(kept.denominator),
            Cell::Whole(recounted.denominator),
            Cell::Count(kept.reported.into()),
            Cell::Count(recounted.reported.into()),
        ]);
    }
    let (cells, frames) = (answer.cells_checked, answer.journal_frames_checked);
    let wrong = listing.rows.len();
    let (journal_zh, journal_en) = if arguments.journal {
        (
            format!("，日志 {frames} 帧完好"),
            format!(", {frames} journal frames are sound"),
        )
    } else {
        (String::new(), String::new())
    };
    let said = Said::new(
        format!("清点 {cells} 个汇总格，{wrong} 个不符{journal_zh}"),
        format!("recounted {cells} cells, {wrong} differ{journal_en}"),
    );
    let said = said
        .fact("cells_checked", Cell::Count(cells))
        .fact("mismatches", Cell::Count(wrong as u64))
        .fact("journal_frames_checked", Cell::Count(frames));
    if !listing.is_empty() && session.output.format != Format::Json {
        session.output.listing(&listing)?;
    }
    session.output.said(&said)?;
    if listing.is_empty() {
        Ok(Verdict::Done)
    } else {
        Ok(Verdict::Incomplete)
    }
}

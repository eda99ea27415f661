//! `liandong status`: what a node is and holds, how its links and its files are, what needs
//! attention.

mod attention;
mod parted;
mod signers;
mod tables;
mod went_back;

use clap::{Args, ValueEnum};
use liandong_client::wire::admin::v1;
use serde::Serialize;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Format, Listing};
use crate::session::Session;

/// The arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// 只看一节：hosted、links、quarantined、twins、parted、lost、orphaned、workers、store、certificate、signers、attention || One section only
    #[arg(long, value_name = "SECTION", hide_possible_values = true)]
    only: Option<Section>,
}

/// A section of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Section {
    Hosted,
    Links,
    Quarantined,
    Twins,
    Parted,
    Lost,
    Orphaned,
    Workers,
    Store,
    Certificate,
    Signers,
    Attention,
}

#[derive(Serialize)]
struct Shown<'s> {
    region: &'s str,
    name: &'s str,
    version: &'s str,
    started_at: Cell,
    incarnation: String,
    hosted: Listing,
    journal_frame: u64,
    journal_bytes: u64,
    change: u64,
    cells: u64,
    reports: u64,
    documents: u64,
    links: Listing,
    quarantined: Listing,
    twins: Listing,
    parted: Listing,
    lost: Listing,
    orphaned: Listing,
    workers: Listing,
    store: Listing,
    certificate: Listing,
    signers: Listing,
    attention: Listing,
}

/// A link has more columns than a terminal: people see them in several tables.
const LINK: [&str; 6] = [
    "peer",
    "relation",
    "connected",
    "last_contact",
    "lag",
    "quarantined",
];
const WHERE: [&str; 3] = ["peer", "address", "trouble"];
const TRAFFIC: [&str; 6] = [
    "peer",
    "acked_upto",
    "sent_batches",
    "sent_bytes",
    "received_batches",
    "received_bytes",
];
const COMPARED: [&str; 4] = ["peer", "compared_at", "healed", "healed_at"];

/// Shows the status.
pub(crate) async fn run(
    session: &Session,
    arguments: &StatusArguments,
) -> Result<Verdict, Failure> {
    let request = v1::GetStatusRequest {};
    let status = session.client.admin().get_status(request).await?;
    let shown = listings(&status);
    let output = session.output;
    let only = match (arguments.only, output.format) {
        (None, Format::Csv) => Some(Section::Links),
        (only, _) => only,
    };
    if let Some(section) = only {
        output.listing(shown.section(section))?;
        return Ok(Verdict::Done);
    }
    if output.json(&shown)? {
        return Ok(Verdict::Done);
    }
    for_people(session, &status, &shown)?;
    Ok(Verdict::Done)
}

fn listings(status: &v1::GetStatusResponse) -> Shown<'_> {
    let sizes = status.sizes.unwrap_or_default();
    Shown {
        region: &status.region,
        name: &status.name,
        version: &status.version,
        started_at: Cell::moment(status.started_at.as_ref()),
        incarnation: hex(&status.incarnation),
        hosted: tables::hosted(&status.hosted),
        journal_frame: status.journal_frame,
        journal_bytes: sizes.journal_bytes,
        change: status.change,
        cells: sizes.cells,
        reports: sizes.reports,
        documents: sizes.documents,
        links: tables::links(&status.links),
        quarantined: tables::quarantined(&status.quarantined),
        twins: tables::twins(&status.twins),
        parted: parted::parted(&status.parted),
        lost: tables::lost(&status.lost),
        orphaned: tables::orphaned(&status.orphaned),
        workers: tables::workers(&status.workers),
        store: tables::store(status.store.as_ref(), status.journal_frame),
        certificate: tables::certificate(status.certificate.as_ref()),
        signers: signers::signers(&status.signer_changes),
        attention: attention::listing(status),
    }
}

impl Shown<'_> {
    fn section(&self, section: Section) -> &Listing {
        match section {
            Section::Hosted => &self.hosted,
            Section::Links => &self.links,
            Section::Quarantined => &self.quarantined,
            Section::Twins => &self.twins,
            Section::Parted => &self.parted,
            Section::Lost => &self.lost,
            Section::Orphaned => &self.orphaned,
            Section::Workers => &self.workers,
            Section::Store => &self.store,
            Section::Certificate => &self.certificate,
            Section::Signers => &self.signers,
            Section::Attention => &self.attention,
        }
    }
}

fn for_people(
    session: &Session,
    status: &v1::GetStatusResponse,
    shown: &Shown<'_>,
) -> Result<(), Failure> {
    let output = session.output;
    let (name, region, version) = (shown.name, shown.region, shown.version);
    let since = shown.started_at.for_people(output.language);
    let hosts = status.hosted.len();
    let (cells, reports, documents) = (shown.cells, shown.reports, shown.documents);
    output.line(&output.pick(
        format!("{name}（{region}） 版本 {version}，{since} 启动"),
        format!("{name} ({region}), version {version}, up since {since}"),
    ))?;
    output.line(&output.pick(
        format!("承载 {hosts} 个区域和单位；{reports} 条填报、{cells} 个汇总格、{documents} 份文书"),
        format!("hosts {hosts} regions and units; {reports} reports, {cells} cells, {documents} documents"),
    ))?;
    for line in tables::store_lines(status.store.as_ref(), status.journal_frame, output.language) {
        output.line(&line)?;
    }
    if let Some(line) = tables::certificate_line(status.certificate.as_ref(), output.language) {
        output.line(&line)?;
    }
    let links = &shown.links;
    let sections = [
        (
            ("\n需要处理", "\nNeeds attention"),
            shown.attention.only(&["what", "do"]),
        ),
        (("\n连接", "\nLinks"), links.only(&LINK)),
        (
            (
                "\n对方地址和中断原因",
                "\nWhere the peers are, and why links are down",
            ),
            links.with(&["address", "trouble"]).only(&WHERE),
        ),
        (
            (
                "\n连接的流量（启动以来）",
                "\nTraffic of the links since the start",
            ),
            links.only(&TRAFFIC),
        ),
        (
            ("\n与对方比对", "\nCompared with the peers"),
            links.with(&["compared_at"]).only(&COMPARED),
        ),
        (
            ("\n搁置的变更", "\nChanges set aside"),
            shown.quarantined.clone(),
        ),
        (
            ("\n同一身份的两个节点", "\nTwo nodes with one identity"),
            shown.twins.clone(),
        ),
        (
            (
                "\n数据放回过旧副本、其文件不再采用的对方",
                "\nPeers whose data was put back by hand: nothing of their files is taken",
            ),
            shown.parted.clone(),
        ),
        (
            (
                "\n对方有、本节点已没有的内容",
                "\nHeld by a peer and no longer here",
            ),
            shown.lost.clone(),
        ),
        (
            (
                "\n本节点有、所属节点已没有的内容",
                "\nHeld here and no longer by the node that told of it",
            ),
            shown.orphaned.clone(),
        ),
        (
            (
                "\n改由另一节点签名的区域",
                "\nRegions that another node signs for than before",
            ),
            shown.signers.clone(),
        ),
        (("\n后台任务", "\nWorkers"), shown.workers.clone()),
    ];
    for ((zh, en), listing) in sections {
        if !listing.is_empty() {
            output.line(output.pick(zh, en))?;
            output.listing(&listing)?;
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

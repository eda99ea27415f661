//! `liandong audit`: who changed what, when, why, and by which certificate.

use clap::{Args, Subcommand};
use liandong_client::wire::admin::v1;
use liandong_core::audit::Deed;
use liandong_core::identity::Role;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_identity::Serial;

use crate::failure::{BadArgument, Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, deed, role};
use crate::session::Session;
use crate::value::{self, Span};

/// The word of whoever showed no certificate.
const LOCAL: &str = "local";

/// The commands about the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// 列出审计记录，新的在前；--region 限定区域及其下级 || List what was done, newest first; --region names a region with all below it
    List(ListArguments),
}

/// What is listed.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// 只列该角色：admin、reviewer、reporter、viewer、local（本机明文）、node（上下级节点和本节点）；默认为除 node 以外 || Only this role: admin, reviewer, reporter, viewer, local (plain text on the node's machine), node (peers and the node itself); by default all but node
    #[arg(long, value_name = "ROLE", value_parser = by)]
    role: Option<String>,
    /// 只列该操作，如 push-reports、issue-plan、accept-task || Only this, like push-reports, issue-plan, accept-task
    #[arg(long, value_name = "ACTION", value_parser = action)]
    action: Option<Deed>,
    /// 只列用该证书办理的：填 cert show 所列的编号 || Only what was done by this certificate, by its serial number as `cert show` lists it
    #[arg(long, value_name = "SERIAL", value_parser = serial)]
    certificate: Option<Serial>,
    /// 从何时起：日期、周期或时刻，如 2026-11-22、2026-11、2026-11-22T08:00 || From when: a day, a period or a moment, like 2026-11-22, 2026-11, 2026-11-22T08:00
    #[arg(long, value_name = "WHEN", value_parser = value::span)]
    since: Option<Span>,
    /// 到何时止（日期和周期含当日） || Until when; days and periods are included
    #[arg(long, value_name = "WHEN", value_parser = value::span)]
    until: Option<Span>,
    /// 最多几条 || The most entries
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

fn by(text: &str) -> Result<String, BadArgument> {
    let words = Role::ALL.into_iter().map(Role::word).chain([LOCAL]);
    let mut words = words.map(str::to_owned);
    words
        .clone()
        .find(|word| word == text)
        .ok_or_else(|| one_of(text, words.by_ref().collect()))
}

fn action(text: &str) -> Result<Deed, BadArgument> {
    Deed::from_word(text).ok_or_else(|| {
        let words = Deed::ALL.map(|deed| deed.word().to_owned());
        one_of(text, words.to_vec())
    })
}

fn serial(text: &str) -> Result<Serial, BadArgument> {
    text.replace(':', "").parse().map_err(|_| BadArgument {
        refusal: Refusal::advise(
            Reason::Malformed,
            "",
            text,
            "填 cert show 所列的编号（最多 40 位十六进制数字）",
            "write a serial number as `cert show` lists it, up to 40 hexadecimal digits",
        ),
    })
}

fn one_of(text: &str, words: Vec<String>) -> BadArgument {
    let accepted = Accepted::OneOf(words);
    BadArgument {
        refusal: Refusal::new(Reason::Malformed, "", text, accepted),
    }
}

/// For people; the certificate last, so that a narrow terminal wraps it alone.
const BRIEF: [Column; 8] = [
    Column::text("at", "时间", "at"),
    Column::text("action", "操作", "action"),
    Column::text("region", "区域", "region"),
    Column::text("what", "对象", "what"),
    Column::text("who", "身份", "who"),
    Column::text("by", "经办", "by"),
    Column::text("why", "理由", "why"),
    Column::text("certificate", "证书编号", "certificate"),
];

/// For programs.
const ALL: [Column; 19] = [
    Column::text("at", "时间", "at"),
    Column::text("action", "操作", "action"),
    Column::text("region", "区域", "region"),
    Column::number("regions", "区域数", "regions"),
    Column::text("role", "角色", "role"),
    Column::text("identity", "身份", "identity"),
    Column::text("certificate", "证书编号", "certificate"),
    Column::text("by", "经办", "by"),
    Column::text("why", "理由", "why"),
    Column::text("kind", "对象", "kind"),
    Column::text("owner", "所属", "owner"),
    Column::text("id", "编号", "id"),
    Column::number("version", "版本", "version"),
    Column::number("reports", "填报数", "reports"),
    Column::text("periods", "周期", "periods"),
    Column::number("documents", "文档数", "documents"),
    Column::number("cells", "汇总格数", "cells"),
    Column::text("peer", "对方节点", "peer"),
    Column::number("frame", "日志帧", "frame"),
];

/// Runs a command.
pub(crate) async fn run(session: &Session, command: &AuditCommand) -> Result<Verdict, Failure> {
    let AuditCommand::List(asked) = command;
    let request = v1::ListAuditRequest {
        region: session.region_or_any(),
        role: asked.role.clone().unwrap_or_default(),
        action: asked
            .action
            .map_or_else(String::new, |deed| deed.word().to_owned()),
        certificate: asked
            .certificate
            .as_ref()
            .map(Serial::to_string)
            .unwrap_or_default(),
        since: asked.since.map(|span| span.begins()),
        until: asked.until.map(|span| span.ends()),
        ..v1::ListAuditRequest::default()
    };
    let most = usize::try_from(asked.limit).unwrap_or(usize::MAX);
    let (entries, more) = session.client.admin().audit(request, most).await?;
    let output = &session.output;
    let for_people = output.format == Format::Table;
    let mut listing = Listing::new(if for_people { &BRIEF } else { &ALL });
    for entry in entries {
        listing.row(if for_people { brief(entry) } else { all(entry) });
    }
    output.listing(&listing)?;
    if more {
        let limit = asked.limit;
        output.line(&output.pick(
            format!("只列了最新的 {limit} 条；更早的用 --until 或更大的 --limit"),
            format!("only the newest {limit}; for older ones use --until or a larger --limit"),
        ))?;
    }
    Ok(Verdict::Done)
}

fn brief(entry: v1::AuditEntry) -> Vec<Cell> {
    let what = what(&entry);
    let who = who(&entry);
    vec![
        Cell::moment(entry.at.as_ref()),
        Cell::Word(deed(&entry.action)),
        Cell::Text(entry.region),
        what,
        who,
        Cell::Text(entry.by),
        Cell::Text(entry.why),
        Cell::Text(entry.certificate),
    ]
}

/// What was changed: how much, or which document.
fn what(entry: &v1::AuditEntry) -> Cell {
    let v1::AuditEntry { id, version, .. } = entry;
    if entry.reports > 0 {
        let (reports, periods) = (entry.reports, entry.periods.join(" "));
        return Cell::both(
            format!("{reports} 条填报（{periods}）"),
            format!("{reports} reports ({periods})"),
        );
    }
    if !entry.peer.is_empty() {
        let v1::AuditEntry {
            peer,
            documents,
            cells,
            ..
        } = entry;
        return Cell::both(
            format!("{peer}：{documents} 个文档、{cells} 个汇总格"),
            format!("{peer}: {documents} documents, {cells} cells"),
        );
    }
    match entry.documents {
        0 if entry.cells > 0 => Cell::both(
            format!("{} 个汇总格", entry.cells),
            format!("{} cells", entry.cells),
        ),
        0 if entry.regions > 1 => Cell::both(
            format!("{} 个区域", entry.regions),
            format!("{} regions", entry.regions),
        ),
        0 => Cell::text(""),
        1 => Cell::text(format!("{id} v{version}")),
        documents => Cell::both(
            format!("{id} v{version} 等 {documents} 个文档"),
            format!("{id} v{version} and {} more", documents - 1),
        ),
    }
}

/// Who it was: the role, and of which region.
fn who(entry: &v1::AuditEntry) -> Cell {
    let path = entry.identity.split_once("/region/").map(|(_, path)| path);
    match path {
        Some(path) => Cell::text(path),
        None => Cell::Word(role(&entry.role)),
    }
}

fn all(entry: v1::AuditEntry) -> Vec<Cell> {
    vec![
        Cell::moment(entry.at.as_ref()),
        Cell::Word(deed(&entry.action)),
        Cell::Text(entry.region),
        Cell::Count(entry.regions.into()),
        Cell::Word(role(&entry.role)),
        Cell::Text(entry.identity),
        Cell::Text(entry.certificate),
        Cell::Text(entry.by),
        Cell::Text(entry.why),
        Cell::Text(entry.kind),
        Cell::Text(entry.owner),
        Cell::Text(entry.id),
        Cell::Count(entry.version),
        Cell::Count(entry.reports),
        Cell::List(entry.periods),
        Cell::Count(entry.documents),
        Cell::Count(entry.cells),
        Cell::Text(entry.peer),
        Cell::Count(entry.frame),
    ]
}

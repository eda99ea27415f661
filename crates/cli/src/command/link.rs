//! `liandong link`: keys, exchange by file between networks that are apart, changes set aside.

mod file;

use std::path::PathBuf;

use clap::Subcommand;
use liandong_client::wire::link::v1;
use liandong_core::region::RegionCode;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Said, relation};
use crate::session::Session;
use crate::value;

/// The commands about links.
#[derive(Debug, Subcommand)]
pub(crate) enum LinkCommand {
    /// 列出对端、公钥和双方已有到哪里 || List the peers, their keys and how far each side holds the other
    List,
    /// 显示本节点的公钥，交给对端写入配置 || Show this node's public key, for the peers' configurations
    Key,
    /// 导出对端还没有的内容，签名后写成文件 || Write what a peer does not hold yet to a signed file
    Export {
        /// 对端区域 || The peer's region
        #[arg(long, value_name = "CODE", value_parser = value::region)]
        to: RegionCode,
        /// 从头导出，用于对端数据丢失之后 || From the start, for a peer that lost what it had
        #[arg(long)]
        all: bool,
        /// 每满 N MB 换一个文件：FILE.001、FILE.002…… || A new file after every N MB: FILE.001, FILE.002, …
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
        part_mb: Option<u64>,
        /// 写入的文件 || The file to write
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// 导入对端导出的文件，可重复导入，先后不限 || Take files that a peer exported; again and in any order is harmless
    Import {
        /// 文件，可以有多个 || The files
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// 重试搁置的变更 || Try again what was set aside
    Retry {
        /// 只重试该对端的，默认全部 || Only those of this peer; by default all
        #[arg(long, value_name = "CODE", value_parser = value::region)]
        of: Option<RegionCode>,
        /// 对端交还、没有签名的本节点文档也认作本节点所写（启用证书之前的），须先另行核对 || Also take back as this node's own what came without a signature, from before it had a certificate; check it by another way first
        #[arg(long)]
        unsigned: bool,
        /// 因 WENT_BACK 列出的数字已经核实，从列表中去掉；不加此项则保留 || Also take figures listed as WENT_BACK off the list, once somebody has seen to them; otherwise they stay
        #[arg(long)]
        seen: bool,
    },
}

/// Runs a command.
pub(crate) async fn run(session: &Session, command: &LinkCommand) -> Result<Verdict, Failure> {
    match command {
        LinkCommand::List => list(session).await,
        LinkCommand::Key => key(session).await,
        LinkCommand::Export {
            to,
            all,
            part_mb,
            file,
        } => {
            let asked = v1::ExportLinkRequest {
                peer: to.to_string(),
                all: *all,
                part_bytes: part_mb.unwrap_or(0) << 20,
            };
            file::export(session, asked, file).await
        }
        LinkCommand::Import { files } => file::import(session, files).await,
        LinkCommand::Retry { of, unsigned, seen } => {
            let asked = v1::RetrySetAsideRequest {
                peer: of.map(|of| of.to_string()).unwrap_or_default(),
                unsigned: *unsigned,
                seen: *seen,
            };
            retry(session, asked).await
        }
    }
}

const PEERS: [Column; 6] = [
    Column::text("region", "对端", "peer"),
    Column::text("relation", "关系", "relation"),
    Column::number("holds", "对端已有", "it holds"),
    Column::number("change", "本方最新", "newest here"),
    Column::number("held", "本方已收", "held of it"),
    Column::text("key", "公钥", "key"),
];

async fn list(session: &Session) -> Result<Verdict, Failure> {
    let request = v1::ListLinkPeersRequest {};
    let answer = session.client.link().list_link_peers(request).await?;
    let mut listing = Listing::new(&PEERS);
    for peer in answer.peers {
        listing.row(vec![
            Cell::Text(peer.region),
            Cell::Word(relation(peer.relation)),
            Cell::Count(peer.holds),
            Cell::Count(peer.change),
            Cell::Count(peer.held),
            Cell::Text(peer.key),
        ]);
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}

async fn key(session: &Session) -> Result<Verdict, Failure> {
    let request = v1::ListLinkPeersRequest {};
    let answer = session.client.link().list_link_peers(request).await?;
    if session.output.format == Format::Table {
        // Nothing but the key, to be copied.
        session.output.line(&answer.key)?;
        return Ok(Verdict::Done);
    }
    let said = Said::new("", "")
        .fact("region", Cell::Text(answer.region))
        .fact("key", Cell::Text(answer.key));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

async fn retry(session: &Session, request: v1::RetrySetAsideRequest) -> Result<Verdict, Failure> {
    let answer = session.client.link().retry_set_aside(request).await?;
    let v1::RetrySetAsideResponse {
        tried,
        applied,
        remaining,
        seen,
    } = answer;
    let (more_zh, more_en) = if remaining == 0 {
        ("", "")
    } else {
        ("，原因见 liandong status", "; liandong status says why")
    };
    let (seen_zh, seen_en) = if seen == 0 {
        (String::new(), String::new())
    } else {
        (
            format!("已核实的 WENT_BACK {seen} 行已去掉；"),
            format!("{seen} lines of WENT_BACK were taken off; "),
        )
    };
    let said = Said::new(
        format!(
            "重试 {tried} 项，其中 {applied} 项已采用；{seen_zh}仍搁置 {remaining} 项{more_zh}"
        ),
        format!(
            "tried {tried} changes, {applied} were applied; {seen_en}{remaining} are set aside{more_en}"
        ),
    );
    let said = said
        .fact("tried", Cell::Count(tried))
        .fact("applied", Cell::Count(applied))
        .fact("remaining", Cell::Count(remaining))
        .fact("seen", Cell::Count(seen));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

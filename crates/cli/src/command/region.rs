//! `liandong region`: the tree, and moving parts of it between nodes.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use liandong_catalog::{national_regions, parse_region_csv};
use liandong_client::wire::admin::v1;
use liandong_core::region::RegionCode;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing, Said, level, region_kind};
use crate::session::Session;
use crate::value;

/// How many bytes of an export travel at once.
const CHUNK: usize = 256 * 1024;

/// The commands about regions.
#[derive(Debug, Subcommand)]
pub(crate) enum RegionCommand {
    /// 列出区域和单位 || List regions and units
    List {
        /// 从该区域往下 || Below this region; by default from the top
        #[arg(long, value_name = "CODE", value_parser = value::region)]
        under: Option<RegionCode>,
        /// 往下几级，0 为全部 || How many rungs to go down; 0 for all
        #[arg(long, value_name = "N", default_value_t = 0)]
        depth: u32,
    },
    /// 承载文件中的区域和单位 || Host the regions and units of a file
    Host {
        /// CSV：代码、名称、上级、级别、类别 || CSV: code, name, parent, level, kind
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
    },
    /// 导出一个区域及其全部下级 || Export a region and all below it
    Export {
        /// 区域 || The region
        #[arg(value_name = "CODE", value_parser = value::region)]
        of: RegionCode,
        /// 写入的文件 || The file to write
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// 同时停止承载，准备迁往别的节点 || Stop hosting it, so that it can move
        #[arg(long)]
        move_out: bool,
    },
    /// 接管另一节点导出的区域 || Take over a region from another node's export
    Import {
        /// 导出的文件 || The exported file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs a command.
pub(crate) async fn run(session: &Session, command: &RegionCommand) -> Result<Verdict, Failure> {
    match command {
        RegionCommand::List { under, depth } => list(session, *under, *depth).await,
        RegionCommand::Host { file } => host(session, file).await,
        RegionCommand::Export { of, file, move_out } => export(session, *of, file, *move_out).await,
        RegionCommand::Import { file } => import(session, file).await,
    }
}

const REGIONS: [Column; 7] = [
    Column::text("code", "代码", "code"),
    Column::text("name", "名称", "name"),
    Column::text("parent", "上级", "parent"),
    Column::text("level", "级别", "level"),
    Column::text("kind", "类别", "kind"),
    Column::text("joined", "已接入", "joined"),
    Column::text("hosted", "本节点承载", "hosted here"),
];

async fn list(
    session: &Session,
    under: Option<RegionCode>,
    depth: u32,
) -> Result<Verdict, Failure> {
    let request = v1::ListRegionsRequest {
        under: under.map(|under| under.to_string()).unwrap_or_default(),
        depth,
    };
    let answer = session.client.admin().list_regions(request).await?;
    let mut listing = Listing::new(&REGIONS);
    for entry in answer.regions {
        let region = entry.region.unwrap_or_default();
        listing.row(vec![
            Cell::Text(region.code),
            Cell::Text(region.name),
            Cell::Text(region.parent),
            Cell::Word(level(region.level)),
            Cell::Word(region_kind(region.kind)),
            Cell::Yes(Some(entry.joined)),
            Cell::Yes(Some(entry.hosted)),
        ]);
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}

async fn host(session: &Session, path: &Path) -> Result<Verdict, Failure> {
    let bytes = std::fs::read(path).map_err(Failure::file(path))?;
    let wrong = |errors| Failure::Catalogue {
        path: path.to_owned(),
        errors,
    };
    let known = national_regions().map_err(wrong)?;
    let regions = parse_region_csv(&bytes, &known).map_err(wrong)?;
    let count = regions.len();
    let request = v1::HostRegionsRequest {
        regions: regions.iter().map(v1::Region::from).collect(),
    };
    let answer = session.client.admin().host_regions(request).await?;
    let changed = answer.changed;
    let said = Said::new(
        format!("文件中 {count} 个区域和单位已由本节点承载，其中新增或有变化 {changed} 个"),
        format!(
            "the node hosts the {count} regions and units of the file; {changed} are new or changed"
        ),
    );
    let said = said
        .fact("regions", Cell::Count(count as u64))
        .fact("changed", Cell::Count(changed.into()));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

/// Writes beside the file and renames, so that a broken export is never taken for a whole one.
async fn export(
    session: &Session,
    region: RegionCode,
    path: &Path,
    move_out: bool,
) -> Result<Verdict, Failure> {
    let request = v1::ExportRegionRequest {
        region: region.to_string(),
        move_out,
    };
    // The file is made before the node is asked: a region must not stop for an export that cannot
    // be written.
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let mut file = std::fs::File::create(&unfinished).map_err(Failure::file(&unfinished))?;
    let mut bytes: u64 = 0;
    let mut chunks = session.client.admin().export_region(request).await?;
    while let Some(chunk) = chunks.next_chunk().await? {
        file.write_all(&chunk).map_err(Failure::file(&unfinished))?;
        bytes += chunk.len() as u64;
    }
    file.sync_all().map_err(Failure::file(&unfinished))?;
    std::fs::rename(&unfinished, path).map_err(Failure::file(path))?;
    let shown = path.display();
    let said = Said::new(
        format!("{region} 已导出到 {shown}（{bytes} 字节）"),
        format!("exported {region} to {shown} ({bytes} bytes)"),
    );
    let said = said
        .fact("region", Cell::text(region.as_str()))
        .fact("bytes", Cell::Count(bytes))
        .fact("moved_out", Cell::Yes(Some(move_out)));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

async fn import(session: &Session, path: &Path) -> Result<Verdict, Failure> {
    let file = tokio::fs::File::open(path)
        .await
        .map_err(Failure::file(path))?;
    let (sender, receiver) = mpsc::channel::<std::io::Result<Vec<u8>>>(4);
    let reading = tokio::spawn(read_chunks(file, sender));
    // A file that cannot be read to its end ends the stream early, which the node notices by the
    // export's own checks.
    let chunks = ReceiverStream::new(receiver).map_while(Result::ok);
    let answer = session.client.admin().import_region(chunks).await;
    if let Ok(Err(error)) = reading.await {
        return Err(Failure::file(path)(error));
    }
    let taken = answer?;
    let (region, regions, reports) = (&taken.region, taken.regions, taken.reports);
    let said = Said::new(
        format!("已接管 {region}：{regions} 个区域和单位，{reports} 条填报"),
        format!("took over {region}: {regions} regions and units, {reports} reports"),
    );
    let said = said
        .fact("region", Cell::text(region))
        .fact("regions", Cell::Count(regions.into()))
        .fact("reports", Cell::Count(reports))
        .fact("documents", Cell::Count(taken.documents));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

async fn read_chunks(
    mut file: tokio::fs::File,
    sender: mpsc::Sender<std::io::Result<Vec<u8>>>,
) -> std::io::Result<()> {
    loop {
        let mut chunk = vec![0; CHUNK];
        let read = match file.read(&mut chunk).await {
            Ok(read) => read,
            Err(error) => {
                let kind = error.kind();
                let _nobody_listens = sender.send(Err(kind.into())).await;
                return Err(error);
            }
        };
        chunk.truncate(read);
        if read == 0 || sender.send(Ok(chunk)).await.is_err() {
            return Ok(());
        }
    }
}

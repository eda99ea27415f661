//! `liandong repair`: a damaged journal mended from its mirror or a backup.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use liandong_core::refusal::{Reason, Refusal};
use liandong_node::{maintenance, spoken};

use super::place::Place;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Output, Said};
use crate::progress;

/// The arguments of `repair`.
#[derive(Debug, Args)]
pub(crate) struct RepairArguments {
    #[command(flatten)]
    place: Place,
    /// 用什么修复：mirror（配置中的镜像），或镜像、备份所在目录 || Mend from what: mirror (as configured), or the folder of a mirror or a backup
    #[arg(long, value_name = "mirror|DIR")]
    from: Source,
}

/// What a journal is mended from.
#[derive(Clone, Debug)]
enum Source {
    Mirror,
    Folder(PathBuf),
}

impl FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "mirror" => Self::Mirror,
            folder => Self::Folder(PathBuf::from(folder)),
        })
    }
}

const MENDED: [Column; 4] = [
    Column::number("segment", "段", "segment"),
    Column::number("first_frame", "首帧", "first frame"),
    Column::number("frames", "换入帧数", "frames put back"),
    Column::text("was", "原来", "was"),
];

/// Mends every damaged place for which the source has the right frames.
pub(crate) async fn run(arguments: &RepairArguments, output: Output) -> Result<Verdict, Failure> {
    let named = arguments.place.named()?;
    let source = match &arguments.from {
        Source::Folder(folder) => folder.clone(),
        Source::Mirror => named.mirror.clone().ok_or_else(no_mirror)?,
    };
    let bar = progress::bytes(0);
    let shown = bar.clone();
    let (data, from) = (named.data.clone(), source.clone());
    let mended = tokio::task::spawn_blocking(move || {
        maintenance::repair(&data, &from, &mut |done, total| {
            shown.set_length(total);
            shown.set_position(done);
        })
    })
    .await;
    bar.finish_and_clear();
    let mended = mended.map_err(Failure::Thread)??;
    let mut listing = Listing::new(&MENDED);
    for one in &mended.mended {
        let was = one.fault.as_ref().map_or_else(
            || output.pick("缺失", "not there").to_owned(),
            |fault| spoken::frame_fault(fault, output.language),
        );
        listing.row(vec![
            Cell::Count(one.segment),
            Cell::Count(one.first),
            Cell::Count(one.frames),
            Cell::Text(was),
        ]);
    }
    if output.format != Format::Json && !listing.is_empty() {
        output.listing(&listing)?;
    }
    let frames: u64 = mended.mended.iter().map(|one| one.frames).sum();
    let (segments, last) = (mended.segments, mended.last);
    let from = source.display();
    let said = if segments == 0 && frames == 0 {
        Said::new(
            format!("日志完好，无需修复；末帧 {last}"),
            format!("the journal is sound, nothing to mend; last frame {last}"),
        )
    } else {
        Said::new(
            format!(
                "已用 {from} 换入 {frames} 帧、补回 {segments} 整段，日志完好，末帧 {last}；可以启动节点"
            ),
            format!(
                "put back {frames} frames and {segments} whole segments from {from}; the journal is sound, last frame {last}; the node can be started"
            ),
        )
    };
    let said = said
        .fact("frames", Cell::Count(frames))
        .fact("segments", Cell::Count(segments))
        .fact("last_frame", Cell::Count(last));
    output.said(&said)?;
    Ok(Verdict::Done)
}

fn no_mirror() -> Failure {
    Refusal::advise(
        Reason::Missing,
        "--from",
        "mirror",
        "配置中没有 journal.mirror：用 --config 指明有镜像的配置，或直接写镜像、备份所在目录",
        "no journal.mirror is known: name a configuration that has one with --config, or the folder of a mirror or backup",
    )
    .into()
}

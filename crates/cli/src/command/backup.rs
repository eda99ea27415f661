//! `liandong backup`: a copy of a node's journal on another disk, while the node runs.
//!
//! The files are read where they are, so the node needs no right to write elsewhere, and nobody on
//! the network can make it copy itself. A running node is asked how far its journal is durable: no
//! frame that a power cut could still take back gets into a backup.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use liandong_client::wire::admin::v1::GetStatusRequest;
use liandong_client::{Address, Client};
use liandong_core::language::Language;
use liandong_node::maintenance::{self, Use};

use super::place::Place;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Output, Said};
use crate::progress;
use crate::session::Standing;

/// The arguments of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    #[command(flatten)]
    place: Place,
    /// 备份目录：空目录，或本节点以前的备份（只补新增部分） || The backup: an empty folder, or an earlier backup of this node, to which only what is new is added
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Copies what the backup does not hold yet.
pub(crate) async fn run(
    arguments: &BackupArguments,
    standing: Standing,
    output: Output,
) -> Result<Verdict, Failure> {
    let place = arguments.place.named()?;
    // The node itself is asked with its own certificate, unless another one is shown.
    let standing = standing.or_identity(place.identity);
    let data = place.data;
    let target = arguments.to.clone();
    // Held until the copy is complete, so that no node begins to cut its journal meanwhile.
    let (_held, upto) = match maintenance::usage(&data)? {
        Use::Free(held) => (Some(held), None),
        Use::Running(running) => {
            let address = running.address.ok_or(Failure::NotAnswering {
                data: data.clone(),
                error: None,
            })?;
            (
                None,
                Some(durable_frame(&data, address, standing, output.language).await?),
            )
        }
    };
    let bar = progress::bytes(0);
    let shown = bar.clone();
    let source = data.clone();
    let made = tokio::task::spawn_blocking(move || {
        maintenance::backup(&source, &target, upto, &mut |done, total| {
            shown.set_length(total);
            shown.set_position(done);
        })
    })
    .await;
    bar.finish_and_clear();
    let made = made.map_err(Failure::Thread)??;
    said(&made, &arguments.to, output)?;
    Ok(Verdict::Done)
}

/// The last frame that the running node says is durable.
async fn durable_frame(
    data: &Path,
    address: SocketAddr,
    standing: Standing,
    language: Language,
) -> Result<u64, Failure> {
    let not_answering = |error| Failure::NotAnswering {
        data: data.to_owned(),
        error: Some(error),
    };
    let options = standing.options(language)?;
    // Encrypted or not by whether there is an identity to show.
    let url = reachable(address).to_string();
    let address: Address = url.parse().map_err(|_| Failure::NotAnswering {
        data: data.to_owned(),
        error: None,
    })?;
    let client = Client::connect_with(&address, options).await;
    let client = client.map_err(not_answering)?;
    let status = client.admin().get_status(GetStatusRequest {}).await;
    Ok(status.map_err(not_answering)?.journal_frame)
}

/// A node that listens on every address of its machine is reached on the machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    SocketAddr::new(ip, address.port())
}

fn said(made: &maintenance::BackupMade, target: &Path, output: Output) -> Result<(), Failure> {
    let maintenance::BackupMade {
        last,
        before,
        copied_files,
        copied_bytes,
        segments,
        bytes,
    } = *made;
    let language = output.language;
    let (copied, whole) = (Cell::Bytes(copied_bytes), Cell::Bytes(bytes));
    let (new, all) = (copied.for_people(language), whole.for_people(language));
    let frames = last.saturating_sub(before);
    let to = target.display();
    let said = Said::new(
        format!(
            "已备份到 {to}：新增 {frames} 帧（{copied_files} 个文件，{new}），末帧 {last}，备份共 {segments} 段 {all}\n\
             恢复：liandong restore --from {to} --data 空目录"
        ),
        format!(
            "backed up to {to}: {frames} new frames ({copied_files} files, {new}), last frame {last}, {segments} segments of {all} in all\n\
             to restore: liandong restore --from {to} --data EMPTY-FOLDER"
        ),
    );
    let said = said
        .fact("to", Cell::text(to.to_string()))
        .fact("last_frame", Cell::Count(last))
        .fact("new_frames", Cell::Count(frames))
        .fact("copied_files", Cell::Count(copied_files))
        .fact("copied_bytes", copied)
        .fact("segments", Cell::Count(segments))
        .fact("bytes", whole);
    Ok(output.said(&said)?)
}

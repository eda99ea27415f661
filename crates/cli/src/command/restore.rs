//! `liandong restore`: a new data folder from a backup.

use std::path::PathBuf;

use clap::Args;
use liandong_node::maintenance;

use super::place::Place;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Output, Said};
use crate::progress;

/// The arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// 备份目录，先核对再复制 || The backup, which is verified first
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Verifies the backup and copies it into a folder that is new or empty.
pub(crate) async fn run(arguments: &RestoreArguments, output: Output) -> Result<Verdict, Failure> {
    let data = arguments.place.named()?.data;
    let (source, target) = (arguments.from.clone(), data.clone());
    let bar = progress::bytes(0);
    let shown = bar.clone();
    let restored = tokio::task::spawn_blocking(move || {
        maintenance::restore(&source, &target, &mut |done, total| {
            shown.set_length(total);
            shown.set_position(done);
        })
    })
    .await;
    bar.finish_and_clear();
    let restored = restored.map_err(Failure::Thread)??;
    let last = restored.last;
    let made = Cell::Moment(Some(restored.made));
    let when = made.for_people(output.language);
    let size = Cell::Bytes(restored.bytes);
    let shown_size = size.for_people(output.language);
    let to = data.display();
    let said = Said::new(
        format!(
            "已用 {when} 的备份恢复到 {to}：{last} 帧，{shown_size}，全部核对无误\n\
             接下来：启动节点。它以新的身份批次运行，上级、下级和结对方会发现并重新互相补齐；\n\
             下级会把自己的数据再送来一次，不会重复计算。备份之后本级自己收下的填报不在备份里：\n\
             liandong status 会列出“对方有、本节点已没有的内容”，请相关学校重新上报。"
        ),
        format!(
            "restored to {to}, from the backup of {when}: {last} frames, {shown_size}, all verified\n\
             Next: start the node. It begins a new incarnation; its parent, children and partners notice and\n\
             each side is told again what it lacks, and nothing counts twice. Reports that this node itself took\n\
             after the backup are not in it: `liandong status` lists what a peer still holds and this node has lost;\n\
             have that reported again."
        ),
    );
    let said = said
        .fact("data", Cell::text(to.to_string()))
        .fact("last_frame", Cell::Count(last))
        .fact("made_at", made)
        .fact("bytes", size);
    output.said(&said)?;
    Ok(Verdict::Done)
}

//! What a person has to know or do about a file that was imported.

use std::path::Path;

use liandong_client::wire::link::v1;

use crate::session::Session;

/// What a person has to know or do about a file that was taken.
pub(super) fn note(
    session: &Session,
    path: &Path,
    taken: &v1::ImportLinkResponse,
) -> Option<String> {
    let path = path.display();
    let (from, held, after) = (&taken.exporter, taken.held, taken.after);
    if taken.forked {
        return Some(session.output.pick(
            format!(
                "{path}：未采用任何内容。它不是从 {from} 此前的文件（已连续收到第 {held} 号）接着来的：{from} 的数据未经 restore 放回了较早的副本，或者这是放回之前的文件，同样的变更号代表不同的内容。请给 {from} 导出一份，由其导入后再导出；双方数据都不会丢。文件无法带回 {from} 的（单向链路）：请对方用 liandong backup 备份现有数据、liandong restore 恢复后再导出，并告知新的 link key；此前它的文件一律不采用"
            ),
            format!(
                "{path}: nothing of it was taken. It does not go on from the files of {from} before it (held up to {held}): an earlier copy of the data was put back there without a restore, or the file is from before that, and the same change numbers stand for other contents. Export a file for {from}, which has to import it and export again; nothing is lost. Where no file can go back to {from}: have `liandong backup` and `liandong restore` run there, then export, and tell its new `link key` here. Until then none of its files is taken"
            ),
        ));
    }
    if taken.gap {
        return Some(session.output.pick(
            format!(
                "{path}：内容已采用，但中间缺文件：{from} 的变更只连续收到第 {held} 号，本文件从第 {after} 号之后开始。请补上从第 {held} 号（或更早）开始的文件，再把本文件导入一次"
            ),
            format!(
                "{path}: what it brought counts, but a file is missing: changes of {from} are held up to {held}, and this file begins after {after}. Import the one that begins after {held} or before, then this one again"
            ),
        ));
    }
    if taken.earlier_life {
        return Some(session.output.pick(
            format!("{path}：{from} 恢复备份之前导出的旧文件，内容已采用，进度不变。若它是刚刚导出的，则 {from} 的数据是较早的副本：请给 {from} 导出一份，由其导入后再导出"),
            format!("{path}: {from} exported it before a backup was restored there; what it brought counts, and nothing is confirmed by it. If it was exported just now the data of {from} is an earlier copy: export a file for {from}, which has to import it and export again"),
        ));
    }
    None
}

/// What has to be carried next, where one of the two began anew with older data.
pub(super) fn note_of_lives(
    session: &Session,
    path: &Path,
    taken: &v1::ImportLinkResponse,
) -> Option<String> {
    let path = path.display();
    let (from, back) = (&taken.exporter, taken.taken_back);
    if taken.copy {
        return Some(session.output.pick(
            format!(
                "{path}：{from} 收到过本节点数据中没有的变更：本节点的数据是自身较早的副本（未经 restore 放回）。本节点从现在起按恢复后的新节点继续运行并重新上报全部内容，请现在就给 {from} 再导出一份"
            ),
            format!(
                "{path}: {from} holds changes of this node that its data does not have: the data is an earlier copy of itself, put back without a restore. The node goes on under another incarnation and tells everything again: export a file for {from} now"
            ),
        ));
    }
    if taken.told_again || back > 0 {
        return Some(session.output.pick(
            format!(
                "{path}：{from} 还持有本节点恢复备份之前的内容。已取回文书 {back} 份，其余按本节点现有内容重新上报，请现在就给 {from} 再导出一份"
            ),
            format!(
                "{path}: {from} holds what this node had told before a backup was restored here. {back} documents were taken back, the rest is told again as it is here: export a file for {from} now"
            ),
        ));
    }
    if taken.answer_wanted {
        return Some(session.output.pick(
            format!(
                "{path}：{from} 恢复过备份，本节点还持有其此前上报、此后未再上报的内容。请给 {from} 导出一份，由其导入后再导出"
            ),
            format!(
                "{path}: {from} has restored a backup, and this node holds what it had told before and has not told since. Export a file for {from}, which has to import it and export again"
            ),
        ));
    }
    None
}

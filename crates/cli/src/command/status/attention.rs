//! What an operator has to look after, first things first, each with what to do.

use liandong_client::wire::admin::v1;
use liandong_client::wire::admin::v1::{MirrorState, Relation};

use super::went_back::WentBack;
use crate::output::{Cell, Column, Listing};

const ATTENTION: [Column; 4] = [
    Column::text("code", "代码", "code"),
    Column::text("subject", "对象", "subject"),
    Column::text("what", "情况", "what"),
    Column::text("do", "处理办法", "what to do"),
];

/// The listing of what needs attention; empty when nothing does.
pub(super) fn listing(status: &v1::GetStatusResponse) -> Listing {
    let mut listing = Listing::new(&ATTENTION);
    let mut add = |code: &'static str, subject: &str, zh: (&str, &str), en: (&str, &str)| {
        listing.row(vec![
            Cell::text(code),
            Cell::text(subject),
            Cell::both(zh.0, en.0),
            Cell::both(zh.1, en.1),
        ]);
    };
    if let Some(store) = &status.store {
        if !store.intake_open {
            add(
                "intake-stopped",
                "",
                (
                    "磁盘剩余空间低于下限，已停止接收",
                    "腾出磁盘空间；够用后自动恢复接收",
                ),
                (
                    "too little disk space is free: intake has stopped",
                    "free some space; intake resumes by itself",
                ),
            );
        }
        if store.mirror_state() == MirrorState::Behind {
            add(
                "mirror-behind",
                &store.mirror,
                ("日志的第二份副本没有跟上", "检查镜像所在磁盘，然后重启节点"),
                (
                    "the second copy of the journal is not kept",
                    "look after the mirror's disk, then restart the node",
                ),
            );
        }
    }
    if let Some(certificate) = &status.certificate {
        let (why, days) = (&certificate.trouble, certificate.days_left);
        if !why.is_empty() {
            add(
                "certificate-refused",
                &certificate.serial,
                (
                    &format!("节点的证书已无人相信：{why}"),
                    "向机构申请新的邀请，运行 liandong cert issue；无需重启",
                ),
                (
                    &format!("nobody believes the node's certificate any more: {why}"),
                    "`liandong cert issue` with a new invitation of the authority; no restart is needed",
                ),
            );
        } else if certificate.ends_soon {
            add(
                "certificate-ends",
                &certificate.serial,
                (
                    &format!("节点的证书还有 {days} 天到期"),
                    "节点会自行换发；如未换发，检查能否访问机构节点，再运行 liandong cert renew",
                ),
                (
                    &format!("the node's certificate ends in {days} days"),
                    "the node has it renewed by itself; if not, look at the way to its authority, \
                     then `liandong cert renew`",
                ),
            );
        }
    }
    for twin in &status.twins {
        add(
            "twin",
            &twin.peer,
            (
                &format!("有两个节点都自称 {}", twin.peer),
                "停掉误启动的那个副本",
            ),
            (
                &format!("two nodes call themselves {}", twin.peer),
                "stop the one that was started by mistake",
            ),
        );
    }
    for v1::PartedPeer {
        peer, held_upto, ..
    } in &status.parted
    {
        add(
            "parted",
            peer,
            (
                &format!(
                    "{peer} 的数据未经 restore 放回了较早的副本：第 {held_upto} 号变更之后，它的文件一律不采用"
                ),
                &format!(
                    "用 liandong link export --to {peer} 导出一份，由其导入后重新导出全部内容；文件无法带回的，\
                     在 {peer} 先 liandong backup 再 liandong restore，然后导出，本方换上它的新 link key"
                ),
            ),
            (
                &format!(
                    "an earlier copy of its data was put back at {peer} without a restore: after \
                     change {held_upto} nothing of its files is taken"
                ),
                &format!(
                    "`liandong link export --to {peer}`, which has to import it and export again; \
                     where no file can go back: `liandong backup` and `liandong restore` at {peer}, \
                     then export there, and trust its new `link key` here"
                ),
            ),
        );
    }
    for link in &status.links {
        if !link.connected && link.relation() != Relation::Child {
            let peer = &link.peer;
            add(
                "link-down",
                peer,
                (
                    &format!("与 {peer} 的连接中断，待确认 {}", link.lag),
                    "检查网络和对方节点；恢复后自动补传",
                ),
                (
                    &format!("the link with {peer} is down, lag {}", link.lag),
                    "look at the network and the other node; what is missing is sent by itself",
                ),
            );
        }
    }
    let went_back = WentBack::of(&status.quarantined);
    if went_back.is_any() {
        let (zh, en) = went_back.sentences();
        add(
            "went-back",
            "",
            (
                &zh,
                "报送它们的节点恢复过旧备份：备份之后的填报请重新上报；核实后用 link retry --seen 去掉",
            ),
            (
                &en,
                "their node was restored: have reported again what was after its backup; \
                 `link retry --seen` takes the lines off once that was seen to",
            ),
        );
    }
    let count = WentBack::others(&status.quarantined);
    if count > 0 {
        add(
            "quarantined",
            "",
            (
                &format!("搁置了 {count} 项无法采用的变更"),
                "按下表联系对方；升级程序或由对方更正",
            ),
            (
                &format!("{count} changes could not be applied and were set aside"),
                "see the table below: upgrade, or have the peer correct them",
            ),
        );
    }
    let mut changes = status.signer_changes.iter();
    let asked_about = changes.clone().filter(|change| change.to_ask_about).count();
    if let Some(first) = changes.find(|change| change.to_ask_about) {
        let v1::SignerChange {
            region, from, to, ..
        } = first;
        add(
            "signer-changed",
            region,
            (
                &format!("{region} 现由 {to} 代为签名，此前是 {from}；共 {asked_about} 个区域"),
                &format!(
                    "{from} 是否同意未见证明：用其他方式向 {from} 核实，详见 status --only signers"
                ),
            ),
            (
                &format!(
                    "{to} signs for {region}, where {from} did before; {asked_about} regions in all"
                ),
                &format!(
                    "nothing shows that {from} agreed: ask it by another way; \
                     `status --only signers` lists all"
                ),
            ),
        );
    }
    if !status.lost.is_empty() {
        let count = status.lost.len();
        add(
            "lost",
            "",
            (
                &format!("有 {count} 个汇总格对方还有，本节点已没有"),
                "本节点用旧备份恢复过：下表所列请重新上报；不再上报的用 rollup withdraw 收回",
            ),
            (
                &format!("{count} cells are still held by a peer and no longer here"),
                "this node was restored from an older backup: have the listed ones reported again; \
                 take back by rollup withdraw what will not be",
            ),
        );
    }
    if !status.orphaned.is_empty() {
        let count = status.orphaned.len();
        add(
            "orphaned",
            "",
            (
                &format!("有 {count} 项内容，告知它的节点自己已没有"),
                "该节点可能用旧备份恢复过：请其重新上报，或用 rollup withdraw 收回",
            ),
            (
                &format!("{count} things are held here that the node which told of them has lost"),
                "it may have been restored from an old backup: have them reported there again, or \
                 taken back there by rollup withdraw",
            ),
        );
    }
    listing
}

#[cfg(test)]
mod tests {
    use liandong_client::wire::admin::v1;

    use super::listing;
    use crate::output::Cell;

    fn codes(status: &v1::GetStatusResponse) -> Vec<Cell> {
        let rows = listing(status).rows;
        rows.into_iter().map(|mut row| row.remove(0)).collect()
    }

    #[test]
    fn a_sound_node_needs_no_attention_and_every_trouble_is_told() {
        let mut status = v1::GetStatusResponse {
            store: Some(v1::StoreStatus {
                intake_open: true,
                mirror_state: v1::MirrorState::Kept.into(),
                ..v1::StoreStatus::default()
            }),
            links: vec![
                v1::LinkStatus {
                    relation: v1::Relation::Parent.into(),
                    connected: true,
                    ..v1::LinkStatus::default()
                },
                // A child that is away looks after itself.
                v1::LinkStatus {
                    relation: v1::Relation::Child.into(),
                    ..v1::LinkStatus::default()
                },
            ],
            ..v1::GetStatusResponse::default()
        };
        assert_eq!(codes(&status), []);
        status.store = Some(v1::StoreStatus {
            mirror_state: v1::MirrorState::Behind.into(),
            ..v1::StoreStatus::default()
        });
        status.links[0].connected = false;
        status.certificate = Some(v1::CertificateStatus {
            days_left: 29,
            ends_soon: true,
            ..v1::CertificateStatus::default()
        });
        status.twins.push(v1::Twin::default());
        status.parted.push(v1::PartedPeer::default());
        status.quarantined.push(v1::QuarantinedChange::default());
        status.quarantined.push(v1::QuarantinedChange {
            reason: "WENT_BACK".to_owned(),
            version: 3,
            ..v1::QuarantinedChange::default()
        });
        // One that is in order needs nothing.
        status.signer_changes.push(v1::SignerChange::default());
        assert!(!codes(&status).contains(&Cell::text("signer-changed")));
        status.signer_changes.push(v1::SignerChange {
            to_ask_about: true,
            ..v1::SignerChange::default()
        });
        status.lost.push(v1::Orphan::default());
        status.orphaned.push(v1::Orphan::default());
        let told = [
            "intake-stopped",
            "mirror-behind",
            "certificate-ends",
            "twin",
            "parted",
            "link-down",
            "went-back",
            "quarantined",
            "signer-changed",
            "lost",
            "orphaned",
        ];
        assert_eq!(codes(&status), told.map(Cell::text));
        let over = v1::GetStatusResponse {
            certificate: Some(v1::CertificateStatus {
                days_left: -1,
                ends_soon: true,
                trouble: "expired".to_owned(),
                ..v1::CertificateStatus::default()
            }),
            ..v1::GetStatusResponse::default()
        };
        assert_eq!(codes(&over), [Cell::text("certificate-refused")]);
    }
}

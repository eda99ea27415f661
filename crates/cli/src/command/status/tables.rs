//! The sections of a status as listings.

use liandong_client::wire::admin::v1;
use liandong_core::language::Language;

use crate::output::{Cell, Column, Listing, mirror_state, relation};

const LINKS: [Column; 18] = [
    Column::text("peer", "对方", "peer"),
    Column::text("relation", "关系", "relation"),
    Column::text("connected", "已连接", "up"),
    Column::text("address", "地址", "address"),
    Column::text("last_contact", "最近联系", "last contact"),
    Column::number("sent_upto", "已发", "sent"),
    Column::number("acked_upto", "已确认", "confirmed"),
    Column::number("lag", "待确认", "lag"),
    Column::number("received_upto", "已收", "received"),
    Column::number("quarantined", "搁置", "set aside"),
    Column::text("trouble", "原因", "why"),
    Column::number("sent_batches", "发出批数", "batches out"),
    Column::number("sent_bytes", "发出", "out"),
    Column::number("received_batches", "收到批数", "batches in"),
    Column::number("received_bytes", "收到", "in"),
    Column::text("compared_at", "最近比对", "last compared"),
    Column::number("healed", "已修复", "healed"),
    Column::text("healed_at", "最近修复", "last healed"),
];
const SET_ASIDE: [Column; 9] = [
    Column::text("peer", "对方", "peer"),
    Column::text("kind", "类别", "kind"),
    Column::text("owner", "所属", "owner"),
    Column::text("id", "编号", "id"),
    Column::number("version", "版本", "version"),
    Column::text("reason", "原因代码", "reason"),
    Column::text("message", "说明", "message"),
    Column::text("at", "时间", "when"),
    Column::text("what", "内容", "what"),
];
const TWINS: [Column; 3] = [
    Column::text("peer", "区域", "region"),
    Column::text("message", "说明", "what is known"),
    Column::text("noticed_at", "发现时间", "noticed"),
];
const ORPHANED: [Column; 4] = [
    Column::text("peer", "来自", "told by"),
    Column::text("kind", "类别", "kind"),
    Column::text("region", "所属", "region"),
    Column::text("id", "编号或指标、周期", "id, or indicator and period"),
];
const LOST: [Column; 4] = [
    Column::text("peer", "对方", "held by"),
    Column::text("kind", "类别", "kind"),
    Column::text("region", "所属", "region"),
    Column::text("id", "指标、周期", "indicator and period"),
];
const CERTIFICATE: [Column; 6] = [
    Column::text("identity", "身份", "identity"),
    Column::text("serial", "编号", "serial"),
    Column::text("valid_until", "有效至", "valid until"),
    Column::number("days_left", "剩余天数", "days left"),
    Column::text("ends_soon", "即将到期", "ends soon"),
    Column::text("trouble", "不被相信的原因", "why nobody believes it"),
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
const STORE: [Column; 12] = [
    Column::number("journal_frame", "末帧", "last frame"),
    Column::number("segments", "日志段", "segments"),
    Column::number("sealed_segments", "已封存", "sealed"),
    Column::number("journal_bytes", "日志大小", "journal"),
    Column::text("mirror", "镜像", "mirror"),
    Column::text("mirror_state", "镜像状态", "mirror state"),
    Column::text("mirror_trouble", "镜像原因", "mirror trouble"),
    Column::number("checkpoint_frame", "检查点", "checkpoint"),
    Column::number("free_bytes", "剩余空间", "free"),
    Column::number("floor_bytes", "下限", "floor"),
    Column::text("intake_open", "接收", "intake"),
    Column::text("intake_trouble", "停收原因", "why not"),
];

/// Every link with all that is known of it.
pub(super) fn links(links: &[v1::LinkStatus]) -> Listing {
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
            Cell::Count(link.received_upto),
            Cell::Count(link.quarantined),
            Cell::text(&link.trouble),
            Cell::Count(link.sent_batches),
            Cell::Bytes(link.sent_bytes),
            Cell::Count(link.received_batches),
            Cell::Bytes(link.received_bytes),
            Cell::moment(link.compared_at.as_ref()),
            Cell::Count(link.healed),
            Cell::moment(link.healed_at.as_ref()),
        ]);
    }
    listing
}

pub(super) fn quarantined(changes: &[v1::QuarantinedChange]) -> Listing {
    let mut listing = Listing::new(&SET_ASIDE);
    for change in changes {
        listing.row(vec![
            Cell::text(&change.peer),
            Cell::text(&change.kind),
            Cell::text(&change.owner),
            Cell::text(&change.id),
            Cell::Count(change.version),
            Cell::text(&change.reason),
            Cell::text(&change.message),
            Cell::moment(change.at.as_ref()),
            Cell::text(&change.what),
        ]);
    }
    listing
}

pub(super) fn twins(twins: &[v1::Twin]) -> Listing {
    let mut listing = Listing::new(&TWINS);
    for twin in twins {
        listing.row(vec![
            Cell::text(&twin.peer),
            Cell::text(&twin.message),
            Cell::moment(twin.noticed_at.as_ref()),
        ]);
    }
    listing
}

pub(super) fn orphaned(orphans: &[v1::Orphan]) -> Listing {
    left_at_one_end(orphans, &ORPHANED)
}

pub(super) fn lost(orphans: &[v1::Orphan]) -> Listing {
    left_at_one_end(orphans, &LOST)
}

fn left_at_one_end(orphans: &[v1::Orphan], columns: &[Column; 4]) -> Listing {
    let mut listing = Listing::new(columns);
    for orphan in orphans {
        listing.row(vec![
            Cell::text(&orphan.peer),
            Cell::text(&orphan.kind),
            Cell::text(&orphan.region),
            Cell::text(&orphan.id),
        ]);
    }
    listing
}

pub(super) fn workers(workers: &[v1::WorkerStatus]) -> Listing {
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

pub(super) fn hosted(regions: &[v1::HostedRegion]) -> Listing {
    let mut listing = Listing::new(&HOSTED);
    for region in regions {
        listing.row(vec![
            Cell::text(&region.region),
            Cell::Count(region.epoch.into()),
        ]);
    }
    listing
}

/// The files of the node in one row; no row when the node does not say.
pub(super) fn store(store: Option<&v1::StoreStatus>, frame: u64) -> Listing {
    let mut listing = Listing::new(&STORE);
    if let Some(store) = store {
        listing.row(vec![
            Cell::Count(frame),
            Cell::Count(store.segments),
            Cell::Count(store.sealed_segments),
            Cell::Bytes(store.journal_bytes),
            Cell::text(&store.mirror),
            Cell::Word(mirror_state(store.mirror_state)),
            Cell::text(&store.mirror_trouble),
            Cell::Count(store.checkpoint_frame),
            Cell::Bytes(store.free_bytes),
            Cell::Bytes(store.floor_bytes),
            Cell::Yes(Some(store.intake_open)),
            Cell::text(&store.intake_trouble),
        ]);
    }
    listing
}

/// The files of the node in sentences.
pub(super) fn store_lines(
    store: Option<&v1::StoreStatus>,
    frame: u64,
    language: Language,
) -> Vec<String> {
    let Some(store) = store else {
        return Vec::new();
    };
    let size = Cell::Bytes(store.journal_bytes).for_people(language);
    let (segments, sealed) = (store.segments, store.sealed_segments);
    let checkpoint = store.checkpoint_frame;
    let journal = language.pick(
        format!("日志：{frame} 帧，{segments} 段（{sealed} 段已封存），{size}；检查点在第 {checkpoint} 帧"),
        format!("journal: {frame} frames, {size}, segments: {segments} ({sealed} sealed); checkpoint at frame {checkpoint}"),
    );
    let state = mirror_state(store.mirror_state).for_people(language);
    let mirror = if store.mirror.is_empty() {
        language.pick(format!("镜像：{state}"), format!("mirror: {state}"))
    } else {
        let path = &store.mirror;
        language.pick(
            format!("镜像：{path}，{state}"),
            format!("mirror: {path}, {state}"),
        )
    };
    let free = Cell::Bytes(store.free_bytes).for_people(language);
    let floor = Cell::Bytes(store.floor_bytes).for_people(language);
    let intake = match store.intake_open {
        true => language.pick("照常接收", "intake is open"),
        false => language.pick("已停止接收", "intake has stopped"),
    };
    let space = language.pick(
        format!("磁盘：剩余 {free}，下限 {floor}；{intake}"),
        format!("disk: {free} free, floor {floor}; {intake}"),
    );
    vec![journal, mirror, space]
}

/// The certificate that the node shows, as a listing of one row or none.
pub(super) fn certificate(status: Option<&v1::CertificateStatus>) -> Listing {
    let mut listing = Listing::new(&CERTIFICATE);
    if let Some(status) = status {
        listing.row(vec![
            Cell::text(&status.identity),
            Cell::text(&status.serial),
            Cell::moment(status.valid_until.as_ref()),
            Cell::Whole(status.days_left.into()),
            Cell::Yes(Some(status.ends_soon)),
            Cell::text(&status.trouble),
        ]);
    }
    listing
}

/// The same in a line for people.
pub(super) fn certificate_line(
    status: Option<&v1::CertificateStatus>,
    language: Language,
) -> Option<String> {
    let status = status?;
    let (identity, days) = (&status.identity, status.days_left);
    let until = Cell::moment(status.valid_until.as_ref()).for_people(language);
    Some(language.pick(
        format!("证书：{identity}，有效至 {until}（{days} 天）"),
        format!("certificate: {identity}, valid until {until} ({days} days)"),
    ))
}

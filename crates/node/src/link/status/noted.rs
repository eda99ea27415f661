//! What the streams note about their links, for `status` and metrics.

use liandong_core::compare::CellName;
use liandong_core::region::RegionCode;
use liandong_wire::link::CompareResult;

use super::Links;

impl Links {
    /// What this node tells the peer was compared with what the peer holds.
    pub(crate) fn compared(&self, peer: RegionCode, result: &CompareResult) {
        let now = self.clock.now();
        self.with(|links| {
            let Some(entry) = links.get_mut(&peer) else {
                return;
            };
            if result.complete {
                entry.status.compared_at = Some(now);
            }
            if result.complete || !result.cells.is_empty() {
                entry.status.only_there.clone_from(&result.cells);
            }
        });
        self.healed(peer, result.healed);
    }

    /// Cells that the peer holds, as it said in a file, and this node may not have any more.
    pub(crate) fn only_there(&self, peer: RegionCode, cells: Vec<CellName>) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.only_there = cells;
            }
        });
    }

    /// So many documents and cells differed and were healed, on either side.
    pub(crate) fn healed(&self, peer: RegionCode, count: u64) {
        if count == 0 {
            return;
        }
        let now = self.clock.now();
        metrics::counter!("liandong_link_healed_total", "peer" => peer.to_string())
            .increment(count);
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.healed += count;
                entry.status.healed_at = Some(now);
            }
        });
    }

    /// The peer said in a file what it holds; a stream that is open knows better.
    pub(crate) fn holds(&self, peer: RegionCode, change: u64) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer).filter(|entry| !entry.status.connected) {
                entry.status.sent = change;
                entry.status.acknowledged = change;
            }
        });
    }

    /// The peer is sent everything after `change`, whatever it was sent before.
    pub(crate) fn begins_after(&self, peer: RegionCode, change: u64) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.sent = change;
                entry.status.acknowledged = change;
            }
        });
    }

    /// A dial failed.
    pub(crate) fn trouble(&self, peer: RegionCode, trouble: String) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer).filter(|entry| !entry.status.connected) {
                entry.status.trouble = trouble;
            }
        });
    }

    /// Changes up to `sent` were sent, in a frame that took so many bytes.
    pub(crate) fn sent(&self, peer: RegionCode, sent: u64, bytes: usize) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.sent = sent;
                entry.status.sent_bytes += bytes as u64;
                entry.status.sent_batches += 1;
            }
        });
    }

    /// So many bytes of changes came from the peer, with the end of a batch where it `is_whole`.
    pub(crate) fn received(&self, peer: RegionCode, bytes: usize, is_whole: bool) {
        metrics::counter!("liandong_link_received_bytes_total", "peer" => peer.to_string())
            .increment(bytes as u64);
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.received_bytes += bytes as u64;
                entry.status.received_batches += u64::from(is_whole);
            }
        });
    }

    /// The peer has acknowledged changes up to `acknowledged`.
    pub(crate) fn acknowledged(&self, peer: RegionCode, acknowledged: u64) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.acknowledged = acknowledged;
                entry.status.sent = entry.status.sent.max(acknowledged);
            }
        });
    }

    /// Something came from the peer.
    pub(crate) fn heard(&self, peer: RegionCode) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.last_contact = Some(self.clock.now());
            }
        });
    }
}

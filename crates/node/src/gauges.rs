//! Gauges: queue lengths, link lag, sizes; read when the metrics page is asked for.

use liandong_core::refusal::Refusal;

use crate::context::Context;

/// Sets every gauge to what it is now.
///
/// # Errors
/// When the node is stopping.
pub(crate) async fn update(context: &Context) -> Result<(), Refusal> {
    let (sizes, last_change, frame, set_aside) = context
        .reader
        .read(|state| {
            (
                state.sizes(),
                state.last_change(),
                state.frame(),
                state.set_aside().len(),
            )
        })
        .await?;
    metrics::gauge!("liandong_commit_queue_commands").set(to_gauge(context.committer.waiting()));
    metrics::gauge!("liandong_state_cells").set(to_gauge(sizes.cells));
    metrics::gauge!("liandong_state_reports").set(to_gauge(sizes.reports));
    metrics::gauge!("liandong_state_documents").set(to_gauge(sizes.documents));
    metrics::gauge!("liandong_quarantined_changes").set(to_gauge(set_aside));
    metrics::counter!("liandong_journal_last_frame").absolute(frame);
    match context.history.journal().bytes_on_disk() {
        Ok(bytes) => metrics::gauge!("liandong_journal_disk_bytes").set(bytes as f64),
        Err(error) => tracing::warn!(%error, "cannot measure the journal"),
    }
    for link in context.links.list() {
        let peer = link.peer.to_string();
        let lag = last_change.saturating_sub(link.acknowledged);
        metrics::gauge!("liandong_link_lag_changes", "peer" => peer.clone()).set(lag as f64);
        let connected = u8::from(link.connected);
        metrics::gauge!("liandong_link_connected", "peer" => peer).set(f64::from(connected));
    }
    Ok(())
}

fn to_gauge(count: usize) -> f64 {
    count as f64
}

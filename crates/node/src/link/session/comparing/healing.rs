//! A bucket that differed: it is sent whole, and what the peer finds in it is acted on.

use liandong_core::command::{Answer, Command, Reconciling};
use liandong_core::compare::Bucket;
use liandong_core::state::{ChangeSet, State};
use liandong_wire::link::v1::comparison::Step as Sent;
use liandong_wire::link::{Step, bucket_content};
use tokio::sync::mpsc;

use super::{Comparing, Round};
use crate::evidence::{prove, shown};

/// The most cells or documents in one part of a bucket: some 25 KB.
const PART: usize = 2_048;

impl Comparing<'_> {
    /// Sends a bucket whole, and acts on what the peer finds in it.
    pub(super) async fn heal(
        &self,
        bucket: Bucket,
        id: &mut u64,
        answers: &mut mpsc::Receiver<(u64, Step)>,
        round: &mut Round,
    ) -> Result<(), String> {
        let read = |state: &State| state.content(self.side(), bucket);
        let Some((upto, mut content)) = self.read_when_said(round, read).await? else {
            round.complete = false;
            return Ok(());
        };
        let proven = prove(self.context, &content.documents, &mut content.proofs).await;
        proven.map_err(|refusal| refusal.to_string())?;
        *id += 1;
        let mut documents = content.documents.chunks(PART);
        let mut proofs = content.proofs.chunks(PART);
        let mut cells = content.cells.chunks(PART);
        let mut left = documents.len().max(cells.len()).max(1);
        while left > 0 {
            left -= 1;
            let part = ChangeSet {
                documents: documents.next().unwrap_or_default().to_vec(),
                proofs: proofs.next().unwrap_or_default().to_vec(),
                cells: cells.next().unwrap_or_default().to_vec(),
                upto,
            };
            let sent = bucket_content(upto, bucket, &part, left == 0);
            self.send(*id, Sent::Content(sent)).await?;
        }
        let Some(Step::Findings {
            moved_on,
            mut findings,
        }) = self.answer(*id, answers).await?
        else {
            // The peer names what only it holds once on a stream: it has to be asked on another.
            return Err("the peer does not say what it found".to_owned());
        };
        round.complete &= !moved_on;
        round.result.healed += u64::from(findings.healed);
        round.only_there(&findings.cells, findings.cells_missing);
        tracing::warn!(
            peer = %self.peer,
            ?bucket,
            healed = findings.healed,
            only_there_documents = findings.documents.len(),
            only_there_cells = findings.cells_missing,
            "what the peer held was not what it was told",
        );
        if findings.is_clean() {
            return Ok(());
        }
        let proofs = std::mem::take(&mut findings.proofs);
        let shown = shown(self.context, &findings.documents, proofs).await;
        let shown = shown.map_err(|refusal| refusal.to_string())?;
        let reconcile = Command::Reconcile(Reconciling {
            peer: self.peer,
            relation: self.relation,
            bucket,
            findings,
            shown,
        });
        if let Answer::Reconciled {
            taken_back,
            told_again,
        } = self.submit(reconcile).await?
        {
            for key in &taken_back {
                let (kind, owner, id) = (key.kind.word(), key.owner, &key.id);
                tracing::warn!(peer = %self.peer, kind, %owner, id, "taken back from the peer");
            }
            if told_again {
                tracing::warn!(peer = %self.peer, ?bucket, "told again, above what the peer holds");
            }
        }
        Ok(())
    }
}

//! Calls about roll-ups.

use liandong_wire::rollup::v1;
use tonic::{Request, Status, Streaming};

use crate::call::unary_calls;
use crate::connect::{Client, Wires};
use crate::error::ClientError;
use crate::proof::Proof;
use crate::watch::Watch;

/// Roll-ups of a node.
#[derive(Clone, Debug)]
pub struct Rollup {
    client: Client,
}

unary_calls! {
    Rollup over v1::rollup_service_client::RollupServiceClient<Wires>;

    /// The roll-up of one indicator, or of every target of a plan.
    again get_rollup(GetRollupRequest) -> GetRollupResponse;
    /// One cell taken apart.
    again drill_rollup(DrillRollupRequest) -> DrillRollupResponse;
    /// Who has reported and who has not.
    again get_completeness(GetCompletenessRequest) -> GetCompletenessResponse;
    /// The regions directly below, best first.
    again rank_regions(RankRegionsRequest) -> RankRegionsResponse;
    /// A region and those directly below it side by side, by many indicators at once.
    again compare_regions(CompareRegionsRequest) -> CompareRegionsResponse;
    /// Takes back cells that only a peer still holds. Not repeated by itself once it may have been
    /// done: a cell that was taken back is refused the second time.
    once withdraw_cells(WithdrawCellsRequest) -> WithdrawCellsResponse;
}

impl Rollup {
    /// Cells as they change. The watch dials with its first event and, when the connection breaks,
    /// goes on where it stopped.
    pub fn watch(&self, request: v1::WatchRollupRequest) -> Watch {
        Watch::new(self.client.clone(), request)
    }

    /// What a figure is made of, down to the reports, each level signed by its own node: what goes
    /// into a proof file.
    ///
    /// # Errors
    /// A refusal of the node, or a node that could not be reached.
    pub async fn prove(&self, request: v1::ProveRollupRequest) -> Result<Proof, ClientError> {
        let answer = self.grpc().prove_rollup(Request::new(request)).await;
        let parts = answer.map_err(|status| self.client.error(&status))?;
        Ok(Proof::new(self.client.clone(), parts.into_inner()))
    }

    /// Opens the stream of a watch.
    pub(crate) async fn open_watch(
        &self,
        request: v1::WatchRollupRequest,
    ) -> Result<Streaming<v1::WatchRollupResponse>, Status> {
        let answer = self.grpc().watch_rollup(Request::new(request)).await?;
        Ok(answer.into_inner())
    }
}

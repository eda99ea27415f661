//! Calls about pairings and aid projects.

use liandong_wire::collaboration::v1;

use crate::call::unary_calls;
use crate::connect::{Client, Wires};

/// Pairings and aid projects of a node.
#[derive(Clone, Debug)]
pub struct Collaboration {
    client: Client,
}

unary_calls! {
    Collaboration over v1::collaboration_service_client::CollaborationServiceClient<Wires>;

    /// Proposes a pairing and signs it for this side.
    once propose_pairing(ProposePairingRequest) -> ProposePairingResponse;
    /// Signs the other side's proposal as it stands.
    once sign_pairing(SignPairingRequest) -> SignPairingResponse;
    /// Ends a pairing.
    once end_pairing(EndPairingRequest) -> EndPairingResponse;
    /// Pairings of a region.
    again list_pairings(ListPairingsRequest) -> ListPairingsResponse;
    /// Proposes an aid project, or changes one's own proposal.
    once propose_project(ProposeProjectRequest) -> ProposeProjectResponse;
    /// Agrees to the other side's project as it stands.
    once consent_project(ConsentProjectRequest) -> ConsentProjectResponse;
    /// Records a fact of a project, or corrects one's own.
    once record_entry(RecordEntryRequest) -> RecordEntryResponse;
    /// Projects that a region takes part in.
    again list_projects(ListProjectsRequest) -> ListProjectsResponse;
    /// One project with the documents of both sides.
    again get_project(GetProjectRequest) -> GetProjectResponse;
    /// Everything that the two sides do not agree on.
    again reconcile_project(ReconcileProjectRequest) -> ReconcileProjectResponse;
}

//! Calls about certificates.

use liandong_wire::identity::v1;

use crate::call::unary_calls;
use crate::connect::{Client, Wires};

/// Certificates: enrolling, renewing, and whom a node trusts.
#[derive(Clone, Debug)]
pub struct Identities {
    client: Client,
}

unary_calls! {
    Identities over v1::identity_service_client::IdentityServiceClient<Wires>;

    /// Gives a first certificate to somebody who was invited; an invitation is used up by it.
    once enrol(EnrolRequest) -> EnrolResponse;
    /// Gives another certificate in place of the one that is shown.
    once renew(RenewRequest) -> RenewResponse;
    /// The roots that the node trusts, and the newest lists of what they took back.
    again get_trust(GetTrustRequest) -> GetTrustResponse;
}

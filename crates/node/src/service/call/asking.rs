//! What a handler asks of the table of rights before it reads or writes.

use std::cell::RefCell;
use std::sync::Arc;

use liandong_core::access::{Right, needed};
use liandong_core::command::Command;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::State;

use super::rights::{Sight, Who};
use super::{Caller, internal};
use crate::context::Context;
use crate::server::Shown;

/// Asks anew, for as long as a stream goes on, whether its caller may still do that to the region. It
/// does not hold the node, so that no stream keeps one from stopping.
pub(in crate::service) fn entitled_still(
    context: &Arc<Context>,
    caller: &Caller,
    right: Right,
    region: RegionCode,
) -> impl Fn() -> Result<(), Refusal> + Send + Sync + 'static {
    let (context, caller) = (Arc::downgrade(context), caller.clone());
    move || match context.upgrade() {
        Some(context) => context.require(&caller, right, region),
        None => Err(Refusal::new(Reason::Stopping, "", "", Accepted::Nothing)),
    }
}

impl Context {
    /// Who it is that shows that certificate, or none.
    pub(crate) fn who(&self, shown: Option<&Shown>) -> Who {
        let Some(identities) = &self.identities else {
            return Who::Here;
        };
        let Some(identity) = shown.and_then(|Shown(certificate)| certificate.identity()) else {
            return Who::Nobody;
        };
        let own = identities.certificate();
        let own = own.identity().map(|own| &own.domain);
        Who::Shown {
            identity: identity.clone(),
            foreign: own != Some(&identity.domain),
        }
    }

    /// The rights of somebody at this moment of the state.
    pub(crate) fn sight<'a>(&'a self, state: &'a State, who: &'a Who) -> Sight<'a> {
        Sight {
            state,
            catalogue: &self.catalogue,
            here: self.config.region,
            today: self.moment().today,
            who,
            known: RefCell::default(),
        }
    }

    /// Who calls, for a handler that asks for rights while it reads the state.
    pub(in crate::service) fn asking(&self, caller: &Caller) -> Who {
        caller.note_asked();
        self.who(caller.shown.as_ref())
    }

    /// Asks the table about several things at once, before anything is read or written.
    ///
    /// # Errors
    /// The refusal of `ask`.
    pub(in crate::service) fn ask_rights<T>(
        &self,
        caller: &Caller,
        ask: impl FnOnce(&Sight<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let who = self.asking(caller);
        self.reader.glance(|state| ask(&self.sight(state, &who)))
    }

    /// Refuses a caller that may not do that to that region.
    ///
    /// # Errors
    /// `NoRight`; it says who asked for what, and how they stand to the region.
    pub(in crate::service) fn require(
        &self,
        caller: &Caller,
        right: Right,
        region: RegionCode,
    ) -> Result<(), Refusal> {
        self.ask_rights(caller, |sight| sight.require(right, region))
    }

    /// Refuses a caller that is not entitled to a command.
    ///
    /// # Errors
    /// `NoRight`; `Corrupt` for a command that is not a caller's to give, which
    /// is a fault of this program.
    pub(in crate::service) fn require_for(
        &self,
        caller: &Caller,
        command: &Command,
    ) -> Result<(), Refusal> {
        match needed(command) {
            Some((right, region)) => self.require(caller, right, region),
            None => Err(internal("rights")),
        }
    }

    /// Refuses a caller that may not do that to the node's own region.
    ///
    /// # Errors
    /// `NoRight`.
    pub(in crate::service) fn require_here(
        &self,
        caller: &Caller,
        right: Right,
    ) -> Result<(), Refusal> {
        self.require(caller, right, self.config.region)
    }
}

//! Where a command comes from: who asks for it, for the audit trail, and in which trace.

use std::sync::Arc;

use liandong_core::audit::Actor;

use crate::server::Shown;

/// Whose a command is. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// Who asks for it.
    pub(super) actor: Arc<Actor>,
    /// The trace that the change belongs to, as a W3C `traceparent`; empty for none.
    pub(super) trace: String,
}

impl Origin {
    /// Of the node itself, in no trace.
    pub(crate) fn of_node() -> Self {
        Self::of(Arc::new(Actor::Node))
    }

    /// Of somebody, in no trace.
    pub(crate) fn of(actor: Arc<Actor>) -> Self {
        let trace = String::new();
        Self { actor, trace }
    }

    /// The same in a trace.
    pub(crate) fn traced(self, trace: String) -> Self {
        Self { trace, ..self }
    }
}

/// Who somebody is that shows that certificate, or none: then nobody does, and whoever is there is at
/// the node's own machine. One that names nobody is entitled to nothing, and changes nothing.
pub(crate) fn actor(shown: Option<&Shown>) -> Arc<Actor> {
    let named = shown.and_then(|Shown(certificate)| {
        Some(Actor::Shown {
            identity: certificate.identity()?.clone(),
            serial: certificate.serial().bytes().to_vec(),
        })
    });
    Arc::new(named.unwrap_or(Actor::Local))
}

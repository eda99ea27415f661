//! How long the own certificate can be shown, and telling of it before it cannot.

use jiff::{SignedDuration, Timestamp};
use liandong_identity::{Certificate, Refused, Serial, Usage};

use super::{Identities, Loaded, NodeTime, unix};

/// From when on an ending certificate is warned of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How often that is said in the log.
const WARN_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// How long the own certificate can be shown.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// The certificate.
    pub(crate) certificate: Certificate,
    /// Whole days, rounded down; negative when it is over.
    pub(crate) days_left: i64,
    /// Whether somebody has to see to it.
    pub(crate) ends_soon: bool,
    /// Why others do not believe it any more.
    pub(crate) trouble: Option<Refused>,
}

/// What was said of the own certificate.
#[derive(Debug)]
pub(super) struct Warned {
    at: Timestamp,
    serial: Serial,
    about: Option<String>,
}

impl Warned {
    /// Whether it says the same, and not long ago.
    fn says(&self, again: &Self) -> bool {
        self.serial == again.serial
            && self.about == again.about
            && again.at.duration_since(self.at) < WARN_EVERY
    }
}

impl Identities {
    /// How long the node's own certificate can be shown.
    pub(crate) fn standing(&self) -> Standing {
        let loaded = self.now();
        let certificate = loaded.own.chain.leaf.clone();
        let left = certificate.not_after().duration_since(self.clock.0.now());
        Standing {
            days_left: left.as_secs().div_euclid(DAY.as_secs()),
            ends_soon: left <= SOON,
            trouble: loaded.check(&self.clock).err(),
            certificate,
        }
    }

    /// Says in metrics and log how long the own certificate is valid: in the log once a day, and
    /// whenever something else is to be said.
    pub(super) fn warn(&self, warned: &mut Option<Warned>) {
        let Standing {
            certificate,
            days_left: days,
            ends_soon,
            trouble,
        } = self.standing();
        let (now, until) = (self.clock.0.now(), certificate.not_after());
        let left = until.duration_since(now);
        #[allow(
            clippy::cast_precision_loss,
            reason = "a gauge takes nothing else, and seconds of years are exact in it"
        )]
        metrics::gauge!("liandong_certificate_seconds_left").set(left.as_secs() as f64);
        let is_believed = f64::from(u8::from(trouble.is_none()));
        metrics::gauge!("liandong_certificate_believed").set(is_believed);
        if trouble.is_none() && !ends_soon {
            *warned = None;
            return;
        }
        let about = trouble.as_ref().map(ToString::to_string);
        let again = Warned {
            at: now,
            serial: certificate.serial().clone(),
            about,
        };
        if warned.as_ref().is_some_and(|before| before.says(&again)) {
            return;
        }
        match &again.about {
            Some(why) => tracing::error!(
                why,
                "nobody believes the node's certificate any more: `liandong cert issue` with a new \
                 invitation; it is taken up without a restart"
            ),
            None => {
                tracing::warn!(%until, days, "the node's certificate ends soon: `liandong cert renew`");
            }
        }
        *warned = Some(again);
    }
}

impl Loaded {
    /// Whether others believe the own certificate.
    pub(super) fn check(&self, clock: &NodeTime) -> Result<(), Refused> {
        let (own, now) = (&self.own.chain, unix(clock.0.now()));
        let trusted = self
            .trust
            .check(&own.leaf.der(), &own.ders()[1..], Usage::Server, now);
        trusted.map(drop)
    }
}

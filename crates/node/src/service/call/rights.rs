//! Asking the one table of rights: who calls, how they stand to a region, and what they may do there.
//!
//! A right is asked for with the state as it is at that moment, before it is durable: the answer to
//! a denial tells nothing of what the node holds, and a push must not wait for the disk twice. For whom
//! a caller was found to report is remembered until the tree of regions changes (`granted.rs`).

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::civil::Date;
use liandong_core::access::{Right, Standing, allows, partners, shares, shows_plan};
use liandong_core::catalogue::Catalogue;
use liandong_core::document::{Body, Kind};
use liandong_core::identity::{Identity, Role};
use liandong_core::language::Language;
use liandong_core::plan::Plan;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::State;

use super::denial;
use crate::granted::Grantee;

/// Who calls, as far as rights go.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// Somebody at the node's own machine, where the node speaks in plain text: it is listening on
    /// loopback alone then, and whoever is there is its administrator and that of every region it
    /// has to do with.
    Here,
    /// Whoever a checked certificate names.
    Shown {
        /// Who that is.
        identity: Identity,
        /// Whether another trust domain than the node's own vouches for it. It speaks for partners
        /// and those above them, and for nobody whose standing the node's own domain vouches for.
        foreign: bool,
    },
    /// Somebody whose certificate names nobody.
    Nobody,
}

impl Who {
    /// As whom it is remembered what the caller was granted; `None` where nothing is.
    pub(in crate::service) fn grantee(&self) -> Option<Grantee> {
        match self {
            Self::Here => Some(Grantee::Here),
            Self::Shown {
                identity,
                foreign: false,
            } => Some(Grantee::Of(identity.region, identity.role)),
            Self::Shown { foreign: true, .. } | Self::Nobody => None,
        }
    }

    fn role(&self) -> Option<Role> {
        match self {
            Self::Here => Some(Role::Admin),
            Self::Shown { identity, .. } => Some(identity.role),
            Self::Nobody => None,
        }
    }
}

/// The rights of one caller at one moment of the state. Regions that are asked for again are looked
/// up once.
pub(crate) struct Sight<'a> {
    pub(super) state: &'a State,
    pub(super) catalogue: &'a Catalogue,
    pub(super) here: RegionCode,
    pub(super) today: Date,
    pub(super) who: &'a Who,
    pub(super) known: RefCell<BTreeMap<RegionCode, Standing>>,
}

impl<'a> Sight<'a> {
    /// The state that it is about.
    pub(crate) fn state(&self) -> &'a State {
        self.state
    }

    /// How the caller stands to a region. What is known nowhere is the node's own business: whoever
    /// may ask here is told that it is not known, and nobody else.
    pub(crate) fn standing(&self, region: RegionCode) -> Standing {
        let mut known = self.known.borrow_mut();
        *known
            .entry(region)
            .or_insert_with(|| self.find_standing(region))
    }

    fn find_standing(&self, region: RegionCode) -> Standing {
        let (identity, foreign) = match self.who {
            Who::Here => return Standing::Own,
            Who::Nobody => return Standing::Stranger,
            Who::Shown { identity, foreign } => (identity, *foreign),
        };
        let is_known = self.state.region(self.catalogue, region).is_some();
        let region = if is_known { region } else { self.here };
        let is_within = |code, top| self.state.is_within(self.catalogue, code, top);
        let paired = || partners(self.state, region, self.today);
        let found = Standing::by(is_within, self.here, identity.region, region, paired);
        match found {
            Standing::Partner | Standing::PartnersSuperior => found,
            _ if foreign => Standing::Stranger,
            _ => found,
        }
    }

    /// Whether how the caller stands to a region follows from the tree of regions alone: a region
    /// that is known, and is the caller's own or stands below it.
    pub(crate) fn stands_by_tree(&self, region: RegionCode) -> bool {
        let is_known = self.state.region(self.catalogue, region).is_some();
        is_known && matches!(self.standing(region), Standing::Own | Standing::Hosted)
    }

    /// Whether the caller may do that to that region.
    pub(crate) fn may(&self, right: Right, region: RegionCode) -> bool {
        let role = self.who.role();
        role.is_some_and(|role| allows(role, right, self.standing(region)))
    }

    /// Refuses a caller that may not do that to that region.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub(crate) fn require(&self, right: Right, region: RegionCode) -> Result<(), Refusal> {
        if self.may(right, region) {
            return Ok(());
        }
        Err(self.denied(right, region))
    }

    /// Refuses a caller that may do that to no region that the node has to do with.
    ///
    /// # Errors
    /// [`Reason::NoRight`], about the node's own region.
    pub(crate) fn require_somewhere(&self, right: Right) -> Result<(), Refusal> {
        let own = match self.who {
            Who::Shown { identity, .. } => Some(identity.region),
            Who::Here | Who::Nobody => None,
        };
        let in_line = |own: &RegionCode| self.state.is_within(self.catalogue, *own, self.here);
        let own = own.filter(in_line);
        // What is hosted below the node's own region is asked about where it has a standing of its own.
        let apart = |region: &RegionCode| !self.state.is_within(self.catalogue, *region, self.here);
        let apart = self.state.hosted().map(|(region, _)| region).filter(apart);
        let paired = self.state.documents(Kind::Pairing);
        let paired = paired.map(|document| document.owner);
        let paired = paired.filter(|region| self.state.hosts(*region));
        let mut concerned = [self.here]
            .into_iter()
            .chain(own)
            .chain(apart)
            .chain(paired);
        if concerned.any(|region| self.may(right, region)) {
            return Ok(());
        }
        Err(self.denied(right, self.here))
    }

    /// Whether the caller may do that to what one side of a pairing shares with the other. Only the
    /// sides that this node hosts count, where it hosts one: what the other side gave here is no
    /// more the other side's to read when the pairing has ended.
    pub(crate) fn may_in_pair(&self, right: Right, sides: [RegionCode; 2]) -> bool {
        let hosts_one = sides.iter().any(|side| self.state.hosts(*side));
        let [one, other] = sides;
        [(one, other), (other, one)]
            .into_iter()
            .any(|(side, other)| {
                let counts = !hosts_one || self.state.hosts(side);
                counts && self.may(right, side) && self.shares(side, other)
            })
    }

    fn shares(&self, side: RegionCode, other: RegionCode) -> bool {
        let is_within = |code, top| self.state.is_within(self.catalogue, code, top);
        match self.who {
            Who::Here => true,
            Who::Nobody => false,
            Who::Shown { identity, .. } => {
                shares(self.standing(side), identity.region, other, is_within)
            }
        }
    }

    /// Whether the caller is shown a plan.
    pub(crate) fn shows_plan(&self, issuer: RegionCode, plan: &Plan) -> bool {
        self.may(Right::ReadPlans, issuer) && shows_plan(self.standing(issuer), &plan.status)
    }

    /// Refuses a caller that is not shown a plan. One that ships with the project is no secret.
    ///
    /// # Errors
    /// [`Reason::NoRight`] or [`Reason::UnknownPlan`].
    pub(crate) fn require_plan(&self, issuer: RegionCode, code: &str) -> Result<(), Refusal> {
        match self.state.plan(issuer, code) {
            None if self.catalogue.plans.contains_key(code) => Ok(()),
            None => Err(self.unknown_plan(code)),
            Some(plan) if self.shows_plan(issuer, plan) => Ok(()),
            Some(_) => {
                self.require(Right::ReadPlans, issuer)?;
                Err(self.unknown_plan(code))
            }
        }
    }

    /// The refusal of a plan that the caller cannot know of; it lists those that it can.
    pub(crate) fn unknown_plan(&self, code: &str) -> Refusal {
        let mut known = Vec::new();
        for document in self.state.documents(Kind::Plan) {
            if let Body::Plan(plan) = &document.body
                && self.shows_plan(document.owner, plan)
            {
                known.push(format!("{} ({})", document.id, document.owner));
            }
        }
        Refusal::new(Reason::UnknownPlan, "plan", code, Accepted::OneOf(known))
    }

    /// The refusal of a caller that may not do that to that region; it is logged and counted.
    pub(crate) fn denied(&self, right: Right, region: RegionCode) -> Refusal {
        let standing = self.standing(region);
        let Who::Shown { identity, foreign } = self.who else {
            denial::note("nobody", right, region, standing);
            let (zh, en) = ("所示证书没有身份", "the certificate names no identity");
            return Refusal::advise(Reason::NoRight, "", region, zh, en);
        };
        denial::note(&identity.to_string(), right, region, standing);
        // What is published of a region below is published at the node above it.
        let is_at_own_node = standing == Standing::Superior
            && right == Right::ReadPublished
            && allows(identity.role, right, Standing::Hosted);
        let say = |language: Language| {
            let right = right.describe(language);
            let stands = standing.sentence(identity.region, region, language);
            let domain = match (foreign, language) {
                (false, _) => "",
                (true, Language::Zh) => "（证书属于另一信任域）",
                (true, Language::En) => " (by a certificate of another trust domain)",
            };
            let elsewhere = match is_at_own_node {
                true => at_own_node(identity.region, language),
                false => String::new(),
            };
            language.pick(
                format!("{identity} 无权{right}：{stands}{domain}{elsewhere}"),
                format!("{identity} may not {right}: {stands}{domain}{elsewhere}"),
            )
        };
        let (zh, en) = (say(Language::Zh), say(Language::En));
        Refusal::advise(Reason::NoRight, "", region, zh, en)
    }
}

/// The sentence that says where a viewer sees the same.
fn at_own_node(region: RegionCode, language: Language) -> String {
    language.pick(
        format!("；请到 {region} 自己的节点查看，下级的公布数据也在那里"),
        format!("; ask the node of {region} instead, which publishes the figures of those below"),
    )
}

//! Questions and comparisons that travel over open links.

use std::time::Duration;

use liandong_core::language::Language;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_wire::link::{CompareResult, LinkAnswer, LinkQuestion};
use liandong_wire::refusal::{RemoteRefusal, message};
use tokio::sync::oneshot;

use super::Links;
use crate::link::session::Order;

/// How long a peer's answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a comparison is waited for; what is behind by then has more to say than to compare.
const COMPARE_PATIENCE: Duration = Duration::from_secs(60);

/// What both sides of a link hold of each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// What this node tells the peer, and what the peer holds of it.
    pub(crate) told: CompareResult,
    /// What the peer tells this node, and what this node holds of it.
    pub(crate) heard: CompareResult,
}

/// A question to a peer, on its way over the link.
#[derive(Debug)]
pub(crate) struct Question {
    /// What is asked.
    pub(crate) asked: LinkQuestion,
    /// Where the answer goes.
    pub(crate) reply: oneshot::Sender<Result<LinkAnswer, RemoteRefusal>>,
}

impl Links {
    /// Compares what this node and a peer hold of each other, both ways, now.
    ///
    /// # Errors
    /// [`Reason::Unreachable`] while no stream with the peer is open, or it does not answer in time;
    /// [`Reason::NotAllowedNow`] when its program does not compare.
    pub(crate) async fn compare_now(&self, peer: RegionCode) -> Result<Comparison, Refusal> {
        let ways = self.with(|links| {
            let ways = links.get(&peer)?.ways.as_ref()?;
            Some((ways.orders.clone(), ways.scheme))
        });
        let (orders, scheme) = ways.ok_or_else(|| not_reached(peer))?;
        if scheme == 0 {
            return Err(Refusal::advise(
                Reason::NotAllowedNow,
                "region",
                peer,
                "该节点的程序版本不支持核对，请升级",
                "the program of that node does not compare: upgrade it",
            ));
        }
        let comparing = async {
            let (reply, told) = oneshot::channel();
            orders.send(Order::Tell(reply)).await.ok()?;
            let told = told.await.ok()?;
            let (reply, heard) = oneshot::channel();
            orders.send(Order::Ask(reply)).await.ok()?;
            let heard = heard.await.ok()?;
            Some(Comparison { told, heard })
        };
        match tokio::time::timeout(COMPARE_PATIENCE, comparing).await {
            Ok(Some(comparison)) => Ok(comparison),
            Ok(None) | Err(_) => Err(not_reached(peer)),
        }
    }

    /// Asks a connected peer something that it answers from what it holds.
    ///
    /// # Errors
    /// [`Reason::Unreachable`] while no stream with the peer is open or it goes away; whatever the
    /// peer refuses.
    pub(crate) async fn ask(
        &self,
        peer: RegionCode,
        asked: LinkQuestion,
    ) -> Result<LinkAnswer, RemoteRefusal> {
        let questions = self
            .with(|links| {
                let ways = links.get(&peer)?.ways.as_ref()?;
                Some(ways.questions.clone())
            })
            .ok_or_else(|| unreachable(peer))?;
        let asking = async {
            let (reply, answer) = oneshot::channel();
            questions.send(Question { asked, reply }).await.ok()?;
            answer.await.ok()
        };
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(_) => Err(unreachable(peer)),
        }
    }
}

fn not_reached(peer: RegionCode) -> Refusal {
    Refusal::advise(
        Reason::Unreachable,
        "region",
        peer,
        "等该节点恢复连接后重试",
        "try again when that node is connected",
    )
}

fn unreachable(peer: RegionCode) -> RemoteRefusal {
    message(&not_reached(peer), Language::En).into()
}

//! Proofs of figures: gathered first, then handed out piece by piece.

use std::sync::Arc;
use std::time::Duration;

use liandong_core::language::Language;
use liandong_core::refusal::{Reason, Refusal};
use liandong_wire::refusal;
use liandong_wire::rollup::ProofQuestion;
use liandong_wire::rollup::v1::ProveRollupResponse;
use liandong_wire::rollup::v1::prove_rollup_response::Part;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::context::Context;
use crate::proof::{Gathered, gather_in_time};

/// Proofs that are gathered and handed out at a time.
pub(super) const AT_ONCE: usize = 2;

/// Parts that wait for a slow receiver.
const QUEUE: usize = 4;

/// How long a receiver that takes nothing is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long one that takes little is, for the whole proof: others wait for its place.
const LONGEST: Duration = Duration::from_secs(600);

type Parts = ReceiverStream<Result<ProveRollupResponse, Status>>;

/// Gathers a proof; a proof that is not whole is refused before anything of it is handed out,
/// unless a partial one was asked for. Rights are asked for again before every part.
pub(super) async fn prove(
    context: &Arc<Context>,
    proving: &Arc<Semaphore>,
    asked: ProofQuestion,
    language: Language,
    is_entitled: impl Fn() -> Result<(), Refusal> + Send + 'static,
) -> Result<Parts, Refusal> {
    let Ok(permit) = Arc::clone(proving).try_acquire_owned() else {
        let (zh, en) = (
            "正在生成其他证明，请稍后重试",
            "other proofs are being made: try again shortly",
        );
        return Err(Refusal::advise(Reason::Overloaded, "", "", zh, en));
    };
    let Gathered {
        statements,
        missing,
    } = gather_in_time(context, asked).await?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    let end = Instant::now() + LONGEST;
    tokio::spawn(async move {
        let statements = statements.into_iter();
        let statements = statements.map(|said| Part::Statement(said.into()));
        let missing = missing
            .iter()
            .map(|region| Part::Missing(region.to_string()));
        for part in statements.chain(missing) {
            let response = is_entitled()
                .map(|()| ProveRollupResponse { part: Some(part) })
                .map_err(|refused| refusal::status(&refused, language));
            let is_last = response.is_err();
            let patience = end.min(Instant::now() + PATIENCE);
            let sent = tokio::time::timeout_at(patience, sender.send(response)).await;
            if is_last || !matches!(sent, Ok(Ok(()))) {
                // Whoever asked has gone, or does not listen; the stream ends without its last part.
                break;
            }
        }
        drop(permit);
    });
    Ok(ReceiverStream::new(receiver))
}

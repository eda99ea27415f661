//! The proof of a figure, as a node hands it out.

use std::io::{self, Write};

use liandong_core::proof::{Figure, SignedStatement};
use liandong_core::refusal::Refusal;
use liandong_core::region::{InvalidRegionCode, RegionCode};
use liandong_proof::{ProofWriter, Written};
use liandong_wire::rollup::v1;
use thiserror::Error;
use tonic::Streaming;

use crate::connect::Client;
use crate::error::ClientError;

/// A proof that comes statement by statement.
#[derive(Debug)]
pub struct Proof {
    client: Client,
    parts: Streaming<v1::ProveRollupResponse>,
}

/// One part of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofPart {
    /// What a region's node says, behind the part that names the region.
    Statement(SignedStatement),
    /// A region whose statement could not be had.
    Missing(RegionCode),
}

/// Why a proof was not had. What was written of it by then is of no use.
#[derive(Debug, Error)]
pub enum ProofError {
    /// The node broke it off.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A statement is none.
    #[error("the node's answer cannot be read: {0}")]
    Answer(Refusal),
    /// A region that is said to be missing is none.
    #[error("the node's answer cannot be read: {0}")]
    Region(#[from] InvalidRegionCode),
    /// The file cannot be written.
    #[error("cannot write the proof: {0}")]
    Output(#[from] io::Error),
}

impl Proof {
    pub(crate) fn new(client: Client, parts: Streaming<v1::ProveRollupResponse>) -> Self {
        Self { client, parts }
    }

    /// The next part; `None` after the last.
    ///
    /// # Errors
    /// [`ProofError`].
    pub async fn next_part(&mut self) -> Result<Option<ProofPart>, ProofError> {
        use v1::prove_rollup_response::Part;
        loop {
            let next = self.parts.message().await;
            let next = next.map_err(|status| self.client.error(&status))?;
            let Some(v1::ProveRollupResponse { part }) = next else {
                return Ok(None);
            };
            match part {
                Some(Part::Statement(said)) => {
                    let said = SignedStatement::try_from(said).map_err(ProofError::Answer)?;
                    return Ok(Some(ProofPart::Statement(said)));
                }
                Some(Part::Missing(region)) => {
                    return Ok(Some(ProofPart::Missing(region.parse()?)));
                }
                // Of a newer node, and nothing that a proof of this format holds.
                None => {}
            }
        }
    }

    /// Writes the whole proof of that figure as a file of `liandong verify --proof`. Whether it fits
    /// is not checked here: read what was written with [`liandong_proof::read`] before it is relied
    /// on.
    ///
    /// # Errors
    /// [`ProofError`]; what was written by then is no proof.
    pub async fn write(mut self, figure: &Figure, out: impl Write) -> Result<Written, ProofError> {
        let mut writer = ProofWriter::begin(out, figure)?;
        while let Some(part) = self.next_part().await? {
            match part {
                ProofPart::Statement(said) => writer.statement(&said)?,
                ProofPart::Missing(region) => writer.missing(region)?,
            }
        }
        let (_, written) = writer.end()?;
        Ok(written)
    }
}

//! Messages as bytes, for whoever keeps or checks them outside a call: files, tests, fuzzing.

use thiserror::Error;

/// A generated message.
pub trait Message: prost::Message + Default {}

impl<M: prost::Message + Default> Message for M {}

/// Bytes that are no message of the kind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no such message: {0}")]
pub struct NotAMessage(#[from] prost::DecodeError);

/// Reads a generated message.
///
/// # Errors
/// [`NotAMessage`] says where the bytes stop making sense.
pub fn decode<M: Message>(bytes: &[u8]) -> Result<M, NotAMessage> {
    Ok(M::decode(bytes)?)
}

/// Writes a generated message.
pub fn encode<M: Message>(message: &M) -> Vec<u8> {
    message.encode_to_vec()
}

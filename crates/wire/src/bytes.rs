//! Messages as bytes, for whoever keeps or checks them outside a call: files, tests, fuzzing.

use bytes::Bytes;
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

/// Reads a message that may keep parts of the bytes, as a call does with those that came.
///
/// # Errors
/// [`NotAMessage`] says where the bytes stop making sense.
pub fn decode_sharing<M: Message>(bytes: Vec<u8>) -> Result<M, NotAMessage> {
    Ok(M::decode(Bytes::from(bytes))?)
}

/// Writes a generated message.
pub fn encode<M: Message>(message: &M) -> Vec<u8> {
    message.encode_to_vec()
}

//! Messages that a call sends without owning them, so that it can be made again without a copy of
//! them: a batch has hundreds of rows with four texts each.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use prost::Message;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic_prost::ProstDecoder;

/// Sends shared messages and reads answers; the bytes are those of the generated clients.
pub struct SharedCodec<Q, A> {
    sends_and_reads: PhantomData<(Q, A)>,
}

impl<Q, A> Default for SharedCodec<Q, A> {
    fn default() -> Self {
        let sends_and_reads = PhantomData;
        Self { sends_and_reads }
    }
}

impl<Q, A> fmt::Debug for SharedCodec<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCodec").finish_non_exhaustive()
    }
}

impl<Q, A> Codec for SharedCodec<Q, A>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    type Encode = Arc<Q>;
    type Decode = A;
    type Encoder = SharedEncoder<Q>;
    type Decoder = ProstDecoder<A>;

    fn encoder(&mut self) -> Self::Encoder {
        SharedEncoder { sends: PhantomData }
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::new(BufferSettings::default())
    }
}

/// Writes what a [`SharedCodec`] sends.
pub struct SharedEncoder<Q> {
    sends: PhantomData<Q>,
}

impl<Q> fmt::Debug for SharedEncoder<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedEncoder").finish_non_exhaustive()
    }
}

impl<Q: Message> Encoder for SharedEncoder<Q> {
    type Item = Arc<Q>;
    type Error = Status;

    fn encode(&mut self, message: Arc<Q>, bytes: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message
            .encode(bytes)
            .map_err(|error| Status::internal(format!("the message has no room: {error}")))
    }
}

//! What fields can hold, so that a handler gets as far as it lets the caller, and a codec that
//! carries messages as bytes.

use bytes::{Buf, BufMut};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::super::COUNTY;

/// Something that a field of that name can hold.
pub(super) fn sample(name: &str) -> &'static str {
    match name {
        "region" | "regions" | "under" | "issuer" | "plan_issuer" | "assignee" | "partner"
        | "donor" | "proposer" | "source" | "peer" | "parent" | "owner" | "code" => COUNTY,
        "indicator" | "indicators" => "compulsory-dropouts",
        "period" => "2025-03",
        "from" | "until" | "on" | "due" | "issued_on" | "consultation_until" => "2026-12-31",
        "page_token" | "certificate" => "",
        "role" => "reporter",
        "action" => "push-reports",
        "at_least" | "at_most" | "equals" => "50",
        _ => "x",
    }
}

/// Carries messages as the bytes that they are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}

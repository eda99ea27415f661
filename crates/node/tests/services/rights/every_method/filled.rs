//! Messages that are filled by their descriptions, so that a handler gets as far as it lets the
//! caller, and a codec that carries them as bytes.

use std::collections::BTreeMap;

use bytes::{Buf, BufMut};
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::super::COUNTY;

/// How deep messages lie in each other.
const DEEPEST: u32 = 6;

/// The descriptions of all messages, by their full names.
pub(super) struct Messages<'a> {
    messages: BTreeMap<String, &'a DescriptorProto>,
    enums: BTreeMap<String, &'a EnumDescriptorProto>,
}

impl<'a> Messages<'a> {
    pub(super) fn new(set: &'a FileDescriptorSet) -> Self {
        let mut found = Self {
            messages: BTreeMap::new(),
            enums: BTreeMap::new(),
        };
        for file in &set.file {
            let package = format!(".{}", file.package());
            for known in &file.enum_type {
                found
                    .enums
                    .insert(format!("{package}.{}", known.name()), known);
            }
            for message in &file.message_type {
                found.add(&package, message);
            }
        }
        found
    }

    fn add(&mut self, inside: &str, message: &'a DescriptorProto) {
        let name = format!("{inside}.{}", message.name());
        for known in &message.enum_type {
            self.enums.insert(format!("{name}.{}", known.name()), known);
        }
        for nested in &message.nested_type {
            self.add(&name, nested);
        }
        self.messages.insert(name, message);
    }

    /// A message of that type with something in each of its fields.
    pub(super) fn fill(&self, name: &str) -> Vec<u8> {
        self.fill_at(name, 0)
    }

    fn fill_at(&self, name: &str, depth: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let Some(message) = self.messages.get(name).filter(|_| depth < DEEPEST) else {
            return bytes;
        };
        let mut oneofs = Vec::new();
        for field in &message.field {
            if let Some(oneof) = field.oneof_index {
                if oneofs.contains(&oneof) {
                    continue;
                }
                oneofs.push(oneof);
            }
            self.fill_field(field, depth, &mut bytes);
        }
        bytes
    }

    fn fill_field(&self, field: &FieldDescriptorProto, depth: u32, bytes: &mut Vec<u8>) {
        let number = u32::try_from(field.number()).expect("a number");
        match field.r#type() {
            Type::String => put(number, sample(field.name()).as_bytes(), bytes),
            Type::Bytes => put(number, &[7; 16], bytes),
            Type::Message => put(number, &self.fill_at(field.type_name(), depth + 1), bytes),
            Type::Enum => {
                encode_key(number, WireType::Varint, bytes);
                encode_varint(self.choose(field), bytes);
            }
            // A flag asks for something out of the ordinary.
            Type::Bool => {}
            _ => {
                encode_key(number, WireType::Varint, bytes);
                encode_varint(1, bytes);
            }
        }
    }

    /// The first value that says something, or a step that tasks have.
    fn choose(&self, field: &FieldDescriptorProto) -> u64 {
        let known = self.enums.get(field.type_name()).expect("a known choice");
        let step = |name: &str| name.ends_with("_ACKNOWLEDGE");
        let found = known.value.iter().find(|value| step(value.name()));
        let found = found.or_else(|| known.value.get(1)).expect("a choice");
        u64::try_from(found.number()).expect("a number")
    }
}

fn put(number: u32, content: &[u8], bytes: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, bytes);
    encode_varint(content.len() as u64, bytes);
    bytes.put_slice(content);
}

/// Something that a field of that name can hold.
fn sample(name: &str) -> &'static str {
    match name {
        "region" | "regions" | "under" | "issuer" | "plan_issuer" | "assignee" | "partner"
        | "donor" | "proposer" | "source" | "peer" | "parent" | "owner" | "code" => COUNTY,
        "indicator" | "indicators" => "compulsory-dropouts",
        "period" => "2025-03",
        "from" | "until" | "on" | "due" | "issued_on" | "consultation_until" => "2026-12-31",
        "page_token" => "",
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

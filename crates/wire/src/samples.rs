//! A sample message for each method of every service, made from the descriptions: for tests that
//! call all of them, so that a method that is new cannot be left out. Behind the feature `samples`.

use std::collections::BTreeMap;

use prost::Message;
use prost::bytes::BufMut;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use crate::FILE_DESCRIPTOR_SET;

/// A method with something that it can be asked.
#[derive(Clone, Debug)]
pub struct SampleCall {
    /// `package.Service/Method`.
    pub path: String,
    /// A message in which every field has something.
    pub message: Vec<u8>,
}

/// All methods of all services. `sample` gives a text that a field of that name can hold.
pub fn sample_calls(sample: &dyn Fn(&str) -> &'static str) -> Vec<SampleCall> {
    // What does not decode has no methods, and whoever calls them all counts them.
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
    let messages = Messages::new(&set, sample);
    let mut calls = Vec::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                calls.push(SampleCall {
                    path: format!("{}.{}/{}", file.package(), service.name(), method.name()),
                    message: messages.fill(method.input_type()),
                });
            }
        }
    }
    calls
}

/// How deep messages lie in each other.
const DEEPEST: u32 = 6;

/// The descriptions of all messages, by their full names.
struct Messages<'a> {
    sample: &'a dyn Fn(&str) -> &'static str,
    messages: BTreeMap<String, &'a DescriptorProto>,
    enums: BTreeMap<String, &'a EnumDescriptorProto>,
}

impl<'a> Messages<'a> {
    fn new(set: &'a FileDescriptorSet, sample: &'a dyn Fn(&str) -> &'static str) -> Self {
        let mut found = Self {
            sample,
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
    fn fill(&self, name: &str) -> Vec<u8> {
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
        let number = u32::try_from(field.number()).unwrap_or_default();
        match field.r#type() {
            Type::String => put(number, (self.sample)(field.name()).as_bytes(), bytes),
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
        let known = self.enums.get(field.type_name());
        let values = known.map_or(&[][..], |known| known.value.as_slice());
        let step = |name: &str| name.ends_with("_ACKNOWLEDGE");
        let found = values.iter().find(|value| step(value.name()));
        let found = found.or_else(|| values.get(1));
        found.map_or(0, |found| u64::try_from(found.number()).unwrap_or(0))
    }
}

fn put(number: u32, content: &[u8], bytes: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, bytes);
    encode_varint(content.len() as u64, bytes);
    bytes.put_slice(content);
}

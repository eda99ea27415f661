//! Generated protobuf code and its conversions to and from the types of core.

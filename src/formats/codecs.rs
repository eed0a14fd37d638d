//! The codecs that take any serde type: the list that values of a developer's own are compared over.
//!
//! A codec is generic over the type, so the list is walked by a [`Visitor`] instead of being a slice.
//! A new serde codec is a line here.

use super::wire::Codec;
use super::{Descriptor, bincode, bitcode, cbor, json, msgpack, postcard};

/// Something that is done with each codec.
pub trait Visitor {
    /// Does it with one. `descriptor` is that of the codec's `bytes` row: what it says of the crate
    /// and its known problems is true of the codec.
    fn visit<C: Codec>(&mut self, codec: &'static C, descriptor: &'static Descriptor);
}

/// Visits every codec, in the order of tables.
pub fn visit_all(visitor: &mut impl Visitor) {
    visitor.visit(&postcard::BYTES.codec, postcard::BYTES.descriptor);
    visitor.visit(&bincode::BYTES.codec, bincode::BYTES.descriptor);
    visitor.visit(&bitcode::BYTES.codec, bitcode::BYTES.descriptor);
    visitor.visit(&cbor::BYTES.codec, cbor::BYTES.descriptor);
    visitor.visit(&msgpack::BYTES.codec, msgpack::BYTES.descriptor);
    visitor.visit(&json::BYTES.codec, json::BYTES.descriptor);
}

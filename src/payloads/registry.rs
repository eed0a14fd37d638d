//! The list of payloads, small ones first. A new one is a file beside this one and a line here.

use super::{
    Payload, message, mostly_zeros, quantized_weights, random_floats, small_integers,
    sorted_integers, sparse_matrix, tiny_models, trained_weights,
};

/// Every payload, in the order of tables.
pub static PAYLOADS: &[&Payload] = &[
    &message::PAYLOAD,
    &trained_weights::PAYLOAD,
    &random_floats::PAYLOAD,
    &sorted_integers::PAYLOAD,
    &small_integers::PAYLOAD,
    &mostly_zeros::PAYLOAD,
    &sparse_matrix::PAYLOAD,
    &quantized_weights::PAYLOAD,
    &tiny_models::PAYLOAD,
];

/// The payload of an id.
pub fn find(id: &str) -> Option<&'static Payload> {
    PAYLOADS.iter().copied().find(|payload| payload.id == id)
}

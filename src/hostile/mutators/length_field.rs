//! A length or offset becomes 0, 1, the largest, the largest divided by the size of an element, the
//! sign bit, or one more or less than it was.

use super::{Cases, EXTREMES, Mutator, digits, is_text, lengths, replaced};

/// A number that could be a length: of one to eight bytes in either order, a varint, or digits.
pub const LENGTH_FIELD: Mutator = Mutator {
    id: "length-field",
    title: "a length or offset set to an extreme",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let bytes = material.seeds.get(seed)?;
        if is_text(bytes) || random.below(6) == 0 {
            let (place, length) = *random.pick(&digits(bytes))?;
            let value = random.pick(&EXTREMES)?.to_string();
            return replaced(bytes, place, length, value.as_bytes());
        }
        let number = *random.pick(&lengths(bytes))?;
        let extreme = match random.below(4) {
            0 => number.value.wrapping_add(1),
            1 => number.value.wrapping_sub(1),
            _ => *random.pick(&EXTREMES)?,
        };
        match random.below(3) {
            // A varint has any length: seven bits in a byte, the top one says that more follow.
            0 => replaced(bytes, number.place, 1, &varint(extreme)),
            // bincode's and CBOR's, MessagePack's: a byte that announces eight.
            1 => {
                let (tag, number_bytes) = match random.below(3) {
                    0 => (0xfd, extreme.to_le_bytes()),
                    1 => (0xcf, extreme.to_be_bytes()),
                    _ => (0x5b, extreme.to_be_bytes()),
                };
                replaced(bytes, number.place, 1, &[&[tag], &number_bytes[..]].concat())
            }
            _ => Some(number.set(bytes, extreme)),
        }
    },
};

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

//! The same bytes as another type: a dtype's name becomes another one, of its length or not.

use super::{Cases, Mutator, places, replaced};

/// Names of dtypes in our documents, safetensors, numpy and elsewhere. The order of one list is kept.
const DTYPES: [&[&[u8]]; 3] = [
    &[
        b"f64", b"f32", b"f16", b"bf16", b"i64", b"i32", b"i16", b"i8", b"u64", b"u32", b"u16",
        b"u8", b"bool", b"text",
    ],
    &[
        b"F64", b"F32", b"F16", b"BF16", b"I64", b"I32", b"I16", b"I8", b"U64", b"U32", b"U16",
        b"U8", b"BOOL", b"F4",
    ],
    &[
        b"<f8", b"<f4", b"<f2", b"<i8", b"<i4", b"<i2", b"|i1", b"<u8", b"<u4", b"<u2", b"|u1",
        b"|b1", b"|O", b">f8", b"|S8", b"<U4",
    ],
];

/// One name of a dtype becomes another.
pub const OTHER_DTYPE: Mutator = Mutator {
    id: "other-dtype",
    title: "another dtype over the same bytes",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let bytes = material.seeds.get(seed)?;
        let there: Vec<(usize, usize, &[&[u8]])> = DTYPES
            .iter()
            .flat_map(|list| list.iter().map(move |name| (*list, *name)))
            .flat_map(|(list, name)| {
                places(bytes, name).into_iter().map(move |place| (place, name.len(), list))
            })
            .collect();
        let (place, length, list) = *random.pick(&there)?;
        let new = random.pick(list)?;
        // In most binary formats a name has its length before it: half the time it stays so long.
        let mut new = new.to_vec();
        if random.below(2) == 0 {
            new.resize(length, b'4');
        }
        replaced(bytes, place, length, &new)
    },
};

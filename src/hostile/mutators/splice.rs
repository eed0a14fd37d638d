//! Several changes at once: cut out, put in, repeated, overwritten, and halves of two files.

use super::{Cases, Mutator, replaced};

/// One to four of them.
pub const SPLICE: Mutator = Mutator {
    id: "splice",
    title: "several changes, halves of two files",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let mut bytes = material.seeds.get(seed)?.clone();
        for _ in 0..1 + random.below(4) {
            let start = random.below(bytes.len());
            let length = (1 + random.below(16)).min(bytes.len() - start);
            bytes = match random.below(6) {
                0 => replaced(&bytes, start, length, &[])?,
                1 => {
                    let part = bytes.get(start..start + length)?.to_vec();
                    replaced(&bytes, random.below(bytes.len()), 0, &part)?
                }
                2 => {
                    let other = random.pick(&material.seeds)?;
                    let cut = random.below(other.len());
                    [bytes.get(..start)?, other.get(cut..)?].concat()
                }
                3 => {
                    let fill = vec![[0, 0xff, 0x7f, 0x80][random.below(4)]; length];
                    replaced(&bytes, start, length, &fill)?
                }
                4 => {
                    let noise: Vec<u8> = (0..length).map(|_| random.byte()).collect();
                    replaced(&bytes, start, length, &noise)?
                }
                _ => {
                    let other = random.pick(&material.seeds)?;
                    let from = random.below(other.len());
                    let part = other.get(from..(from + 16).min(other.len()))?.to_vec();
                    replaced(&bytes, start, 0, &part)?
                }
            };
            if bytes.is_empty() {
                break;
            }
        }
        Some(bytes)
    },
};

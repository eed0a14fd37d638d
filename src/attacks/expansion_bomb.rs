//! A small file that becomes a large one: zeros that deflate a thousand times, or a shape whose
//! product wraps around.

use super::data_file::Member;
use super::*;

/// Less than two megabytes that ask for gigabytes.
pub const ATTACK: Attack = Attack {
    id: "expansion-bomb",
    title: "a small file that unpacks to gigabytes",
    summary: "In an npz, an array of two numbers whose compressed entry goes on with gigabytes of zeros. Elsewhere, a \
              shape so large that the number of elements is zero again in 64 bits.",
    severity: Severity::Medium,
    targets: Targets::Formats(&["npz", "json", "json-elements", "msgpack", "msgpack-elements"]),
    techniques: &[techniques::APPLICATION_OR_SYSTEM_EXPLOITATION],
    cwe: &[409, 190, 789],
    references: &[Reference {
        title: "A better zip bomb",
        url: "https://www.bamsoftware.com/hacks/zipbomb/",
    }],
    build,
    expected: Expected::Refused,
    quick: false,
};

/// Bytes of zeros in one block.
const BLOCK: usize = 1 << 20;
/// Blocks of zeros: 1.7 GB.
const BLOCKS: usize = 1700;

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let (old, new): (&[u8], &[u8]) = match target.id() {
        "npz" => {
            return bomb().map_err(|error| data_file::failed(ATTACK.id, target, error));
        }
        "json" | "json-elements" => {
            (br#""shape":[1,2]"#, br#""shape":[4294967296,4294967296]"#)
        }
        _ => (
            b"\xa5shape\x92\x01\x02",
            b"\xa5shape\x92\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xcf\x00\x00\x00\x01\x00\x00\x00\x00",
        ),
    };
    data_file::replaced(&scene.valid, old, new).ok_or_else(|| data_file::unlike(ATTACK.id, target))
}

/// The zeros are compressed once. A full flush makes that piece stand for itself, so that it can be
/// repeated; nothing large is ever in memory here.
fn bomb() -> Result<Vec<u8>, flate2::CompressError> {
    let array = payload::npy("'<f8'", "(1, 2)", &data_file::coef());
    let zeros = vec![0u8; BLOCK];
    let mut packed = deflated(&array, flate2::FlushCompress::Full)?;
    packed.extend(deflated(&zeros, flate2::FlushCompress::Full)?.repeat(BLOCKS));
    packed.extend(deflated(&[], flate2::FlushCompress::Finish)?);
    let (mut crc, mut block) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
    crc.update(&array);
    block.update(&zeros);
    (0..BLOCKS).for_each(|_| crc.combine(&block));
    let size = array.len().saturating_add(BLOCK * BLOCKS);
    let member = Member { name: "coef.npy".into(), method: 8, crc: crc.finalize(), size, packed };
    Ok(data_file::zip(&[member]))
}

fn deflated(bytes: &[u8], flush: flate2::FlushCompress) -> Result<Vec<u8>, flate2::CompressError> {
    let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
    let mut packed = Vec::with_capacity(64 * 1024);
    compress.compress_vec(bytes, &mut packed, flush)?;
    Ok(packed)
}

//! A length that lies costs no memory.
//!
//! Each position of small files is overwritten with numbers that a length could be, in every
//! spelling that the codecs have. Whatever comes of it, the peak of what was asked for stays near
//! the size of the file. The counter is process-wide, so this program has one test.

use std::io::{Cursor, Write};

use deadweight::base::accounting;
use deadweight::base::{Array, PagePolicy, Parameters, Storage};
use deadweight::bench::memory::{CountingAllocator, allocator_is_installed};
use deadweight::formats::registry::{self, FORMATS};
use deadweight::formats::{DecodeOptions, Format, FormatError};
use xxhash_rust::xxh3::xxh3_64;
use zip::write::SimpleFileOptions;

#[path = "support/by_hand.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod by_hand;
#[path = "support/quiet.rs"]
mod quiet;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// What a load of a small file may ask for: bincode and wincode are told a limit from a ladder
/// whose lowest step is 1 MiB, and serde reserves up to 1 MiB on the word of a length.
const ALLOWANCE: u64 = 2 << 20;

/// Numbers in the spellings of the codecs: little and big endian, after the marks of bincode, CBOR
/// and MessagePack, seven bits a byte, and in decimal.
fn patterns() -> Vec<Vec<u8>> {
    let mut patterns = Vec::new();
    for value in [1u64 << 28, 1 << 40, i64::MAX as u64, u64::MAX] {
        let narrow = value.min(u32::MAX.into()) as u32;
        patterns.push(value.to_le_bytes().to_vec());
        patterns.push(narrow.to_le_bytes().to_vec());
        for mark in [0xfdu8, 0x5b, 0x7b, 0x9b, 0xbb] {
            let wide = if mark == 0xfd { value.to_le_bytes() } else { value.to_be_bytes() };
            patterns.push([&[mark][..], &wide].concat());
        }
        for mark in [0xfcu8, 0xc6, 0xdb, 0xdd, 0xdf, 0x5a, 0x7a, 0x9a] {
            let four = if mark == 0xfc { narrow.to_le_bytes() } else { narrow.to_be_bytes() };
            patterns.push([&[mark][..], &four].concat());
        }
        let mut varint: Vec<u8> = (0..9).map(|i| (value >> (7 * i)) as u8 | 0x80).collect();
        varint.push((value >> 63) as u8);
        patterns.push(varint);
        patterns.push(value.to_string().into_bytes());
    }
    patterns
}

/// The most that reading the bytes asks for, in every mode that the format has.
fn peak(format: &dyn Format, bytes: &[u8]) -> u64 {
    let options = DecodeOptions::default();
    // Not `measure`: that resets the kernel's counters too, which takes longer than a load.
    let run = |read: &dyn Fn() -> Result<Parameters, FormatError>| {
        accounting::start();
        let result = quiet::caught(read);
        let usage = accounting::stop();
        drop(result);
        usage.peak_bytes
    };
    let mut peak = run(&|| format.decode(bytes, &options));
    if format.descriptor().view {
        let source = Storage::copy_of(bytes, PagePolicy::Heap).unwrap();
        peak = peak.max(run(&|| format.view(&source, &options)));
    }
    peak
}

/// The header of `raw` is hashed; a forger hashes, too.
fn repaired(format: &dyn Format, mut bytes: Vec<u8>) -> Vec<u8> {
    if format.descriptor().id == "raw" {
        let length = u64::from_le_bytes(bytes[8..16].try_into().unwrap());
        let end = usize::try_from(length).ok().and_then(|length| length.checked_add(24));
        if let Some(hash) = end.and_then(|end| bytes.get(24..end)).map(xxh3_64) {
            bytes[16..24].copy_from_slice(&hash.to_le_bytes());
        }
    }
    bytes
}

fn lies(format: &dyn Format, parameters: &Parameters, patterns: &[Vec<u8>]) -> Vec<String> {
    let mut bytes = Vec::new();
    format.encode(parameters, &mut bytes).unwrap();
    let mut worst = (0, String::new());
    for position in 0..bytes.len() {
        for pattern in patterns {
            let mut lie = bytes.clone();
            let end = (position + pattern.len()).min(lie.len());
            lie[position..end].copy_from_slice(&pattern[..end - position]);
            let found = peak(format, &repaired(format, lie));
            if found > worst.0 {
                worst = (found, format!("byte {position} = {pattern:02x?}"));
            }
        }
    }
    let (id, kind) = (format.descriptor().id, parameters.kind());
    // Shown when the test is asked for its output.
    println!("{id}: {} bytes, peak {} at {}", bytes.len(), worst.0, worst.1);
    assert!(worst.0 > bytes.len() as u64, "{id}: nothing was counted");
    match worst.0 > ALLOWANCE {
        true => vec![format!("{id} {kind}: {} bytes at {}", worst.0, worst.1)],
        false => Vec::new(),
    }
}

/// Arrays that pco packs in each of its ways: steps, a common factor, a few values, repetitions.
fn compressible() -> Parameters {
    let repeated = |index: usize| [3.25f64, -17.5, 1e9, 0.001][index * index % 97 % 4];
    let arrays = [
        ("steps", Array::from_vec((0..700i64).map(|i| i * i).collect(), &[700]).unwrap()),
        (
            "factor",
            Array::from_vec((0..700).map(|i| (i * 77 % 1000) * 1000).collect::<Vec<u32>>(), &[700])
                .unwrap(),
        ),
        (
            "decimals",
            Array::from_vec((0..700).map(|i| f64::from(i * 31 % 100) * 0.1).collect(), &[700])
                .unwrap(),
        ),
        ("few", Array::from_vec((0..700).map(repeated).collect(), &[700]).unwrap()),
        (
            "periods",
            Array::from_vec((0..700).map(|i| (i % 23 * 7919 % 1013) as f32).collect(), &[700])
                .unwrap(),
        ),
    ];
    let mut parameters = Parameters::new("arrays", 1);
    for (name, array) in arrays {
        parameters.insert(name, array).unwrap();
    }
    parameters
}

/// An entry that says to be of `claimed` bytes and is of `actual` zeros, compressed.
fn bomb(actual: usize, claimed: Option<u32>) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let deflated =
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("zeros.npy", deflated).unwrap();
    writer.write_all(&vec![0; actual]).unwrap();
    let mut bytes = writer.finish().unwrap().into_inner();
    if let Some(claimed) = claimed {
        // The size before compression, in the local header and in the directory.
        let directory = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        bytes[22..26].copy_from_slice(&claimed.to_le_bytes());
        bytes[directory + 24..directory + 28].copy_from_slice(&claimed.to_le_bytes());
    }
    bytes
}

#[test]
fn lengths_that_lie_cost_no_memory() {
    assert!(allocator_is_installed());
    let patterns = patterns();
    let mut problems = Vec::new();
    for example in by_hand::examples() {
        // One with texts, trees and metadata.
        if example.name == "compared as it is" {
            for format in FORMATS {
                problems.extend(lies(*format, &example.parameters, &patterns));
            }
        }
    }
    // Small arrays are stored as they are: pco is lied to in larger ones.
    problems.extend(lies(registry::find("pco").unwrap(), &compressible(), &patterns));
    let npz = registry::find("npz").unwrap();
    let full = bomb(200 << 20, None);
    let tight = DecodeOptions {
        limits: deadweight::base::Limits::default()
            .with(|limits| limits.max_decompressed_bytes = 1 << 20)
            .unwrap(),
        ..DecodeOptions::default()
    };
    accounting::start();
    let refused = npz.decode(&full, &tight).is_err();
    let usage = accounting::stop();
    assert!(refused && usage.peak_bytes < ALLOWANCE, "{usage:?}");
    for claimed in [u32::MAX - 1, 1 << 30, 100 << 20] {
        let found = peak(npz, &bomb(1000, Some(claimed)));
        if found > ALLOWANCE {
            problems.push(format!("npz: {found} bytes for an entry that claims {claimed}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

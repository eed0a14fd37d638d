//! The bounds of `src/base/limits.rs`, each at its edge: what is exactly as large as allowed is
//! read, one more is an error that names the bound.

use std::io::{Cursor, Write};

use deadweight::base::{Limits, PagePolicy, Parameters, Storage};
use deadweight::formats::registry::{self, FORMATS};
use deadweight::formats::{DecodeOptions, Format};
use zip::write::SimpleFileOptions;

use super::{encoded, id, none, samples};

fn options(change: impl FnOnce(&mut Limits)) -> DecodeOptions {
    DecodeOptions { limits: Limits::default().with(change).unwrap(), ..DecodeOptions::default() }
}

/// The error that reading the bytes gives, by decoding and by a view.
fn errors(format: &dyn Format, bytes: &[u8], options: &DecodeOptions) -> Vec<Option<String>> {
    let mut errors = vec![format.decode(bytes, options).err().map(|error| error.to_string())];
    if format.descriptor().view {
        let source = Storage::copy_of(bytes, PagePolicy::Heap).unwrap();
        errors.push(format.view(&source, options).err().map(|error| error.to_string()));
    }
    errors
}

/// What is wrong with a bound: `enough` must read the parameters, `less` must not, and say `words`.
fn bound(parameters: &Parameters, enough: &DecodeOptions, less: &DecodeOptions, words: &str) {
    let mut problems = Vec::new();
    for format in FORMATS {
        let bytes = encoded(*format, parameters);
        for error in errors(*format, &bytes, enough).into_iter().flatten() {
            problems.push(format!("{} refuses what is allowed: {error}", id(*format)));
        }
        for error in errors(*format, &bytes, less) {
            match error {
                None => problems.push(format!("{} reads more than is allowed", id(*format))),
                Some(error) if !error.contains(words) => {
                    problems.push(format!("{} says {error:?}, not {words:?}", id(*format)));
                }
                Some(_) => {}
            }
        }
    }
    none(problems);
}

#[test]
fn the_number_of_arrays_is_bounded() {
    let three =
        samples::parameters(["a", "b", "c"].map(|name| (name, samples::array(&[1u8], &[1]))));
    let of = |arrays| options(|limits| limits.max_arrays = arrays);
    bound(&three, &of(3), &of(2), "2 allowed");
}

#[test]
fn the_length_of_a_name_is_bounded() {
    let long = samples::parameters([("long name", samples::array(&[1u8], &[1]))]);
    let of = |bytes| options(|limits| limits.max_name_bytes = bytes);
    bound(&long, &of(9), &of(8), "8 allowed");
}

#[test]
fn the_number_of_dimensions_is_bounded() {
    let deep = samples::parameters([("x", samples::array(&[1u8], &[1, 1, 1, 1]))]);
    let of = |dimensions| options(|limits| limits.max_dimensions = dimensions);
    bound(&deep, &of(4), &of(3), "3 allowed");
}

#[test]
fn the_depth_of_metadata_is_bounded() {
    let of = |levels| options(|limits| limits.max_metadata_depth = levels);
    bound(&samples::deep_metadata(8), &of(8), &of(7), "deeper than 7");
    // The deepest that can be asked for is within what the parser bears, in every container.
    bound(&samples::deep_metadata(100), &of(100), &of(99), "deeper than 99");
}

#[test]
fn the_length_of_metadata_is_bounded() {
    let long = Parameters::new("arrays", 1).with("note", "x".repeat(10_000));
    let of = |bytes| options(|limits| limits.max_header_bytes = bytes);
    bound(&long, &of(20_000), &of(10_000), "10000");
}

/// Limits below which nothing can be useful still give an error, not a crash.
#[test]
fn the_smallest_limits_refuse_a_model() {
    let smallest = options(|limits| {
        limits.max_file_bytes = 1;
        limits.max_header_bytes = 1;
        limits.max_arrays = 1;
        limits.max_name_bytes = 1;
        limits.max_dimensions = 1;
        limits.max_metadata_depth = 1;
        limits.max_decompressed_bytes = 1;
        limits.max_decompression_ratio = 1;
        limits.max_archive_entries = 1;
    });
    for sample in samples::awkward() {
        for format in FORMATS {
            let Some(expected) = samples::expected(*format, &sample.parameters) else { continue };
            let bytes = encoded(*format, &expected);
            let refused = errors(*format, &bytes, &smallest).iter().all(Option::is_some);
            assert!(refused, "{} {}", id(*format), sample.name);
        }
    }
}

/// An npz archive of one entry of zeros, compressed.
fn compressed(elements: usize) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let deflated =
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("zeros.npy", deflated).unwrap();
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({elements},), }}\n");
    writer.write_all(b"\x93NUMPY\x01\x00").unwrap();
    writer.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
    writer.write_all(header.as_bytes()).unwrap();
    writer.write_all(&vec![0; elements]).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn what_is_compressed_is_bounded() {
    let npz = registry::find("npz").unwrap();
    let bytes = compressed(1_000_000);
    assert!(bytes.len() < 3000, "{}", bytes.len());
    let read = |options: &DecodeOptions| errors(npz, &bytes, options);
    assert!(read(&DecodeOptions::default()).iter().all(Option::is_none));
    let small = options(|limits| limits.max_decompressed_bytes = 999_999);
    assert!(read(&small).iter().flatten().all(|error| error.contains("\"zeros\"")));
    assert_eq!(read(&small).iter().flatten().count(), 2);
    let tame = options(|limits| limits.max_decompression_ratio = 100);
    assert_eq!(read(&tame).iter().flatten().count(), 2);
}

#[test]
fn the_entries_of_an_archive_are_bounded() {
    let npz = registry::find("npz").unwrap();
    let two = samples::parameters(["a", "b"].map(|name| (name, samples::array(&[1u8], &[1]))));
    let bytes = encoded(npz, &two);
    // One entry is that of the metadata.
    let of = |entries| options(|limits| limits.max_archive_entries = entries);
    assert!(errors(npz, &bytes, &of(3)).iter().all(Option::is_none));
    let refused = errors(npz, &bytes, &of(2));
    assert!(refused.iter().flatten().filter(|error| error.contains("at most 2")).count() == 2);
}

//! The registry: ids, pages, and which format some bytes are of. Content decides; what is of no
//! format, or more than a file of one, is refused.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use std::path::Path;

use deadweight::base::{PagePolicy, Parameters, Storage};
use deadweight::formats::registry::{self, FORMATS};
use deadweight::formats::{DecodeOptions, Format};
use deadweight::models::registry::from_parameters;
use zip::write::SimpleFileOptions;

use super::{by_hand, encoded, id, none, quiet, samples, trained::trained};

/// The file of `src/formats` that an id belongs to.
fn stem(id: &str) -> String {
    id.strip_suffix("-elements").unwrap_or(id).replace('-', "_")
}

#[test]
fn ids_are_unique_and_found() {
    let ids: BTreeSet<&str> = FORMATS.iter().map(|format| id(*format)).collect();
    assert_eq!(ids.len(), FORMATS.len());
    for format in FORMATS {
        let found = registry::find(id(*format)).unwrap();
        assert_eq!(id(found), id(*format));
        let descriptor = format.descriptor();
        assert!(!descriptor.title.is_empty() && !descriptor.specification.is_empty());
        assert!(!descriptor.extension.contains('.') && !descriptor.extension.is_empty());
        assert!(descriptor.warnings.iter().all(|warning| !warning.text.is_empty()));
        assert_eq!(descriptor.modes().contains(&"view"), descriptor.view);
    }
    assert!(registry::find("pickle of nobody").is_none());
}

#[test]
fn every_format_has_a_page_that_names_its_crate() {
    let mut problems = Vec::new();
    for format in FORMATS {
        let path = format!("docs/formats/{}.md", stem(id(*format)));
        let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path));
        match (page, format.descriptor().crate_name) {
            (Err(error), _) => problems.push(format!("{path}: {error}; write the page")),
            (Ok(page), Some(name)) if !page.contains(name) => {
                problems.push(format!("{path} does not name the crate {name}"));
            }
            _ => {}
        }
    }
    none(problems);
}

/// Formats whose files are the same by intent have the same.
fn file_family(id: &str) -> String {
    match stem(id).as_str() {
        "json_simd" => "json".to_owned(),
        other => other.to_owned(),
    }
}

/// The formats that say that bytes are theirs.
fn claimed_by(bytes: &[u8]) -> Vec<&'static dyn Format> {
    FORMATS.iter().copied().filter(|format| format.recognizes(bytes)).collect()
}

#[test]
fn content_tells_the_format() {
    let options = DecodeOptions::default();
    let awkward = samples::awkward().iter().map(|sample| (sample.name, &sample.parameters));
    let trained = trained().iter().map(|(recipe, trained)| (recipe.id, &trained.parameters));
    for (name, parameters) in awkward.chain(trained) {
        for format in FORMATS {
            let Some(expected) = samples::expected(*format, parameters) else { continue };
            let bytes = encoded(*format, parameters);
            let what = format!("{} {name}", id(*format));
            // The beginning is enough: callers need not read a large file to know what it is.
            for beginning in [&bytes[..], &bytes[..bytes.len().min(256)]] {
                assert!(format.recognizes(beginning), "{what}: not its own");
                let picked = registry::recognize(beginning).unwrap();
                let decoded = picked.decode(&bytes, &options).unwrap();
                assert_eq!(decoded.first_difference(&expected), None, "{what}: picked");
                for other in claimed_by(beginning) {
                    assert_eq!(
                        file_family(id(other)),
                        file_family(id(*format)),
                        "{what}: {}",
                        id(other)
                    );
                    let decoded = other.decode(&bytes, &options).unwrap();
                    assert_eq!(decoded.first_difference(&expected), None, "{what}");
                }
            }
        }
    }
}

/// A zip archive of stored files.
fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let stored =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file(*name, stored).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Files of other programs, and no files at all.
fn foreign() -> Vec<(String, Vec<u8>)> {
    let pickle = b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01K\x02e.".to_vec();
    let torch = [("archive/data.pkl", pickle.as_slice()), ("archive/version", b"3\n")];
    let mut tar = vec![0u8; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    let mut all: Vec<(String, Vec<u8>)> = [
        ("nothing", Vec::new()),
        ("a zero", vec![0]),
        ("zeros", vec![0; 5000]),
        ("ones", vec![0xff; 5000]),
        ("spaces", vec![b' '; 100]),
        ("a pickle", pickle.clone()),
        ("an old pickle", b"(lp0\nI1\naI2\na.".to_vec()),
        ("a torch file", zip_of(&torch)),
        ("an empty zip", zip_of(&[])),
        ("a jar", zip_of(&[("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n")])),
        ("a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR".to_vec()),
        ("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".to_vec()),
        ("a script", b"#!/bin/sh\nexit 0\n".to_vec()),
        ("a page", b"<!DOCTYPE html><html></html>".to_vec()),
        ("tar", tar),
        ("a program", b"\x7fELF\x02\x01\x01\x00".to_vec()),
        ("JSON of another program", b"{\"format\": \"pt\", \"parameters\": []}".to_vec()),
        ("an empty object", b"{}".to_vec()),
        ("CBOR of another program", b"\xd9\xd9\xf7\xa1\x61a\x01".to_vec()),
        ("MessagePack of another program", b"\x82\xa6format\xa2pt\xa1a\x01".to_vec()),
        ("words of ours", b"deadweight ".to_vec()),
        ("a format of the future", b"deadweight future 1\nabc".to_vec()),
        ("a file of an earlier format", b"deadweight postcard\nabc".to_vec()),
        ("a single array", b"\x93NUMPY\x01\x00\x02\x00{}".to_vec()),
    ]
    .into_iter()
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .collect();
    let mut state = 7u64;
    for length in (0..3000).map(|i| 1 + i % 300) {
        let mut byte = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        };
        all.push((format!("{length} random bytes"), (0..length).map(|_| byte()).collect()));
    }
    all
}

#[test]
fn bytes_of_others_are_refused() {
    let mut problems = Vec::new();
    for (name, bytes) in foreign() {
        let ids: Vec<&str> = claimed_by(&bytes).into_iter().map(id).collect();
        if !ids.is_empty() {
            problems.push(format!("{name} is taken for {ids:?}"));
        }
        let source = Storage::copy_of(&bytes, PagePolicy::Heap).unwrap();
        for format in FORMATS {
            let options = DecodeOptions::default();
            let read = quiet::caught(|| {
                let viewed = format.view(&source, &options).is_ok();
                (format.decode(&bytes, &options).map(|_| ()), viewed)
            });
            match read {
                Ok((Err(_), false)) => {}
                other => problems.push(format!("{} reads {name}: {other:?}", id(*format))),
            }
        }
    }
    none(problems);
}

/// What a user sees who gives the wrong file: what was found, not a number of bytes.
#[test]
fn a_refusal_says_what_was_found() {
    let foreign = foreign();
    for (given, words) in
        [("a pickle", "pickle"), ("a picture", "PNG"), ("gzip", "gzip"), ("a page", "HTML")]
    {
        let (_, bytes) = foreign.iter().find(|(name, _)| name == given).unwrap();
        for format in FORMATS {
            let error = format.decode(bytes, &DecodeOptions::default()).unwrap_err().to_string();
            assert!(error.contains(words), "{} says of {given}: {error}", id(*format));
        }
    }
}

#[test]
fn a_file_of_another_version_says_upgrade() {
    let parameters = &by_hand::examples()[0].parameters;
    for format in FORMATS {
        let bytes = encoded(*format, parameters);
        let mark = format!("deadweight {} 1\n", id(*format));
        if let Some(rest) = bytes.strip_prefix(mark.as_bytes()) {
            let mut newer = format!("deadweight {} 2\n", id(*format)).into_bytes();
            newer.extend_from_slice(rest);
            let error = format.decode(&newer, &DecodeOptions::default()).unwrap_err().to_string();
            assert!(error.contains("version 2") && error.contains("upgrade"), "{error}");
        }
    }
}

#[test]
fn what_follows_a_file_is_refused() {
    let mut problems = Vec::new();
    for example in by_hand::one_of_each_kind() {
        for format in FORMATS {
            problems.extend(trailing(*format, &example.parameters));
        }
    }
    // Nothing at all is a file, too.
    let nothing = Parameters::new("arrays", 1);
    problems.extend(FORMATS.iter().flat_map(|format| trailing(*format, &nothing)));
    none(problems);
}

fn trailing(format: &dyn Format, parameters: &Parameters) -> Vec<String> {
    let whole = encoded(format, parameters);
    let other = encoded(format, &Parameters::new("other", 1));
    let endings: [(&str, &[u8]); 6] = [
        ("a zero", &[0]),
        ("0xff", &[0xff]),
        ("0xc0", &[0xc0]),
        ("64 zeros", &[0; 64]),
        ("itself", &whole),
        ("another file", &other),
    ];
    let mut problems = Vec::new();
    for (what, ending) in endings {
        let bytes = [&whole[..], ending].concat();
        let source = Storage::copy_of(&bytes, PagePolicy::Heap).unwrap();
        let options = DecodeOptions::default();
        let (decoded, viewed) = (format.decode(&bytes, &options), format.view(&source, &options));
        if decoded.is_ok() || viewed.is_ok() {
            problems.push(format!("{} accepts {what} after {}", id(format), parameters.kind()));
        }
    }
    problems
}

/// A file of parameters whose kind nobody knows is still a file: arrays are more general than kinds.
#[test]
fn an_unknown_kind_loads_and_is_refused_as_a_model() {
    let parameters = Parameters::new("perceptron_of_tomorrow", 7);
    for format in FORMATS {
        let bytes = encoded(*format, &parameters);
        let decoded = format.decode(&bytes, &DecodeOptions::default()).unwrap();
        assert_eq!(decoded.kind(), "perceptron_of_tomorrow");
        let error = from_parameters(&decoded).err().unwrap().to_string();
        assert!(error.contains("perceptron_of_tomorrow") && error.contains("known kinds"));
    }
}

//! Compressed files: every method, several members, damage and bombs.

use std::io::Write;

use deadweight::base::{Limits, Storage};
use deadweight::pickle::{Compression, PickleError, open};

use super::{data, file, read};

const METHODS: [(&str, Compression); 7] = [
    ("zlib", Compression::Zlib),
    ("gzip", Compression::Gzip),
    ("bz2", Compression::Bzip2),
    ("lzma", Compression::Lzma),
    ("xz", Compression::Xz),
    ("lz4", Compression::Lz4),
    ("zstd", Compression::Zstd),
];

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).unwrap()
}

fn opened(bytes: &[u8]) -> Result<deadweight::pickle::Opened, PickleError> {
    open(Storage::adopt(bytes.to_vec()), &Limits::default())
}

fn refusal(bytes: &[u8]) -> String {
    opened(bytes).unwrap_err().to_string()
}

/// The member of the joblib file, as the method writes it.
fn member(method: &str) -> Vec<u8> {
    bytes(&format!("small.{method}.joblib"))
}

#[test]
fn every_method_gives_the_plain_stream() {
    let plain = opened(&bytes("small.joblib")).unwrap();
    assert_eq!((plain.compression, plain.members), (None, 0));
    for (method, compression) in METHODS {
        let compressed = member(method);
        let opened = opened(&compressed).unwrap_or_else(|error| panic!("{method}: {error}"));
        assert_eq!((opened.compression, opened.members), (Some(compression), 1), "{method}");
        assert_eq!(opened.file_bytes, compressed.len() as u64, "{method}");
        let document = read(&opened.storage).unwrap_or_else(|error| panic!("{method}: {error}"));
        let array = document.values().entry(document.root(), "c_order").unwrap();
        let numbers = document.array(array).unwrap().as_f64_vec().unwrap();
        assert_eq!(numbers, (0..24).map(|n| f64::from(n) / 8.0).collect::<Vec<_>>(), "{method}");
    }
}

#[test]
fn a_plain_file_is_passed_on_as_it_is() {
    let source = file("numpy2_p4.pkl");
    let address = source.as_bytes().as_ptr();
    let opened = open(source, &Limits::default()).unwrap();
    assert_eq!(opened.storage.as_bytes().as_ptr(), address);
}

#[test]
fn members_may_follow_each_other() {
    for (method, _) in METHODS {
        let one = member(method);
        let both = opened(&[one.clone(), one.clone()].concat()).unwrap();
        let alone = opened(&one).unwrap();
        assert_eq!(both.members, 2, "{method}");
        assert_eq!(both.storage.as_bytes(), alone.storage.as_bytes().repeat(2), "{method}");
    }
}

#[test]
fn what_follows_the_last_member_is_refused() {
    for (method, _) in METHODS {
        let one = member(method);
        for garbage in [b"\0".as_slice(), b"\0\0\0\0\0\0\0\0", b"garbage", b"x\x9c", b"N."] {
            let error = opened(&[&one, garbage].concat()).unwrap_err();
            assert!(error.offset() >= one.len(), "{method} {garbage:?}: {error}");
        }
        // Neither is a member of another sort.
        let other = if method == "gzip" { "xz" } else { "gzip" };
        let text = refusal(&[one.clone(), member(other)].concat());
        assert!(text.starts_with(&format!("byte {}, ", one.len())), "{method}: {text}");
        assert!(text.contains("expected the end of the file or another member"), "{text}");
    }
}

#[test]
fn no_beginning_of_a_compressed_file_is_accepted() {
    for (method, compression) in METHODS {
        let one = member(method);
        for end in 8..one.len() {
            let cut = one.get(..end).unwrap();
            assert_eq!(Compression::of(cut), Some(compression), "{method}");
            let error = opened(cut).err();
            assert!(error.is_some(), "{method} cut at {end} of {}", one.len());
        }
    }
}

#[test]
fn a_changed_byte_is_an_error_or_another_stream() {
    for (method, compression) in METHODS {
        let one = member(method);
        let mut changed = one.clone();
        let mut noticed = 0usize;
        for at in 0..one.len() {
            changed[at] ^= 0x10;
            match opened(&changed) {
                Ok(opened) => drop(read(&opened.storage)),
                Err(_) => noticed += 1,
            }
            changed[at] = one[at];
        }
        // These have a checksum; LZMA alone has none, and the others only if they are told to.
        let checked = [Compression::Zlib, Compression::Gzip, Compression::Bzip2, Compression::Xz];
        let enough = if checked.contains(&compression) { one.len() * 8 / 10 } else { 1 };
        assert!(noticed >= enough, "{method}: {noticed} of {}", one.len());
    }
}

/// Zeros, compressed by each library that can.
fn bombs(megabytes: usize) -> Vec<(&'static str, Vec<u8>)> {
    let zeros = vec![0u8; megabytes << 20];
    let level = flate2::Compression::best();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), level);
    zlib.write_all(&zeros).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
    gzip.write_all(&zeros).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip2.write_all(&zeros).unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(&zeros).unwrap();
    vec![
        ("zlib", zlib.finish().unwrap()),
        ("gzip", gzip.finish().unwrap()),
        ("bzip2", bzip2.finish().unwrap()),
        ("lz4", lz4.finish().unwrap()),
        ("zstd", zstd::bulk::compress(&zeros, 3).unwrap()),
    ]
}

#[test]
fn bombs_stop_at_the_bound() {
    let narrow = Limits::default().with(|limits| limits.max_decompressed_bytes = 1 << 20).unwrap();
    let ratio = Limits::default().with(|limits| limits.max_decompression_ratio = 2).unwrap();
    for (method, bomb) in bombs(48) {
        let source = Storage::adopt(bomb.clone());
        let error = open(source.clone(), &narrow).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("byte 0, {method}: limit max_decompressed_bytes is 1048576, found more")
        );
        // Below 16 MiB the ratio is not looked at; this is three times that.
        let error = open(source, &ratio).unwrap_err().to_string();
        let expected = format!("byte 0, {method}: limit max_decompression_ratio is ");
        assert!(error.starts_with(&expected), "{error}");
        // Several small ones are no way around.
        let split = open(Storage::adopt(bomb.repeat(2)), &ratio).unwrap_err().to_string();
        assert!(split.contains("max_decompression_ratio"), "{split}");
    }
}

#[test]
fn members_without_content_are_counted() {
    let empty = zstd::bulk::compress(b"", 3).unwrap();
    let error = refusal(&empty.repeat(1001));
    let at = empty.len() * 1000;
    assert_eq!(error, format!("byte {at}, zstd: limit members is 1000, found more"));
    assert!(opened(&empty.repeat(1000)).is_ok());
}

#[test]
fn declared_sizes_are_not_believed() {
    // LZMA alone: the size of the dictionary and of the content are the header's word.
    let mut lzma = member("lzma");
    lzma[1..5].copy_from_slice(&0xf000_0000_u32.to_le_bytes());
    let text = refusal(&lzma);
    assert!(text.starts_with("byte 0, lzma: compressed data: "), "{text}");
    let mut lzma = member("lzma");
    lzma[5..13].copy_from_slice(&(1u64 << 60).to_le_bytes());
    assert!(opened(&lzma).is_err());
}

#[test]
fn files_of_old_joblib_are_named() {
    assert_eq!(
        refusal(b"ZF0x54              x\x9c\x03\0\0\0\0\x01"),
        "byte 0, file: a Z-file is refused; joblib before 0.10 wrote it; load it with an old joblib and save it again"
    );
    let wrapper = b"cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81.".to_vec();
    let source = Storage::adopt(wrapper);
    let document = read(&source).unwrap();
    let error = document.require_known_globals().unwrap_err().to_string();
    assert!(error.contains("\"NDArrayWrapper\""), "{error}");
    assert!(error.ends_with("load it with an old joblib and save it again"), "{error}");
}

#[test]
fn a_file_that_is_too_large_is_not_looked_at() {
    let limits = Limits::default().with(|limits| limits.max_file_bytes = 100).unwrap();
    let error = open(file("numpy2.joblib"), &limits).unwrap_err().to_string();
    assert_eq!(error, "byte 0, file: limit max_file_bytes is 100, found more");
}

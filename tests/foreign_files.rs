//! Files that numpy and the safetensors package wrote, and files of ours for them to read.
//!
//! The files in `tests/data/` are made by `scripts/make_fixtures.py`. What others write has no kind:
//! it loads as kind `arrays`. `scripts/check_interchange.py` goes the other way.

use std::path::{Path, PathBuf};

use deadweight::base::parameters::PLAIN_ARRAYS;
use deadweight::base::{Array, DType, Element, Metadata, PagePolicy, Parameters, Storage, Value};
use deadweight::formats::registry::{self, FORMATS};
use deadweight::formats::{DecodeOptions, npy};
use half::{bf16, f16};

#[path = "support/quiet.rs"]
mod quiet;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Reads a file in the format that its content is of, in every way that the format has.
fn read(name: &str) -> Result<Parameters, String> {
    let bytes = bytes(name);
    let format = registry::recognize(&bytes).ok_or("not recognized")?;
    let options = DecodeOptions::default();
    let decoded = format.decode(&bytes, &options).map_err(|error| error.to_string());
    let source = Storage::copy_of(&bytes, PagePolicy::Heap).unwrap();
    match (&decoded, format.view(&source, &options)) {
        (Ok(decoded), Ok(view)) => assert_eq!(view.first_difference(decoded), None, "{name}"),
        (Err(error), Err(other)) => assert_eq!(*error, other.to_string(), "{name}"),
        (decoded, view) => panic!("{name}: {decoded:?} but {view:?}"),
    }
    decoded
}

fn array<T: Element>(values: &[T], shape: &[usize]) -> Array {
    Array::from_vec(values.to_vec(), shape).unwrap()
}

fn texts(values: &[&str], shape: &[usize]) -> Array {
    Array::from_texts(values, shape).unwrap()
}

fn plain<'a>(arrays: impl IntoIterator<Item = (&'a str, Array)>) -> Parameters {
    let mut parameters = Parameters::new(PLAIN_ARRAYS, 1);
    for (name, array) in arrays {
        parameters.insert(name, array).unwrap();
    }
    parameters
}

/// 0, 1, ... 5 in two rows.
fn grid() -> Array {
    array(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], &[2, 3])
}

fn cube() -> Array {
    array(&(0..24).collect::<Vec<i32>>(), &[2, 3, 4])
}

/// `numbers` of the script.
fn numbers() -> Vec<(&'static str, Array)> {
    let floats = [0.0, -0.0, 1.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -2.0];
    let single = floats.map(|value| value as f32);
    let half = floats.map(f16::from_f64);
    vec![
        ("f8", array(&floats, &[7])),
        ("f4", array(&single, &[7])),
        ("f2", array(&half, &[7])),
        ("i8", array(&[i64::MIN, 0, 1, i64::MAX], &[4])),
        ("i4", array(&[i32::MIN, 0, 1, i32::MAX], &[4])),
        ("i2", array(&[i16::MIN, 0, 1, i16::MAX], &[4])),
        ("i1", array(&[i8::MIN, 0, 1, i8::MAX], &[4])),
        ("u8", array(&[0, 0, 1, u64::MAX], &[4])),
        ("u4", array(&[0, 0, 1, u32::MAX], &[4])),
        ("u2", array(&[0, 0, 1, u16::MAX], &[4])),
        ("u1", array(&[0, 0, 1, u8::MAX], &[4])),
        ("bool", Array::from_bools(&[true, false, true], &[3]).unwrap()),
    ]
}

fn shapes() -> Vec<(&'static str, Array)> {
    vec![
        ("fortran", grid()),
        ("big_endian", grid()),
        ("scalar", array(&[7i64], &[])),
        ("empty", array::<f32>(&[], &[0, 4])),
        ("words", texts(&["a", "naïve", "日本"], &[3])),
        ("steps.1/coef", array(&[1.5, -2.5], &[2])),
    ]
}

#[test]
fn single_arrays_of_numpy_are_read() {
    let files = [
        ("c_order", grid()),
        ("fortran_order", grid()),
        ("fortran_cube", cube()),
        ("big_endian", grid()),
        ("big_endian_fortran", cube()),
        ("no_dimensions", array(&[2.5], &[])),
        ("empty", array::<i16>(&[], &[0, 3])),
        ("unicode", texts(&["a", "naïve", "日本", ""], &[2, 2])),
        ("unicode_big_endian", texts(&["a", "日本"], &[2])),
        ("bytes", texts(&["ab", "c", ""], &[3])),
        ("version_2", grid()),
        ("version_3", grid()),
    ];
    for (name, expected) in files {
        let bytes = bytes(&format!("numpy/{name}.npy"));
        let found = npy::read(&bytes, PagePolicy::Auto).unwrap();
        assert!(found.bits_equal(&expected), "{name}: {found:?} against {expected:?}");
        // A single array is no model: no format takes it.
        assert!(registry::recognize(&bytes).is_none(), "{name}");
    }
}

#[test]
fn archives_of_numpy_are_read() {
    let zeros = ("zeros", array(&[0.0; 1000], &[1000]));
    let unnamed = [("arr_0", array(&[1i32, 2], &[2])), ("arr_1", array(&[3.5], &[1]))];
    let files = [
        ("dtypes", plain(numbers())),
        ("shapes", plain(shapes())),
        ("compressed", plain([zeros].into_iter().chain(shapes()))),
        ("unnamed", plain(unnamed)),
    ];
    for (name, expected) in files {
        let found = read(&format!("numpy/{name}.npz")).unwrap();
        assert_eq!(found.first_difference(&expected), None, "{name}");
    }
}

#[test]
fn files_of_safetensors_are_read() {
    let found = read("safetensors/arrays.safetensors").unwrap();
    assert_eq!((found.kind(), found.layout_version()), (PLAIN_ARRAYS, 1));
    let others = [
        ("model.layers.0.weight", grid()),
        ("scalar", array(&[7i64], &[])),
        ("empty", array::<f32>(&[], &[0, 4])),
    ];
    let expected = plain(numbers().into_iter().chain(others));
    assert_eq!(found.arrays().len(), expected.arrays().len());
    for (name, array) in expected.arrays() {
        assert!(found.array(name).unwrap().bits_equal(array), "{name}");
    }
    assert!(found.metadata().is_empty());
    // The order is that of the bytes: falling alignment.
    let sizes: Vec<_> = found.arrays().map(|(_, array)| array.dtype().alignment()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");

    let found = read("safetensors/metadata.safetensors").unwrap();
    let note = Metadata::from_iter([("note".to_owned(), Value::from("für uns"))]);
    let expected = plain([("x", array(&[1.0, 2.0], &[2]))]).with("safetensors_metadata", note);
    assert_eq!(found.first_difference(&expected), None);

    let found = read("safetensors/bfloat16.safetensors").unwrap();
    let halves = [bf16::from_f32(1.5), bf16::from_bits(0xff80)];
    assert_eq!(found.first_difference(&plain([("half", array(&halves, &[2]))])), None);
}

#[test]
fn a_view_of_a_file_of_others_borrows_what_lies_aligned() {
    let bytes = bytes("safetensors/arrays.safetensors");
    let source = Storage::copy_of(&bytes, PagePolicy::Heap).unwrap();
    let format = registry::find("safetensors").unwrap();
    let view = format.view(&source, &DecodeOptions::default()).unwrap();
    for (name, array) in view.arrays().filter(|(_, array)| array.byte_len() > 0) {
        assert!(source.range_of(array.as_bytes()).is_some(), "{name} was copied");
    }
}

/// What arrays would not give back is refused, and the message says what and why.
#[test]
fn what_is_not_data_is_refused_with_the_reason() {
    for (name, words) in [
        ("numpy/refused_objects.npz", ["\"model\"", "pickle", "could run code"]),
        ("safetensors/refused_float8.safetensors", ["\"eighth\"", "F8_E4M3", "F64 F32"]),
    ] {
        let error = read(name).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{name}: {error}");
    }
    for (name, word) in [
        ("refused_objects", "could run code"),
        ("refused_structure", "a structure"),
        ("refused_complex", "<c16"),
        ("refused_dates", "<M8[D]"),
    ] {
        let bytes = bytes(&format!("numpy/{name}.npy"));
        let error = npy::read(&bytes, PagePolicy::Auto).unwrap_err().to_string();
        assert!(error.contains(word), "{name}: {error}");
    }
}

/// Arrays of others go through every format of ours and come back.
#[test]
fn what_others_wrote_can_be_converted() {
    for name in ["numpy/shapes.npz", "numpy/compressed.npz", "safetensors/arrays.safetensors"] {
        let found = read(name).unwrap();
        for format in FORMATS {
            let mut bytes = Vec::new();
            let has_nan = found.get("f8").is_some();
            match format.encode(&found, &mut bytes) {
                Ok(()) => {
                    let back = format.decode(&bytes, &DecodeOptions::default()).unwrap();
                    assert_eq!(back.first_difference(&found), None, "{name}");
                }
                Err(error) => {
                    assert!(has_nan && !format.descriptor().losses.is_empty(), "{name}: {error}");
                }
            }
        }
    }
}

fn files() -> Vec<String> {
    let folder = |name: &str| {
        let entries = std::fs::read_dir(data(name)).unwrap();
        let name = name.to_owned();
        entries.map(move |entry| format!("{name}/{}", entry.unwrap().file_name().display()))
    };
    let mut files: Vec<String> = folder("numpy").chain(folder("safetensors")).collect();
    files.sort();
    assert!(files.len() > 20, "{files:?}");
    files
}

/// The bytes that other programs write have parts that ours never have: they are damaged, too.
#[test]
fn damaged_files_of_others_are_errors_or_harmless() {
    let formats = ["npz", "safetensors"].map(|id| registry::find(id).unwrap());
    let options = DecodeOptions::default();
    let try_all = |bytes: &[u8]| -> bool {
        let source = Storage::copy_of(bytes, PagePolicy::Heap).unwrap();
        let mut results = vec![];
        for format in formats {
            results.push(format.decode(bytes, &options));
            results.push(format.view(&source, &options));
        }
        let array = npy::read(bytes, PagePolicy::Heap);
        let used = results.iter().flatten().map(Parameters::checksum).count();
        used > 0 || array.is_ok_and(|array| array.dtype() != DType::Text || array.texts().is_ok())
    };
    for name in files() {
        let whole = bytes(&name);
        for length in 0..whole.len() {
            let read = quiet::caught(|| try_all(&whole[..length]));
            assert_eq!(read, Ok(false), "{name}, {length} of {} bytes", whole.len());
        }
        let mut changed = whole.clone();
        for position in 0..whole.len() {
            for mask in [1u8, 2, 4, 8, 16, 32, 64, 128, 255, whole[position]] {
                changed[position] = whole[position] ^ mask;
                if let Err(message) = quiet::caught(|| try_all(&changed)) {
                    panic!("{name}, byte {position} = {:#x}: {message}", changed[position]);
                }
            }
            changed[position] = whole[position];
        }
    }
}

/// Writes what `scripts/check_interchange.py` reads, to the folder that it names.
#[test]
#[ignore = "run by scripts/check_interchange.py"]
fn write_for_others() {
    let folder = std::env::var_os("DEADWEIGHT_INTERCHANGE").expect("the script sets the folder");
    let others = [
        ("bf16", array(&[bf16::from_f32(1.5), bf16::NEG_INFINITY], &[2])),
        ("zeros at the end", texts(&["a\0", ""], &[2])),
        ("ümlaut.日本", array(&[1u8, 2, 3], &[3, 1])),
    ];
    let arrays = numbers().into_iter().chain(shapes()).chain(others);
    let parameters = plain(arrays).with("note", "für euch").with("nan", f64::NAN);
    for format in FORMATS {
        let mut bytes = Vec::new();
        if format.encode(&parameters, &mut bytes).is_ok() {
            let descriptor = format.descriptor();
            let name = format!("{}.{}", descriptor.id, descriptor.extension);
            std::fs::write(Path::new(&folder).join(name), bytes).unwrap();
        }
    }
}

//! Arrays that lie, and files that are damaged: an error in bounded time, never a panic.

use std::time::{Duration, Instant};

use deadweight::base::{Limits, PagePolicy, Storage};
use deadweight::pickle::{Argument, Assembler, Document, Node, Op, open};
use proptest::prelude::*;

use super::wrappers::dtype;
use super::{data, read};

/// What `_reconstruct` makes before its state.
fn empty(assembler: &mut Assembler) {
    assembler.global("numpy.core.multiarray", "_reconstruct").global("numpy", "ndarray");
    assembler.int(0).op(Op::Tuple1).bytes(b"b").op(Op::Tuple3).op(Op::Reduce);
}

/// One array of `_reconstruct`; `parts` writes shape, dtype, flag and data.
fn array(parts: impl FnOnce(&mut Assembler)) -> Vec<u8> {
    let mut assembler = Assembler::new();
    assembler.proto(3);
    empty(&mut assembler);
    assembler.op(Op::Mark).int(1);
    parts(&mut assembler);
    assembler.op(Op::Tuple).op(Op::Build).op(Op::Stop).finish().unwrap()
}

fn shape(assembler: &mut Assembler, lengths: &[i64]) {
    assembler.op(Op::Mark);
    for length in lengths {
        assembler.int(*length);
    }
    assembler.op(Op::Tuple);
}

/// An array of floats with any shape over 16 bytes.
fn floats(lengths: &[i64]) -> Vec<u8> {
    array(|assembler| {
        shape(assembler, lengths);
        dtype(assembler, "f8", "<");
        assembler.op(Op::NewFalse).bytes(&[0; 16]);
    })
}

/// The error of the one array in a file.
fn array_error(bytes: &[u8]) -> String {
    let source = Storage::adopt(bytes.to_vec());
    let document = read(&source).unwrap();
    assert!(document.is_array(document.root()));
    match document.array(document.root()) {
        Ok(array) => array.to_array(PagePolicy::Auto).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn shapes_that_lie_are_found_before_anything_is_allocated() {
    for (lengths, expected) in [
        (vec![3], "array data: expected 24 bytes for [3] of <f8, found 16"),
        (vec![1], "array data: expected 8 bytes for [1] of <f8, found 16"),
        (vec![], "array data: expected 8 bytes for [] of <f8, found 16"),
        (vec![0], "array data: expected 0 bytes for [0] of <f8, found 16"),
        (vec![-2], "shape: expected a tuple of lengths, found the integer -2"),
        (vec![i64::MIN, 1], "shape: expected a tuple of lengths"),
        (vec![1 << 61], "shape: expected what can be addressed"),
        (vec![1 << 32, 1 << 32], "shape: expected what can be addressed"),
        (vec![0, i64::MAX, i64::MAX], "shape: expected what can be addressed"),
        (vec![1; 65], "limit max_dimensions is 64, found more"),
    ] {
        let text = array_error(&floats(&lengths));
        assert!(text.starts_with("byte 60, REDUCE: "), "{text}");
        assert!(text.contains(expected), "{text}");
    }
    let source = Storage::adopt(floats(&[1, 2, 1]));
    let document = read(&source).unwrap();
    assert_eq!(document.array(document.root()).unwrap().shape(), [1, 2, 1]);
}

#[test]
fn every_part_of_an_array_must_be_what_it_should() {
    let with = |flag: Op, class: &str| {
        let mut assembler = Assembler::new();
        assembler.global("numpy.core.multiarray", "_reconstruct").global("numpy", class);
        assembler.int(0).op(Op::Tuple1).bytes(b"b").op(Op::Tuple3).op(Op::Reduce);
        assembler.op(Op::Mark).int(1);
        shape(&mut assembler, &[2]);
        dtype(&mut assembler, "f8", "<");
        assembler.op(flag).bytes(&[0; 16]);
        assembler.op(Op::Tuple).op(Op::Build).op(Op::Stop).finish().unwrap()
    };
    assert!(
        array_error(&with(Op::None, "ndarray")).contains("fortran flag: expected True or False")
    );
    let source = Storage::adopt(with(Op::NewFalse, "float64"));
    let document = read(&source).unwrap();
    assert!(!document.is_array(document.root()));
    let error = document.array(document.root()).unwrap_err().to_string();
    assert!(
        error.contains("array class: expected numpy.ndarray, found the name \"float64\""),
        "{error}"
    );

    let text = array_error(&array(|assembler| {
        shape(assembler, &[2]);
        dtype(assembler, "f8", "<");
        assembler.op(Op::NewFalse).op(Op::EmptyList);
    }));
    assert!(text.contains("data: expected bytes, found a list of 0"), "{text}");
    let text = array_error(&array(|assembler| {
        shape(assembler, &[2]);
        dtype(assembler, "O8", "|");
        assembler.op(Op::NewFalse).bytes(&[0; 16]);
    }));
    assert!(text.contains("array data: expected a list of the elements, found 16 bytes"), "{text}");
    let text = array_error(&array(|assembler| {
        shape(assembler, &[2]);
        dtype(assembler, "O8", "|");
        assembler.op(Op::NewFalse).op(Op::EmptyList).int(1).op(Op::Append);
    }));
    assert!(text.contains("expected 2 objects for [2] of |O, found 1"), "{text}");
    // Without a state it would be an array of no length, which is never written.
    let mut assembler = Assembler::new();
    empty(&mut assembler);
    let text = array_error(&assembler.op(Op::Stop).finish().unwrap());
    assert!(text.contains("array: expected one state"), "{text}");
    let booleans = array(|assembler| {
        shape(assembler, &[2]);
        dtype(assembler, "b1", "|");
        assembler.op(Op::NewFalse).bytes(b"\x01\x02");
    });
    let text = array_error(&booleans);
    assert!(text.contains("element 1 of a bool array is 2, expected 0 or 1"), "{text}");
}

/// The error of an array of two elements with a dtype of letters and a state of `(3, order, ...)`.
fn dtype_error(letters: &str, order: &str) -> String {
    array_error(&array(|assembler| {
        shape(assembler, &[2]);
        dtype(assembler, letters, order);
        assembler.op(Op::NewFalse).bytes(&[0; 16]);
    }))
}

#[test]
fn dtypes_are_understood_to_the_last_letter() {
    for letters in
        ["f7", "f", "8", "", "i3", "f8x", "f08", "b2", "é8", "q8", "S-1", "V99999999999999999999"]
    {
        let text = dtype_error(letters, "<");
        assert!(
            text.contains("dtype: expected letters as f8, found the text"),
            "{letters}: {text}"
        );
    }
    for order in ["=", "", "<>", "!"] {
        let text = dtype_error("f8", order);
        assert!(text.contains("byte order: expected <, > or |"), "{order}: {text}");
    }
    assert!(dtype_error("f8", "|").contains("byte order: expected < or >, found None"));
    assert!(dtype_error("S8", "<").contains("byte order: expected |, found Little"));
    assert!(dtype_error("b1", ">").contains("byte order: expected |, found Big"));
    assert!(dtype_error("f16", "<").contains("expected 32 bytes for [2] of <f16"));
    for letters in ["S0", "U0", "V0"] {
        let order = if letters == "U0" { "<" } else { "|" };
        let text = dtype_error(letters, order);
        assert!(text.contains("expected elements of at least one byte"), "{letters}: {text}");
    }
}

/// A field: name, letters, offset.
type Field = (&'static str, &'static str, i64);

/// One structure of `size` bytes with fields, over as many bytes.
fn structure(size: i64, names: &[&str], fields: &[Field], nested: bool) -> Vec<u8> {
    array(|assembler| {
        shape(assembler, &[1]);
        assembler.global("numpy", "dtype").text(&format!("V{size}"));
        assembler.op(Op::NewFalse).op(Op::NewTrue).op(Op::Tuple3).op(Op::Reduce);
        assembler.op(Op::Mark).int(3).text("|").op(Op::None).op(Op::Mark);
        for name in names {
            assembler.text(name);
        }
        assembler.op(Op::Tuple).op(Op::EmptyDict);
        for (name, letters, offset) in fields {
            assembler.text(name);
            if nested {
                assembler.index(Op::Get, 9);
            } else {
                dtype(assembler, letters, if letters.ends_with('1') { "|" } else { "<" });
            }
            assembler.int(*offset).op(Op::Tuple2).op(Op::SetItem);
        }
        assembler.int(size).int(1).int(16).op(Op::Tuple).op(Op::Build);
        assembler.op(Op::NewFalse).bytes(&vec![1; size as usize]);
    })
}

#[test]
fn fields_lie_inside_of_their_structure() {
    let pair: [Field; 2] = [("a", "i4", 0), ("b", "f8", 4)];
    let source = Storage::adopt(structure(12, &["a", "b"], &pair, false));
    let document = read(&source).unwrap();
    let found = document.array(document.root()).unwrap();
    assert_eq!(found.column::<i64>("a").unwrap(), [0x0101_0101]);
    let text = found.column::<f32>("b").unwrap_err().to_string();
    assert!(text.contains("fits f32 in b[0]"), "{text}");
    let text = found.column::<i64>("c").unwrap_err().to_string();
    assert!(text.contains("expected a field c, found fields a, b"), "{text}");

    // Fields may overlap, as numpy allows it; each is read at its own place.
    let overlapping: [Field; 2] = [("a", "i4", 0), ("b", "i4", 2)];
    let source = Storage::adopt(structure(6, &["a", "b"], &overlapping, false));
    let document = read(&source).unwrap();
    let found = document.array(document.root()).unwrap();
    assert_eq!(found.column::<i32>("b").unwrap(), [0x0101_0101]);

    for (size, names, fields, expected) in [
        (11, vec!["a", "b"], pair, "field offset: expected a field that ends within the 11 bytes"),
        (12, vec!["a", "b"], [("a", "i4", -1), ("b", "f8", 4)], "found the integer -1"),
        (12, vec!["a", "b"], [("a", "i4", i64::MAX), ("b", "f8", 4)], "field offset: expected"),
        (12, vec!["a", "c"], pair, "field: expected an entry for its name, found the text \"c\""),
        (12, vec!["a", "a"], pair, "field name: expected each name once"),
        (12, vec!["a", "b"], [("a", "q4", 0), ("b", "f8", 4)], "expected letters as f8"),
    ] {
        let text = array_error(&structure(size, &names, &fields, false));
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn the_sizes_of_letters_and_state_must_agree() {
    let text = array_error(&array(|assembler| {
        shape(assembler, &[1]);
        assembler.global("numpy", "dtype").text("V16").op(Op::NewFalse).op(Op::NewTrue);
        assembler.op(Op::Tuple3).op(Op::Reduce).op(Op::Mark).int(3).text("|");
        assembler.op(Op::None).op(Op::None).op(Op::None).int(8).int(1).int(0);
        assembler.op(Op::Tuple).op(Op::Build).op(Op::NewFalse).bytes(&[0; 16]);
    }));
    assert!(text.contains("item size: expected 16 as in |V16, found the integer 8"), "{text}");
}

#[test]
fn a_dtype_may_not_be_made_of_itself() {
    // The dtype of a field is the structure itself: numpy cannot build that, and we do not follow.
    let text = array_error(&array(|assembler| {
        shape(assembler, &[1]);
        assembler.global("numpy", "dtype").text("V8").op(Op::NewFalse).op(Op::NewTrue);
        assembler.op(Op::Tuple3).op(Op::Reduce).index(Op::Put, 9);
        assembler.op(Op::Mark).int(3).text("|").op(Op::None).text("a").op(Op::Tuple1);
        assembler.op(Op::EmptyDict).text("a").index(Op::Get, 9).int(0).op(Op::Tuple2);
        assembler.op(Op::SetItem).int(8).int(1).int(0).op(Op::Tuple).op(Op::Build);
        assembler.op(Op::NewFalse).bytes(&[0; 8]);
    }));
    assert!(text.contains("field: expected no structure inside of a structure"), "{text}");
}

#[test]
fn one_block_of_bytes_is_not_many_arrays() {
    let mut assembler = Assembler::new();
    assembler.bytes(&[0; 4096]).index(Op::BinPut, 0).op(Op::Pop).op(Op::Mark);
    for _ in 0..100 {
        empty(&mut assembler);
        assembler.op(Op::Mark).int(1);
        shape(&mut assembler, &[4096]);
        dtype(&mut assembler, "u1", "|");
        assembler.op(Op::NewFalse).index(Op::BinGet, 0).op(Op::Tuple).op(Op::Build);
    }
    let bytes = assembler.op(Op::List).op(Op::Stop).finish().unwrap();
    let text = super::error(&bytes);
    let expected =
        format!("arrays: expected at most {} bytes in arrays, each of them once", bytes.len());
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn bytes_of_protocol_0_count_once_whatever_their_characters_are() {
    // numpy spells them as a text of Latin-1, whose upper half is two bytes of UTF-8.
    let mut bytes = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n\
        (I4096\ntcnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\n\
        c_codecs\nencode\n(V"
        .to_vec();
    bytes.extend([0xff; 4096]);
    bytes.extend(b"\nS'latin1'\ntRtb.");
    let source = Storage::adopt(bytes);
    let document = read(&source).unwrap();
    assert_eq!(document.array(document.root()).unwrap().bytes(), [0xff; 4096]);
}

#[test]
fn one_text_may_be_many_elements_but_not_without_end() {
    let labels = |length: usize, count: usize| {
        array(|assembler| {
            shape(assembler, &[count as i64]);
            dtype(assembler, "O8", "|");
            assembler.op(Op::NewFalse).text(&"x".repeat(length)).index(Op::BinPut, 0).op(Op::Pop);
            assembler.op(Op::Mark);
            for _ in 0..count {
                assembler.index(Op::BinGet, 0);
            }
            assembler.op(Op::List);
        })
    };
    let source = Storage::adopt(labels(100, 1000));
    let document = read(&source).unwrap();
    assert_eq!(document.array(document.root()).unwrap().texts().unwrap().len(), 1000);
    let text = super::error(&labels(1 << 20, 1000));
    assert!(text.contains("bytes of text in object arrays"), "{text}");
}

#[test]
fn a_hundred_thousand_levels_of_arrays_are_no_recursion() {
    // Object arrays in object arrays, and dtypes in dtypes by subarrays of subarrays.
    const LEVELS: usize = 100_000;
    let mut assembler = Assembler::new();
    for _ in 0..LEVELS {
        empty(&mut assembler);
        assembler.op(Op::Mark).int(1).int(1).op(Op::Tuple1);
        dtype(&mut assembler, "O8", "|");
        assembler.op(Op::NewFalse).op(Op::EmptyList);
    }
    assembler.op(Op::None);
    for _ in 0..LEVELS {
        assembler.op(Op::Append).op(Op::Tuple).op(Op::Build);
    }
    let source = Storage::adopt(assembler.op(Op::Stop).finish().unwrap());
    let start = Instant::now();
    let document = read(&source).unwrap();
    assert_eq!(document.arrays().count(), LEVELS);
    for node in document.arrays() {
        assert_eq!(document.array(node).unwrap().elements().unwrap().len(), 1);
    }
    drop(document);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn latin_1_is_one_byte_a_character() {
    let spelled = |text: &str, encoding: &str| {
        array(|assembler| {
            shape(assembler, &[2]);
            dtype(assembler, "u1", "|");
            assembler.op(Op::NewFalse).global("_codecs", "encode").text(text).text(encoding);
            assembler.op(Op::Tuple2).op(Op::Reduce);
        })
    };
    let source = Storage::adopt(spelled("a\u{ff}", "latin1"));
    let document = read(&source).unwrap();
    assert_eq!(document.array(document.root()).unwrap().bytes(), b"a\xff");
    assert!(array_error(&spelled("a\u{100}", "latin1")).contains("found U+0100 at its byte 1"));
    assert!(array_error(&spelled("ab", "utf-8")).contains("encoding: expected latin1"));
    assert!(
        array_error(&spelled("abc", "latin1")).contains("expected 2 bytes for [2] of |u1, found 3")
    );
}

#[test]
fn scalars_have_exactly_their_bytes() {
    let scalar = |letters: &str, bytes: &[u8]| {
        let mut assembler = Assembler::new();
        assembler.global("numpy.core.multiarray", "scalar");
        dtype(&mut assembler, letters, if letters.ends_with('1') { "|" } else { "<" });
        let bytes = assembler.bytes(bytes).op(Op::Tuple2).op(Op::Reduce).op(Op::Stop).finish();
        let source = Storage::adopt(bytes.unwrap());
        let document = read(&source).unwrap();
        document.scalar(document.root()).map(|scalar| scalar.as_f64()).map_err(|e| e.to_string())
    };
    assert_eq!(scalar("f8", &2.5f64.to_le_bytes()), Ok(Some(2.5)));
    assert_eq!(scalar("i8", &i64::MAX.to_le_bytes()), Ok(None), "no float holds it");
    assert!(
        scalar("f8", &[0; 7])
            .unwrap_err()
            .contains("scalar: expected 8 bytes of <f8, found 7 bytes")
    );
    assert!(
        scalar("c16", &[0; 16])
            .unwrap_err()
            .contains("scalar: expected a number or a text, found <c16")
    );
    assert!(scalar("M8", &[0; 8]).unwrap_err().contains("found <M8"));
}

/// Looks at all that can be asked of a file.
fn look(bytes: &[u8]) {
    let limits = Limits::default().with(|limits| limits.max_decompressed_bytes = 1 << 24).unwrap();
    let Ok(opened) = open(Storage::adopt(bytes.to_vec()), &limits) else { return };
    let Ok(document) = Document::read(&opened.storage, &[], &limits) else { return };
    let _ = document.require_known_globals();
    let nodes: Vec<_> = document.values().iter().map(|(id, _)| id).collect();
    for node in nodes {
        let _ = document.scalar(node);
        let _ = document.bytes(node);
        let _ = document.dtype(node);
        if document.is_sparse(node) {
            let _ = document.sparse(node).map(|matrix| matrix.rows(&limits));
        }
        let Ok(array) = document.array(node) else { continue };
        let _ = array.to_array(PagePolicy::Heap);
        let _ = (array.as_f64_vec(), array.as_i64_vec(), array.texts());
        for field in &array.dtype().fields {
            let _ = (array.column::<i64>(&field.name), array.column::<f64>(&field.name));
        }
    }
}

#[test]
fn a_changed_byte_gives_an_error_or_other_values() {
    for name in ["numpy2.joblib", "numpy1_p2.pkl", "numpy2_p5.pkl", "small.joblib"] {
        let bytes = std::fs::read(data(name)).unwrap();
        let mut changed = bytes.clone();
        // Not every byte, so that the test is short.
        for at in (0..bytes.len()).step_by(11) {
            for change in [0x01, 0x80, 0xff] {
                changed[at] ^= change;
                look(&changed);
                changed[at] = bytes[at];
            }
        }
    }
}

#[test]
fn no_beginning_of_a_file_is_a_file() {
    for name in ["small.joblib", "numpy2_p5.pkl"] {
        let bytes = std::fs::read(data(name)).unwrap();
        for end in 0..bytes.len() {
            let source = Storage::adopt(bytes[..end].to_vec());
            assert!(read(&source).is_err(), "{name} cut at {end}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_a_file_in_any_order_are_survived(
        cuts in prop::collection::vec((0usize..1125, 0usize..200), 1..8)
    ) {
        let bytes = std::fs::read(data("small.joblib")).unwrap();
        let parts: Vec<&[u8]> = cuts
            .iter()
            .map(|(start, length)| &bytes[*start.min(&bytes.len())..(start + length).min(bytes.len())])
            .collect();
        look(&parts.concat());
    }
}

#[test]
fn numbers_that_python_writes_as_shapes_are_integers() {
    let mut assembler = Assembler::new();
    assembler.write(Op::BinFloat, &Argument::Float(2.0)).op(Op::Tuple1).op(Op::Stop);
    let source = Storage::adopt(assembler.finish().unwrap());
    let document = read(&source).unwrap();
    assert!(matches!(document.values().get(document.root()), Some(Node::Tuple(_))));
    let text = array_error(&array(|assembler| {
        assembler.write(Op::BinFloat, &Argument::Float(2.0)).op(Op::Tuple1);
        dtype(assembler, "f8", "<");
        assembler.op(Op::NewFalse).bytes(&[0; 16]);
    }));
    assert!(text.contains("shape: expected a tuple of lengths, found the float 2.0"), "{text}");
}

/// Writes the state of a `V8` dtype whose element is a subarray of one; `base` writes its dtype.
fn subarray_of_one(assembler: &mut Assembler, base: impl FnOnce(&mut Assembler)) {
    assembler.op(Op::Mark).int(3).text("|");
    base(assembler);
    assembler.int(1).op(Op::Tuple1).op(Op::Tuple2);
    assembler.op(Op::None).op(Op::None).int(8).int(1).int(0).op(Op::Tuple).op(Op::Build);
}

/// Writes `numpy.dtype(letters, False, True)` without a state.
fn bare_dtype(assembler: &mut Assembler, letters: &str) {
    assembler.global("numpy", "dtype").text(letters).op(Op::NewFalse).op(Op::NewTrue);
    assembler.op(Op::Tuple3).op(Op::Reduce);
}

fn over_eight_bytes(write_dtype: impl FnOnce(&mut Assembler)) -> Vec<u8> {
    array(|assembler| {
        shape(assembler, &[1]);
        write_dtype(assembler);
        assembler.op(Op::NewFalse).bytes(&[0; 8]);
    })
}

#[test]
fn dtypes_inside_of_dtypes_are_read_no_deeper_than_numpy_makes_them() {
    const NESTED: &str = "subarray: expected no subarray inside of a subarray, found a tuple of 2";
    let cycle = over_eight_bytes(|assembler| {
        bare_dtype(assembler, "V8");
        assembler.index(Op::BinPut, 1);
        subarray_of_one(assembler, |assembler| {
            assembler.index(Op::BinGet, 1);
        });
    });
    assert!(array_error(&cycle).ends_with(NESTED), "{}", array_error(&cycle));
    let chain = over_eight_bytes(|assembler| {
        bare_dtype(assembler, "f8");
        for _ in 0..50_000 {
            assembler.index(Op::BinPut, 1).op(Op::Pop);
            bare_dtype(assembler, "V8");
            subarray_of_one(assembler, |assembler| {
                assembler.index(Op::BinGet, 1);
            });
        }
    });
    assert!(array_error(&chain).ends_with(NESTED), "{}", array_error(&chain));
    // A structure whose field is itself.
    let structure = over_eight_bytes(|assembler| {
        bare_dtype(assembler, "V8");
        assembler.index(Op::BinPut, 1).op(Op::Mark).int(3).text("|").op(Op::None);
        assembler.text("a").op(Op::Tuple1).op(Op::EmptyDict).text("a");
        assembler.index(Op::BinGet, 1).int(0).op(Op::Tuple2).op(Op::SetItem);
        assembler.int(8).int(1).int(0).op(Op::Tuple).op(Op::Build);
    });
    let error = array_error(&structure);
    assert!(error.contains("expected no structure inside of a structure"), "{error}");
}

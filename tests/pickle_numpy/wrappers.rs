//! joblib's wrappers, and what may stand behind them.

use deadweight::base::Storage;
use deadweight::pickle::{Assembler, Document, Op};

use super::{error, read};

/// One attribute of a wrapper.
#[derive(Clone)]
pub enum Attribute {
    Class(&'static str, &'static str),
    Text(&'static str),
    Shape(Vec<i64>),
    Float64,
    Int(i64),
    None,
}

use Attribute::{Class, Float64, Int, Shape, Text};

/// The attributes of a wrapper around floats, as joblib 1.2 and later writes them.
pub fn attributes(shape: &[i64]) -> Vec<(&'static str, Attribute)> {
    vec![
        ("subclass", Class("numpy", "ndarray")),
        ("shape", Shape(shape.to_vec())),
        ("order", Text("C")),
        ("dtype", Float64),
        ("allow_mmap", Int(1)),
        ("numpy_array_alignment_bytes", Int(16)),
    ]
}

/// Writes `numpy.dtype(letters, False, True)` with a state of the given order.
pub fn dtype(assembler: &mut Assembler, letters: &str, order: &str) {
    assembler.global("numpy", "dtype").text(letters).op(Op::NewFalse).op(Op::NewTrue);
    assembler.op(Op::Tuple3).op(Op::Reduce).op(Op::Mark).int(3).text(order);
    assembler.op(Op::None).op(Op::None).op(Op::None).int(-1).int(-1).int(0);
    assembler.op(Op::Tuple).op(Op::Build);
}

/// Writes a wrapper with its state, and nothing behind it.
pub fn wrapper(assembler: &mut Assembler, attributes: &[(&str, Attribute)]) {
    assembler.global("joblib.numpy_pickle", "NumpyArrayWrapper").op(Op::EmptyTuple).op(Op::NewObj);
    assembler.index(Op::BinPut, 0).op(Op::EmptyDict).index(Op::BinPut, 1).op(Op::Mark);
    for (name, value) in attributes {
        assembler.text(name);
        match value {
            Class(module, name) => drop(assembler.global(module, name)),
            Text(text) => drop(assembler.text(text)),
            Shape(lengths) => {
                assembler.op(Op::Mark);
                for length in lengths {
                    assembler.int(*length);
                }
                assembler.op(Op::Tuple);
            }
            Float64 => dtype(assembler, "f8", "<"),
            Int(number) => drop(assembler.int(*number)),
            Attribute::None => drop(assembler.op(Op::None)),
        }
    }
    assembler.op(Op::SetItems).op(Op::Build);
}

/// A file of one wrapper, with `raw` behind it.
fn file(attributes: &[(&str, Attribute)], raw: &[u8]) -> Vec<u8> {
    let mut assembler = Assembler::new();
    assembler.proto(3);
    wrapper(&mut assembler, attributes);
    assembler.raw(raw).op(Op::Stop).finish().unwrap()
}

/// A changed attribute.
fn with(name: &str, value: Attribute) -> Vec<(&'static str, Attribute)> {
    let mut all = attributes(&[2]);
    all.iter_mut().find(|(key, _)| *key == name).unwrap().1 = value;
    all
}

fn without(name: &str) -> Vec<(&'static str, Attribute)> {
    attributes(&[2]).into_iter().filter(|(key, _)| *key != name).collect()
}

/// Two floats behind padding of three bytes.
fn padded() -> Vec<u8> {
    [b"\x03\xff\xff\xff".as_slice(), &1.5f64.to_le_bytes(), &2.5f64.to_le_bytes()].concat()
}

fn floats(bytes: Vec<u8>) -> Vec<f64> {
    let source = Storage::adopt(bytes);
    let document = read(&source).unwrap();
    assert!(document.is_joblib() && document.is_array(document.root()));
    document.array(document.root()).unwrap().as_f64_vec().unwrap()
}

#[test]
fn bytes_follow_with_and_without_padding() {
    assert_eq!(floats(file(&attributes(&[2]), &padded())), [1.5, 2.5]);
    let raw = &padded()[4..];
    assert_eq!(floats(file(&without("numpy_array_alignment_bytes"), raw)), [1.5, 2.5]);
    let none = with("numpy_array_alignment_bytes", Attribute::None);
    assert_eq!(floats(file(&none, raw)), [1.5, 2.5]);
    assert_eq!(floats(file(&without("allow_mmap"), &padded())), [1.5, 2.5]);
    for class in [("numpy.matrixlib.defmatrix", "matrix"), ("numpy", "memmap")] {
        assert_eq!(floats(file(&with("subclass", Class(class.0, class.1)), &padded())), [1.5, 2.5]);
    }
    let two = with("shape", Shape(vec![1, 2, 1]));
    assert_eq!(floats(file(&two, &padded())), [1.5, 2.5]);
    assert!(floats(file(&with("shape", Shape(vec![0, 7])), b"\x01\xff")).is_empty());
}

#[test]
fn old_module_names_are_the_same_wrapper() {
    for module in ["sklearn.externals.joblib.numpy_pickle", "joblib.numpy_pickle"] {
        let bytes = file(&attributes(&[2]), &padded());
        let name = b"joblib.numpy_pickle";
        let at = bytes.windows(name.len()).position(|part| part == name).unwrap();
        let parts = [&bytes[..at], module.as_bytes(), &bytes[at + name.len()..]];
        assert_eq!(floats(parts.concat()), [1.5, 2.5], "{module}");
    }
}

#[test]
fn wrong_padding_is_refused() {
    for (raw, expected) in [
        (b"\x00".as_slice(), "padding: expected 1 to 16 bytes, found 0"),
        (b"\x11", "padding: expected 1 to 16 bytes, found 17"),
        (b"\x02\xff\x00", "padding: expected bytes of 0xff, found 0x00"),
        (b"\x10", "raw bytes: raw bytes needs 16 bytes, found 1"),
    ] {
        let text = error(&file(&attributes(&[2]), raw));
        assert!(text.contains(expected), "{text}");
    }
    let mut assembler = Assembler::new();
    wrapper(&mut assembler, &attributes(&[2]));
    let text = error(&assembler.finish().unwrap());
    assert!(text.contains("raw bytes needs 1 bytes, found 0"), "{text}");
}

#[test]
fn what_a_wrapper_says_must_be_understood() {
    let mut unknown = attributes(&[2]);
    unknown.push(("secret", Int(1)));
    let mut twice = attributes(&[2]);
    twice.push(("shape", Shape(vec![3])));
    for (attributes, expected) in [
        (with("order", Text("K")), "order: expected C or F, found the text \"K\""),
        (with("order", Int(1)), "order: expected C or F, found the integer 1"),
        (
            with("subclass", Class("os", "system")),
            "array class: expected numpy.ndarray, matrix or memmap, found the name \"system\" of module \"os\"",
        ),
        (with("dtype", Text("f8")), "dtype: expected a numpy dtype, found the text \"f8\""),
        (with("shape", Text("2")), "shape: expected a tuple of lengths, found the text \"2\""),
        (
            with("numpy_array_alignment_bytes", Int(256)),
            "alignment: expected 1 to 255, found the integer 256",
        ),
        (
            with("numpy_array_alignment_bytes", Int(0)),
            "alignment: expected 1 to 255, found the integer 0",
        ),
        (without("shape"), "joblib wrapper: expected the attribute shape, found none"),
        (without("dtype"), "joblib wrapper: expected the attribute dtype, found none"),
        (without("order"), "joblib wrapper: expected the attribute order, found none"),
        (without("subclass"), "joblib wrapper: expected the attribute subclass, found none"),
        (unknown, "expected an attribute that is known, found the text \"secret\""),
        (twice, "expected each attribute once, found the text \"shape\""),
    ] {
        let text = error(&file(&attributes, &padded()));
        assert!(text.contains(expected), "{text}");
        assert!(text.contains(", BUILD: "), "{text}");
    }
}

#[test]
fn shapes_are_compared_with_what_is_there() {
    for (shape, expected) in [
        (vec![3], "raw bytes needs 24 bytes, found 17"),
        (
            vec![i64::MAX],
            "shape: expected what can be addressed, found [9223372036854775807] of <f8",
        ),
        (vec![1 << 32, 1 << 32], "shape: expected what can be addressed"),
        (vec![0, 1 << 40, 1 << 40], "shape: expected what can be addressed"),
        (vec![1 << 50], "raw bytes needs 9007199254740992 bytes, found 17"),
        (vec![-1], "shape: expected a tuple of lengths, found the integer -1"),
        (vec![1; 65], "limit max_dimensions is 64, found more"),
    ] {
        let text = error(&file(&with("shape", Shape(shape)), &padded()));
        assert!(text.contains(expected), "{text}");
    }
    // Fewer bytes than there are: the rest would be instructions.
    assert!(!error(&file(&with("shape", Shape(vec![1])), &padded())).is_empty());
}

#[test]
fn a_wrapper_is_made_in_one_way() {
    let state = |assembler: &mut Assembler| {
        assembler.op(Op::EmptyDict).op(Op::Build).op(Op::Stop);
    };
    let mut called = Assembler::new();
    called.global("joblib.numpy_pickle", "NumpyArrayWrapper").op(Op::EmptyTuple).op(Op::Reduce);
    state(&mut called);
    let mut given = Assembler::new();
    given.global("joblib.numpy_pickle", "NumpyArrayWrapper").int(1).op(Op::Tuple1).op(Op::NewObj);
    state(&mut given);
    for mut assembler in [called, given] {
        let text = error(&assembler.finish().unwrap());
        assert!(text.contains("found a wrapper that was made in another way"), "{text}");
    }
    let mut assembler = Assembler::new();
    assembler.global("joblib.numpy_pickle", "NumpyArrayWrapper").op(Op::EmptyTuple).op(Op::NewObj);
    let text = error(&assembler.int(1).op(Op::Build).op(Op::Stop).finish().unwrap());
    assert!(text.contains("expected a dict of its attributes, found the integer 1"), "{text}");
}

/// A file of a wrapper with its bytes, and `then` behind them.
fn followed(then: impl FnOnce(&mut Assembler)) -> Vec<u8> {
    let mut assembler = Assembler::new();
    wrapper(&mut assembler, &attributes(&[2]));
    assembler.raw(&padded());
    then(&mut assembler);
    assembler.op(Op::Stop).finish().unwrap()
}

#[test]
fn an_array_is_not_changed_once_it_is_there() {
    let text = error(&followed(|assembler| {
        assembler.op(Op::EmptyDict).op(Op::Build);
    }));
    assert!(text.contains(", BUILD: another state for"), "{text}");
    // The state of the wrapper, the list of its shape and all below have been used.
    let text = error(&followed(|assembler| {
        assembler.op(Op::Pop).index(Op::BinGet, 1).text("order").text("F").op(Op::SetItem);
    }));
    assert!(text.contains("SETITEM: a change of a dict of 7 is refused"), "{text}");
}

#[test]
fn who_memoized_the_wrapper_has_a_wrapper_and_no_array() {
    // joblib puts the array in place of the wrapper on the stack, not in the memo.
    let source = Storage::adopt(followed(|assembler| {
        assembler.index(Op::BinGet, 0).op(Op::Tuple2);
    }));
    let document = read(&source).unwrap();
    let Some(deadweight::pickle::Node::Tuple(both)) = document.values().get(document.root()) else {
        panic!("no tuple")
    };
    assert_eq!(document.array(both[0]).unwrap().as_f64_vec().unwrap(), [1.5, 2.5]);
    assert!(document.is_array(both[0]) && !document.is_array(both[1]));
    let text = document.array(both[1]).unwrap_err().to_string();
    assert!(
        text.contains(
            "array: expected a numpy array, found an object made by the name \"NumpyArrayWrapper\""
        ),
        "{text}"
    );
}

/// A wrapper of objects, with `inside` as the pickle that follows.
fn objects(inside: &[u8]) -> Vec<u8> {
    let mut assembler = Assembler::new();
    assembler.global("joblib.numpy_pickle", "NumpyArrayWrapper").op(Op::EmptyTuple).op(Op::NewObj);
    assembler.op(Op::EmptyDict).op(Op::Mark);
    assembler.text("subclass").global("numpy", "ndarray").text("order").text("C");
    assembler.text("shape").int(1).op(Op::Tuple1).text("dtype");
    dtype(&mut assembler, "O8", "|");
    assembler.op(Op::SetItems).op(Op::Build).raw(inside).op(Op::Stop).finish().unwrap()
}

#[test]
fn objects_follow_as_a_pickle_of_their_own() {
    let source = Storage::adopt(objects(b"K\x07."));
    let document = read(&source).unwrap();
    assert_eq!(document.values().describe(document.root()), "the integer 7");
    assert_eq!(document.pickles().len(), 1);
    let mut assembler = Assembler::new();
    wrapper(&mut assembler, &attributes(&[2]));
    let inner = assembler.raw(&padded()).op(Op::Stop).finish().unwrap();
    let text = error(&objects(&inner));
    assert!(text.contains("a joblib wrapper in an object array is refused"), "{text}");
    let text = error(&objects(b"NK\x07."));
    assert!(text.contains("stack: expected the result alone, found 1 values below it"), "{text}");
    let text = error(&objects(b"K\x07"));
    assert!(text.contains("expected an opcode"), "{text}");
}

#[test]
fn the_reader_bears_no_nesting_of_its_own() {
    // A wrapper of objects in a wrapper of objects in ...: refused at the second one.
    let mut bytes = b"N.".to_vec();
    for _ in 0..100 {
        bytes = objects(&bytes);
    }
    assert!(error(&bytes).contains("a joblib wrapper in an object array is refused"));
}

#[test]
fn many_arrays_are_read_without_their_bytes() {
    // A hundred arrays of 64 kB: nothing of them is looked at until it is asked for.
    const COUNT: usize = 100;
    let mut assembler = Assembler::new();
    assembler.op(Op::Mark);
    let numbers = vec![0u8; 64 << 10];
    for _ in 0..COUNT {
        wrapper(&mut assembler, &attributes(&[8 << 10]));
        let padding = 16 - (assembler.len() + 1) % 16;
        assembler.raw(&[padding as u8]).raw(&vec![0xff; padding]).raw(&numbers);
    }
    let source = Storage::adopt(assembler.op(Op::List).op(Op::Stop).finish().unwrap());
    let document: Document = read(&source).unwrap();
    assert_eq!(document.arrays().count(), COUNT);
    for node in document.arrays() {
        let array = document.array(node).unwrap().to_array(Default::default()).unwrap();
        assert!(source.range_of(array.as_bytes()).is_some());
    }
}

/// An array of bytes, as joblib before 1.2 wrote them, with text values below and behind it.
fn chosen_bytes(raw: &[u8]) -> Vec<u8> {
    let mut all = attributes(&[raw.len() as i64 / 8]);
    all.retain(|(name, _)| *name != "numpy_array_alignment_bytes");
    let mut assembler = Assembler::new();
    assembler.proto(3).text("posix").index(Op::BinPut, 7).text("system").index(Op::BinPut, 8);
    wrapper(&mut assembler, &all);
    assembler.raw(raw).op(Op::Tuple3).op(Op::Stop).finish().unwrap()
}

fn to_whole_words(instructions: &[u8]) -> Vec<u8> {
    let mut raw = instructions.to_vec();
    raw.resize(raw.len().next_multiple_of(8), 0);
    raw
}

#[test]
fn what_pickle_would_import_from_the_bytes_of_an_array_is_refused() {
    for (instructions, name) in [
        (&b"0cposix\nsystem\n(Vid\ntR."[..], "GLOBAL: the name \"system\" of module \"posix\""),
        (b"(ios\nsystem\n.", "INST: the name \"system\" of module \"os\""),
        (b"0\x93.", "STACK_GLOBAL: the name \"system\" of module \"posix\""),
        (b"h\x07h\x08\x93)R.", "STACK_GLOBAL: the name \"system\" of module \"posix\""),
        (b"I 0_1 \ncos\nabort\n)R.", "GLOBAL: the name \"abort\" of module \"os\""),
        (b"S'os'\nS'abort'\n\x93.", "STACK_GLOBAL: a name"),
    ] {
        let error = error(&chosen_bytes(&to_whole_words(instructions)));
        let rest = " in the bytes of an array is refused; Python's pickle.load would take them for instructions";
        assert!(error.ends_with(&format!("{name}{rest}")), "{error}");
    }
}

#[test]
fn arrays_that_happen_to_be_instructions_are_numbers() {
    let whole: Vec<u8> = [99i64, 10, 10, 46].iter().flat_map(|n| n.to_le_bytes()).collect();
    let floats: Vec<u8> = [1.0f64, f64::NAN, -0.0].iter().flat_map(|n| n.to_le_bytes()).collect();
    for raw in [
        whole,
        floats,
        // STOP at once, a known name, an extension that nobody has, a persistent object.
        to_whole_words(b"."),
        to_whole_words(b"cnumpy\nndarray\n."),
        to_whole_words(b"\x82\x01cos\nsystem\n."),
        to_whole_words(b"Pid\ncos\nsystem\n."),
        vec![b'N'; 1 << 23],
        vec![0x94; 1 << 23],
    ] {
        let source = Storage::adopt(chosen_bytes(&raw));
        let document = read(&source).unwrap();
        assert_eq!(document.arrays().count(), 1);
    }
}

#[test]
fn a_wrapper_has_each_attribute_once() {
    let mut all = attributes(&[2]);
    all.push(("allow_mmap", Int(1)));
    let error = error(&file(&all, &[0; 16]));
    assert!(error.contains("joblib wrapper: expected each attribute once"), "{error}");
}

/// An object array, whose nested pickle asks for its own texts 0 and 1 as a name, where the file
/// has others as 0 and 1.
fn object_array(outer: [&str; 2]) -> Vec<u8> {
    let mut assembler = Assembler::new();
    assembler.proto(3).text(outer[0]).index(Op::BinPut, 0);
    assembler.text(outer[1]).index(Op::BinPut, 1);
    assembler.global("joblib.numpy_pickle", "NumpyArrayWrapper").op(Op::EmptyTuple).op(Op::NewObj);
    assembler.op(Op::EmptyDict).op(Op::Mark);
    assembler.text("subclass").global("numpy", "ndarray").text("shape").int(1).op(Op::Tuple1);
    assembler.text("order").text("C").text("dtype");
    dtype(&mut assembler, "O8", "|");
    assembler.op(Op::SetItems).op(Op::Build);
    // The nested pickle, with a memo of its own.
    assembler.proto(4).raw(b"\x8c\x05numpy\x94\x8c\x07ndarray\x94h\x00h\x01\x93");
    assembler.op(Op::Tuple3).op(Op::Stop);
    assembler.op(Op::Tuple3).op(Op::Stop).finish().unwrap()
}

#[test]
fn nested_pickles_that_would_ask_for_other_words_are_refused_only_where_these_run_code() {
    let with = |outer: [&str; 2]| {
        let source = Storage::adopt(object_array(outer));
        read(&source).map(|document| document.unknown_globals().count())
    };
    assert_eq!(with(["categories", "dtype"]), Ok(0));
    let error = with(["posix", "system"]).unwrap_err().to_string();
    assert!(error.contains("STACK_GLOBAL: the name \"system\" of module \"posix\""), "{error}");
}

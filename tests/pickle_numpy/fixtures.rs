//! What numpy, scipy and joblib wrote, value by value.

use deadweight::base::{Array, DType, Limits, PagePolicy, Storage};
use deadweight::pickle::numpy::{Data, Number, Order};
use deadweight::pickle::{Document, Node, NodeId, NumpyArray, Scalar, open};
use serde_json::{Value, json};

use super::{data, file, read};

/// The files that hold all values.
const FILES: [&str; 22] = [
    "numpy1.joblib",
    "numpy1.zlib.joblib",
    "numpy1_p0.joblib",
    "numpy1_p0.pkl",
    "numpy1_p1.pkl",
    "numpy1_p2.joblib",
    "numpy1_p2.pkl",
    "numpy1_p3.pkl",
    "numpy1_p4.pkl",
    "numpy1_p5.pkl",
    "numpy2.joblib",
    "numpy2_p0.joblib",
    "numpy2_p0.pkl",
    "numpy2_p1.pkl",
    "numpy2_p2.joblib",
    "numpy2_p2.pkl",
    "numpy2_p3.pkl",
    "numpy2_p4.pkl",
    "numpy2_p5.pkl",
    "python2.joblib",
    "python2_p1.pkl",
    "python2_p2.pkl",
];

fn hex(number: f64) -> Value {
    json!(format!("{:016x}", number.to_bits()))
}

/// The elements of a neutral array in the notation of expected.json.
fn elements(array: &Array) -> Vec<Value> {
    macro_rules! integers {
        ($type:ty) => {
            array.as_slice::<$type>().unwrap().iter().map(|n| json!(n.to_string())).collect()
        };
    }
    match array.dtype() {
        DType::F64 => array.as_slice::<f64>().unwrap().iter().map(|n| hex(*n)).collect(),
        DType::F32 => array.as_slice::<f32>().unwrap().iter().map(|n| hex((*n).into())).collect(),
        DType::F16 => {
            array.as_slice::<half::f16>().unwrap().iter().map(|n| hex((*n).into())).collect()
        }
        DType::I64 => integers!(i64),
        DType::I32 => integers!(i32),
        DType::I16 => integers!(i16),
        DType::I8 => integers!(i8),
        DType::U64 => integers!(u64),
        DType::U32 => integers!(u32),
        DType::U16 => integers!(u16),
        DType::U8 => integers!(u8),
        DType::Bool => array.bools().unwrap().into_iter().map(Value::from).collect(),
        DType::Text => array.texts().unwrap().into_iter().map(Value::from).collect(),
        DType::Bf16 => panic!("numpy has no bfloat16"),
    }
}

fn check_array(place: &str, array: &NumpyArray, expected: &Value) {
    assert_eq!(expected["dtype"], array.dtype().notation(), "{place}");
    assert_eq!(expected["shape"], json!(array.shape()), "{place}");
    let neutral = array.to_array(PagePolicy::Auto).unwrap_or_else(|e| panic!("{place}: {e}"));
    assert_eq!(neutral.shape(), array.shape(), "{place}");
    assert_eq!(expected["values"], json!(elements(&neutral)), "{place}");
    if neutral.dtype() != DType::Text {
        let floats = array.as_f64_vec();
        if let DType::F64 | DType::F32 | DType::F16 = neutral.dtype() {
            let floats: Vec<Value> = floats.unwrap().into_iter().map(hex).collect();
            assert_eq!(expected["values"], json!(floats), "{place}");
        } else if let (Ok(floats), Ok(integers)) = (floats, array.as_i64_vec()) {
            let whole: Vec<f64> = integers.iter().map(|number| *number as f64).collect();
            assert_eq!(floats, whole, "{place}");
        }
    }
}

fn check_columns(place: &str, array: &NumpyArray, expected: &Value) {
    assert_eq!(expected["size"], json!(array.dtype().item_size), "{place}");
    assert_eq!(expected["shape"], json!(array.shape()), "{place}");
    let columns = expected["columns"].as_object().unwrap();
    assert_eq!(columns.len(), array.dtype().fields.len(), "{place}");
    for (name, values) in columns {
        let field = array.field(name).unwrap();
        if field.dtype.subarray.is_some() {
            assert_eq!(field.dtype.subarray.as_deref(), Some([2].as_slice()), "{place}");
            assert!(array.column::<f64>(name).is_err(), "{place}");
            continue;
        }
        let floats = array.column::<f64>(name).unwrap();
        let found: Vec<Value> = match values[0] {
            Value::Bool(_) => {
                let numbers = array.column::<u8>(name).unwrap();
                numbers.into_iter().map(|n| json!(n != 0)).collect()
            }
            _ if values[0].as_str().unwrap().len() == 16 => floats.into_iter().map(hex).collect(),
            _ => {
                let numbers = array.column::<i64>(name).unwrap();
                let whole: Vec<f64> = numbers.iter().map(|number| *number as f64).collect();
                assert_eq!(floats, whole, "{place}");
                numbers.into_iter().map(|number| json!(number.to_string())).collect()
            }
        };
        assert_eq!(*values, json!(found), "{place}.{name}");
    }
}

fn check_scalar(place: &str, scalar: &Scalar, expected: &Value) {
    let found = match scalar {
        Scalar::Text(text) => json!(text),
        Scalar::Number(Number::Bool(value)) => json!(value),
        Scalar::Number(Number::Int(number)) => json!(number.to_string()),
        Scalar::Number(Number::Uint(number)) => json!(number.to_string()),
        Scalar::Number(Number::Float(number)) => hex(*number),
    };
    assert_eq!(expected["scalar"], found, "{place}");
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(data("expected.json")).unwrap()).unwrap()
}

fn entry(document: &Document, name: &str) -> NodeId {
    let found = document.values().entry(document.root(), name);
    found.unwrap_or_else(|| panic!("no {name}"))
}

fn with_each_file(check: impl Fn(&str, &Document)) {
    for name in FILES {
        let opened = open(file(name), &Limits::default()).unwrap();
        assert_eq!(opened.compression.is_some(), name.contains("zlib"), "{name}");
        let document = read(&opened.storage).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(document.is_joblib(), name.ends_with(".joblib"), "{name}");
        assert_eq!(document.pickles().len(), 1, "{name}");
        check(name, &document);
    }
}

#[test]
fn every_library_version_and_protocol_holds_the_same_values() {
    let expected = expected();
    let expected = expected.as_object().unwrap();
    assert_eq!(expected.len(), 58);
    with_each_file(|file, document| {
        for (name, expected) in expected {
            let (node, place) = (entry(document, name), format!("{file} {name}"));
            if expected.get("scalar").is_some() {
                let scalar = document.scalar(node).unwrap_or_else(|e| panic!("{place}: {e}"));
                check_scalar(&place, &scalar, expected);
                continue;
            }
            assert!(document.is_array(node), "{place}");
            let array = document.array(node).unwrap_or_else(|error| panic!("{place}: {error}"));
            match expected.get("columns") {
                Some(_) => check_columns(&place, &array, expected),
                None => check_array(&place, &array, expected),
            }
        }
    });
}

#[test]
fn what_is_no_neutral_array_says_so_and_can_still_be_looked_at() {
    with_each_file(|file, document| {
        let values = document.values();
        let mixed = document.array(entry(document, "mixed")).unwrap();
        let elements = mixed.elements().unwrap();
        let kinds: Vec<String> = elements.iter().map(|id| values.describe(*id)).collect();
        assert_eq!(kinds[..3], ["the integer 1", "the float 2.5", "None"], "{file}");
        assert!(kinds[3].ends_with("\"a\""), "{file} {}", kinds[3]);
        let error = mixed.to_array(PagePolicy::Auto).unwrap_err().to_string();
        assert!(error.contains("expected a text as element 0, found the integer 1"), "{error}");

        let nested = document.array(entry(document, "nested")).unwrap();
        let [numbers, words] = nested.elements().unwrap() else { panic!("{file}") };
        assert_eq!(document.array(*numbers).unwrap().as_i64_vec().unwrap(), [0, 1, 2], "{file}");
        assert_eq!(document.array(*words).unwrap().texts().unwrap(), ["x"], "{file}");

        for name in ["shared_1", "shared_2"] {
            let array = document.array(entry(document, name)).unwrap();
            assert_eq!(array.as_f64_vec().unwrap(), [0.0, 1.0, 2.0, 3.0], "{file}");
        }
        for (name, expected) in [
            ("complex", "expected numbers or texts, found <c16"),
            ("dates", "expected numbers or texts, found <M8"),
            ("bytes_latin", "element 0, found bytes that are not ASCII: \"\\xe9\""),
            ("packed", "expected numbers or texts, found |V17"),
        ] {
            let array = document.array(entry(document, name)).unwrap();
            let error = array.to_array(PagePolicy::Auto).unwrap_err().to_string();
            assert!(error.contains(expected), "{file} {name}: {error}");
        }
        let masked = entry(document, "masked");
        assert!(!document.is_array(masked), "{file}");
        let error = document.array(masked).unwrap_err().to_string();
        assert!(error.contains("a masked array is refused"), "{file}: {error}");
    });
}

#[test]
fn bytes_dtypes_and_classes_are_read_in_every_spelling() {
    with_each_file(|file, document| {
        let bytes = document.bytes(entry(document, "plain_bytes")).unwrap();
        assert_eq!(bytes.as_ref(), b"\0\xe9\xff", "{file}");
        assert_eq!(document.bytes(entry(document, "plain_no_bytes")).unwrap().len(), 0, "{file}");
        let dtype = document.dtype(entry(document, "dtype")).unwrap();
        assert_eq!(dtype.notation(), ">f4", "{file}");
        let class = document.values().get(entry(document, "dtype_class"));
        let Some(Node::Global(global)) = class else { panic!("{file}") };
        let dtype = deadweight::pickle::numpy::names::of_scalar_type(&global.module, &global.name);
        assert_eq!(dtype.unwrap().notation(), "<f8", "{file}");
    });
}

#[test]
fn every_name_in_the_files_is_known() {
    with_each_file(|file, document| {
        document.require_known_globals().unwrap_or_else(|error| panic!("{file}: {error}"));
    });
}

#[test]
fn sparse_matrices_of_all_versions_are_the_same() {
    with_each_file(|file, document| {
        for format in ["csr", "csc", "coo"] {
            for class in ["", "_array"] {
                let name = format!("sparse_{format}{class}");
                let Some(node) = document.values().entry(document.root(), &name) else {
                    assert!(class == "_array" && !file.starts_with("numpy2"), "{file} {name}");
                    continue;
                };
                assert!(document.is_sparse(node) && !document.is_array(node), "{file} {name}");
                let matrix = document.sparse(node).unwrap_or_else(|e| panic!("{file}: {e}"));
                let rows = matrix.rows(&Limits::default()).unwrap();
                assert_eq!(rows.shape, [3, 4], "{file} {name}");
                assert_eq!(rows.pointers, [0, 1, 1, 3], "{file} {name}");
                assert_eq!(rows.indices, [1, 0, 2], "{file} {name}");
                assert_eq!(rows.values, [1.5, 2.5, -1.0], "{file} {name}");
            }
        }
        for format in ["lil", "dia", "bsr"] {
            let node = entry(document, &format!("sparse_{format}"));
            assert!(document.is_sparse(node), "{file} {format}");
            let error = document.sparse(node).unwrap_err().to_string();
            assert!(error.contains("expected csr, csc or coo"), "{file} {format}: {error}");
        }
    });
}

#[test]
fn aligned_arrays_are_borrowed_from_the_file() {
    let source = file("numpy2.joblib");
    let document = read(&source).unwrap();
    for (name, borrowed) in [
        ("c_order", true),
        ("<f4", true),
        ("bool", true),
        ("empty", true),
        ("one_row_fortran", true),
        ("fortran", false),
        (">f8", false),
    ] {
        let array = document.array(entry(&document, name)).unwrap();
        let Data::Borrowed { start, .. } = array.data() else { panic!("{name} was copied") };
        // joblib puts the bytes to a multiple of 16 from the start of the file.
        assert_eq!(start % 16, 0, "{name}");
        let neutral = array.to_array(PagePolicy::Auto).unwrap();
        let inside = source.range_of(neutral.as_bytes());
        let expected = borrowed.then_some(*start..*start + neutral.byte_len());
        assert_eq!(inside, expected, "{name}");
    }
    let array = document.array(entry(&document, "fortran")).unwrap();
    assert_eq!(*array.order(), Order::Fortran);
}

#[test]
fn what_is_borrowed_outlives_the_document() {
    let array = {
        let source = file("numpy2.joblib");
        let document = read(&source).unwrap();
        let array = document.array(entry(&document, "c_order")).unwrap();
        array.to_array(PagePolicy::Auto).unwrap()
    };
    assert_eq!(array.as_slice::<f64>().unwrap()[23], 23.0 / 8.0);
}

#[test]
fn buffers_may_lie_beside_the_file() {
    let expected = expected();
    let source = file("buffers_p5.pkl");
    let buffers: Vec<Storage> =
        (0..5).map(|number| file(&format!("buffers_p5.{number}.bin"))).collect();
    let document = Document::read(&source, &buffers, &Limits::default()).unwrap();
    for name in ["c_order", "fortran", "axes", "<f4"] {
        let array = document.array(entry(&document, name)).unwrap();
        check_array(name, &array, &expected[name]);
    }
    let array = document.array(entry(&document, "c_order")).unwrap();
    let neutral = array.to_array(PagePolicy::Auto).unwrap();
    assert_eq!(buffers[0].range_of(neutral.as_bytes()), Some(0..192));
    // One buffer too few is found when its array is asked for.
    let document = Document::read(&source, &buffers[..4], &Limits::default()).unwrap();
    let error = document.array(entry(&document, "shared_1")).unwrap_err().to_string();
    assert!(error.contains("one that came with the file, found buffer 4 of 4"), "{error}");
}

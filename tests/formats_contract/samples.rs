//! Parameters that are awkward to store, and what a format may lose of them.

use std::sync::OnceLock;

use deadweight::base::{Array, DType, Element, Metadata, PagePolicy, Parameters, Value};
use deadweight::formats::{Format, Loss};
use half::{bf16, f16};

/// Parameters with a name for messages.
pub struct Sample {
    pub name: &'static str,
    pub parameters: Parameters,
}

/// Every awkward sample, smallest worries first.
pub fn awkward() -> &'static [Sample] {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let sample = |(name, parameters)| Sample { name, parameters };
        [
            ("nothing", Parameters::new("arrays", 0)),
            ("kind", Parameters::new("Äpfel \"und\" \0\n🦀", u32::MAX)),
            ("empty kind", Parameters::new("", 1)),
            ("floats", floats()),
            ("quiet NaN", nans(&QUIET_64, &QUIET_32)),
            ("signalling NaN of 32 bits", nans(&[], &SIGNALLING_32)),
            ("signalling NaN of 64 bits", nans(&SIGNALLING_64, &[])),
            ("halves", halves()),
            ("integers", integers()),
            ("bools", bools()),
            ("texts", texts()),
            ("empty arrays", empty_arrays()),
            ("no dimensions", no_dimensions()),
            ("many dimensions", many_dimensions()),
            ("names", names()),
            ("metadata", Parameters::new("arrays", 1).with_metadata(metadata())),
            ("deep metadata", deep_metadata(64)),
        ]
        .map(sample)
        .into()
    })
}

/// The sample of a name.
pub fn awkward_sample(name: &str) -> &'static Parameters {
    &awkward().iter().find(|sample| sample.name == name).unwrap().parameters
}

/// What a round trip through a format gives: the same but for what the format declares to lose;
/// `None` where it declares that saving fails.
pub fn expected(format: &dyn Format, parameters: &Parameters) -> Option<Parameters> {
    let losses = format.descriptor().losses;
    let mut kept = Parameters::new(parameters.kind(), parameters.layout_version())
        .with_metadata(parameters.metadata().clone());
    for (name, array) in parameters.arrays() {
        if losses.contains(&Loss::NanRefused) && has_nan(array) {
            return None;
        }
        let mut array = array.clone();
        if losses.contains(&Loss::NanPayload) {
            array = mapped::<u64, f64>(&array, |v| if v.is_nan() { 0x7ff8 << 48 } else { bits(v) });
            array = mapped::<u32, f32>(&array, |v| if v.is_nan() { 0x7fc0 << 16 } else { bits(v) });
        }
        if losses.contains(&Loss::SignallingNan32) {
            let quiet = |v: f32| if v.is_nan() { v.to_bits() | 1 << 22 } else { v.to_bits() };
            array = mapped::<u32, f32>(&array, quiet);
        }
        kept.insert(name, array).unwrap();
    }
    Some(kept)
}

fn bits<T: Element, B: Element>(value: T) -> B {
    bytemuck::cast(value)
}

fn has_nan(array: &Array) -> bool {
    match array.dtype() {
        DType::F64 => array.as_slice::<f64>().unwrap().iter().any(|value| value.is_nan()),
        DType::F32 => array.as_slice::<f32>().unwrap().iter().any(|value| value.is_nan()),
        _ => false,
    }
}

/// The array with each element changed to other bits, where its elements are of type `T`.
fn mapped<B: Element, T: Element>(array: &Array, change: impl Fn(T) -> B) -> Array {
    if array.dtype() != T::DTYPE {
        return array.clone();
    }
    let changed: Vec<B> = array.as_slice::<T>().unwrap().iter().map(|v| change(*v)).collect();
    let bytes = bytemuck::cast_slice(&changed);
    Array::copied_from(T::DTYPE, array.shape(), bytes, PagePolicy::Heap).unwrap()
}

/// Quiet NaN of 64 bits: the usual one, others, both signs.
const QUIET_64: [u64; 5] =
    [0x7ff8 << 48, 0xfff8 << 48, 0x7ff8_dead_beef_0001, u64::MAX, 0x7ff8_0000_0000_0001];
/// Quiet NaN of 32 bits.
const QUIET_32: [u32; 4] = [0x7fc0 << 16, 0xffc0 << 16, 0x7fc0_1234, u32::MAX];
/// Signalling NaN of 64 bits; the second has a payload that 32 bits could hold.
const SIGNALLING_64: [u64; 3] = [0x7ff0_0000_0000_0001, 0xfff4_0000_0000_0000, 0x7ff7 << 48];
/// Signalling NaN of 32 bits.
const SIGNALLING_32: [u32; 3] = [0x7f80_0001, 0xffa0_0000, 0x7fbf_ffff];

pub fn array<T: Element>(values: &[T], shape: &[usize]) -> Array {
    Array::from_vec(values.to_vec(), shape).unwrap()
}

/// Parameters of kind `arrays`.
pub fn parameters<N: Into<String>>(arrays: impl IntoIterator<Item = (N, Array)>) -> Parameters {
    let mut parameters = Parameters::new("arrays", 1);
    for (name, array) in arrays {
        parameters.insert(name, array).unwrap();
    }
    parameters
}

/// An array of NaN among numbers.
fn nans(of_64: &[u64], of_32: &[u32]) -> Parameters {
    let mut wide = vec![1.5f64];
    wide.extend(of_64.iter().map(|bits| f64::from_bits(*bits)));
    let mut single = vec![-0.0f32];
    single.extend(of_32.iter().map(|bits| f32::from_bits(*bits)));
    let (wide_len, single_len) = (wide.len(), single.len());
    parameters([("f64", array(&wide, &[wide_len])), ("f32", array(&single, &[1, single_len]))])
}

fn floats() -> Parameters {
    let smallest = 5e-324f64;
    let wide = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, smallest, -smallest]
        .into_iter()
        .chain([f64::MIN_POSITIVE, 2.225073858507201e-308, f64::MAX, f64::MIN, f64::EPSILON])
        .chain([0.1 + 0.2, 1.0 / 3.0, 65504.0, 65520.0, f32::MAX.into(), 1e16, 1e17, 1e22, 1e-7])
        .chain([9007199254740993.0, 123456789.0, -1.5, 1e300, 1.7976931348623155e308]);
    let wide: Vec<f64> = wide.collect();
    let single = [0.0f32, -0.0, f32::INFINITY, f32::NEG_INFINITY, 1e-45, -1e-45, 1.1754942e-38]
        .into_iter()
        .chain([f32::MIN_POSITIVE, f32::MAX, f32::MIN, f32::EPSILON, 0.1, 1.0 / 3.0, 16777216.0])
        .chain([65504.0, 3.4028233e38, 1e10]);
    let single: Vec<f32> = single.collect();
    let (wide_len, single_len) = (wide.len(), single.len());
    parameters([("f64", array(&wide, &[wide_len])), ("f32", array(&single, &[single_len]))])
}

/// Every bit pattern that the two types of 16 bits have.
fn halves() -> Parameters {
    let f16s: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
    let bf16s: Vec<bf16> = (0..=u16::MAX).map(bf16::from_bits).collect();
    parameters([("f16", array(&f16s, &[256, 256])), ("bf16", array(&bf16s, &[65536]))])
}

fn integers() -> Parameters {
    macro_rules! extremes {
        ($($integer:ident),*) => {
            parameters([$((stringify!($integer), {
                // Around each power of two: lengths of variable-length numbers change there.
                let mut values = vec![$integer::MIN, $integer::MAX, 0, 123, 127];
                // The marks of bincode's wide numbers.
                values.extend([250u8, 251, 252, 253, 254].map(|value| value as $integer));
                for power in 0..$integer::BITS {
                    let power = (1 as $integer) << power;
                    values.extend([power, power.wrapping_sub(1), power.wrapping_neg()]);
                }
                let length = values.len();
                array(&values, &[length])
            })),*])
        };
    }
    extremes!(i64, i32, i16, i8, u64, u32, u16, u8)
}

fn bools() -> Parameters {
    let many: Vec<bool> = (0..133).map(|i| i % 3 == 0).collect();
    parameters([
        ("none", Array::from_bools(&[], &[0]).unwrap()),
        ("yes", Array::from_bools(&[true], &[]).unwrap()),
        ("many", Array::from_bools(&many, &[7, 19]).unwrap()),
    ])
}

fn texts() -> Parameters {
    let texts = |texts: &[&str], shape: &[usize]| Array::from_texts(texts, shape).unwrap();
    let long = "Grüße, 世界! ".repeat(50_000);
    parameters([
        ("none", texts(&[], &[0])),
        ("empty", texts(&["", ""], &[2])),
        ("one", texts(&["alone"], &[])),
        ("words", texts(&["a", "naïve", "日本語", "🦀", "", "x\ty\r\n"], &[2, 3])),
        ("zeros", texts(&["\0", "a\0", "\0b", "\0\0"], &[4])),
        ("quotes", texts(&["\"", "'", "\\", "\u{7f}\u{1b}[0m\u{2028}\u{feff}"], &[4])),
        ("long", texts(&["short", &long], &[2])),
        ("uneven", texts(&["x".repeat(5000).as_str(), "y"], &[1, 2])),
    ])
}

/// An array of each dtype with the shape; zeros, false, empty texts.
fn of_each_dtype(shape: &[usize]) -> Vec<(String, Array)> {
    let elements: usize = shape.iter().product();
    let array = |dtype: DType| {
        let size = dtype.item_size().map_or((elements + 1) * 8, |size| size * elements);
        Array::copied_from(dtype, shape, &vec![0; size], PagePolicy::Heap).unwrap()
    };
    DType::ALL.iter().map(|dtype| (format!("{dtype} {shape:?}"), array(*dtype))).collect()
}

fn empty_arrays() -> Parameters {
    let shapes: [&[usize]; 5] = [&[0], &[0, 3], &[3, 0], &[0, 0], &[2, 0, 5]];
    let mut arrays: Vec<_> = shapes.into_iter().flat_map(of_each_dtype).collect();
    // A length that is multiplied by zero may be large.
    let wide = Array::from_vec(Vec::<f64>::new(), &[0, 1 << 40]).unwrap();
    arrays.push(("wide".to_owned(), wide));
    // Something between them, so that nothing is at its place by accident.
    arrays.insert(7, ("between".to_owned(), array(&[1u8, 2, 3], &[3])));
    parameters(arrays)
}

fn no_dimensions() -> Parameters {
    let mut arrays = of_each_dtype(&[]);
    arrays.push(("pi".to_owned(), array(&[std::f64::consts::PI], &[])));
    parameters(arrays)
}

fn many_dimensions() -> Parameters {
    let mut shape = vec![1; 64];
    shape[63] = 3;
    shape[5] = 2;
    parameters([("64", array(&[1i16, 2, 3, 4, 5, 6], &shape)), ("5", array(&[7u8], &[1; 5]))])
}

fn names() -> Parameters {
    let long = "n".repeat(4096);
    let names = [
        "",
        ".",
        "..",
        "steps.1.coef",
        "a/b",
        "/absolute",
        "../../up",
        "a\\b",
        "c:\\d",
        "folder/",
        " space ",
        "tab\tnew\nline",
        "quote\"s'",
        "zero\0",
        "naïve",
        "na\u{69}\u{308}ve",
        "日本語",
        "🦀",
        "coef.npy",
        "coef",
        "COEF",
        "__proto__",
        "deadweight",
        "format",
        "$float",
        "{}",
        "%s%n",
        &long,
    ];
    let arrays = names.iter().enumerate().map(|(i, name)| (*name, array(&[i as u32], &[1])));
    parameters(arrays)
}

/// A map in order.
pub fn map(entries: Vec<(&str, Value)>) -> Metadata {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn metadata() -> Metadata {
    let nan = f64::from_bits(0xfff8_dead_beef_0001);
    map(vec![
        ("zebra comes first", Value::Null),
        ("", "an empty name".into()),
        ("yes", true.into()),
        ("no", false.into()),
        ("least", i64::MIN.into()),
        ("most", i64::MAX.into()),
        ("integer", 1i64.into()),
        ("float", 1.0.into()),
        ("not a number", nan.into()),
        ("signalling", f64::from_bits(0x7ff0_0000_0000_0001).into()),
        ("negative zero", (-0.0).into()),
        ("infinity", f64::INFINITY.into()),
        ("down", f64::NEG_INFINITY.into()),
        ("tiny", 5e-324.into()),
        ("large", f64::MAX.into()),
        ("beyond integers", 1e19.into()),
        ("text", "quote \" slash \\ zero \0 line \n 🦀 \u{2028}".into()),
        ("日本", "ключ".into()),
        ("list", vec![Value::Null, vec![].into(), 2i64.into(), Metadata::new().into()].into()),
        ("$float", "7ff8000000000000".into()),
        ("$map", Value::Map(map(vec![("$float", "7ff8000000000000".into())]))),
        ("escapes", Value::Map(map(vec![("$map", vec![Value::Null].into())]))),
        ("private", Value::Map(map(vec![("$serde_json::private::RawValue", "1".into())]))),
        ("number", Value::Map(map(vec![("$serde_json::private::Number", "1".into())]))),
        ("order", Value::Map(map(vec![("b", 1i64.into()), ("a", 2i64.into())]))),
        ("long", "x".repeat(100_000).into()),
    ])
}

/// Metadata whose JSON nests as many levels.
pub fn deep_metadata(levels: usize) -> Parameters {
    let mut value = Value::Integer(1);
    for level in 1..levels {
        value = match level % 2 {
            0 => Value::List(vec![value]),
            _ => Value::Map(map(vec![("deeper", value)])),
        };
    }
    Parameters::new("arrays", 1).with("deep", value)
}

/// Ten thousand arrays of three elements.
pub fn many_arrays() -> Parameters {
    parameters((0..10_000).map(|i| {
        let values = [i as f32, -1.0, 0.5];
        (format!("layers.{i}.weight"), array(&values, &[3]))
    }))
}

/// One array of `bytes` bytes: doubles between 0 and 1 with all of their digits.
pub fn one_large_array(bytes: usize) -> Parameters {
    let mut state = 42u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let values: Vec<f64> = (0..bytes / 8).map(|_| next()).collect();
    let shape = [values.len() / 10, 10];
    parameters([("weights", Array::from_vec(values, &shape).unwrap())])
}

//! What is put in: numbers at edges, texts and names that the readers look for.

use deadweight::pickle::sklearn::registry::FAMILIES;
use deadweight::pickle::{Argument, Op, Text, opcode};

use super::{Piece, Random, text};

const INTEGERS: &[i64] = &[
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    10,
    16,
    31,
    63,
    64,
    100,
    127,
    128,
    255,
    256,
    1000,
    4096,
    32767,
    65535,
    65536,
    1 << 20,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 40,
    1 << 62,
    i64::MAX,
    -1,
    -2,
    -3,
    -128,
    -129,
    -2_147_483_648,
    i64::MIN,
];

const FLOATS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    3.0,
    1e-9,
    1e9,
    4_294_967_296.0,
    1e19,
    1e300,
    -1e300,
    f64::MAX,
    f64::MIN_POSITIVE,
    5e-324,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

/// Values of options, names of attributes that lead to other readers, dtypes and versions.
const TEXTS: &[&str] = &[
    "",
    "a",
    "auto",
    "scale",
    "linear",
    "poly",
    "rbf",
    "sigmoid",
    "precomputed",
    "ovr",
    "ovo",
    "multinomial",
    "uniform",
    "distance",
    "minkowski",
    "euclidean",
    "manhattan",
    "chebyshev",
    "cosine",
    "l1",
    "l2",
    "max",
    "brute",
    "kd_tree",
    "ball_tree",
    "identity",
    "logistic",
    "tanh",
    "relu",
    "softmax",
    "passthrough",
    "drop",
    "first",
    "if_binary",
    "remainder",
    "word",
    "char",
    "char_wb",
    "english",
    "ascii",
    "unicode",
    "utf-8",
    "latin1",
    "strict",
    "ignore",
    "replace",
    "error",
    "infrequent_if_exist",
    "use_encoded_value",
    "mean",
    "median",
    "most_frequent",
    "constant",
    "deviance",
    "log_loss",
    "exponential",
    "squared_error",
    "huber",
    "quantile",
    "absolute_error",
    "poisson",
    "gamma",
    "squared_loss",
    "hinge",
    "raw",
    "prior",
    "C",
    "F",
    "(?u)\\b\\w\\w+\\b",
    "(?:(?:a|b)*c){2,40}",
    "[^\\W\\d_]+?",
    "(\\w+) \\1",
    "\\S{0,999}x",
    "f8",
    "f4",
    "f2",
    "i8",
    "i4",
    "u1",
    "b1",
    "O",
    "O8",
    "U5",
    "S3",
    "V16",
    "V56",
    "<",
    ">",
    "|",
    "0.20.4",
    "0.21.3",
    "0.22.2.post1",
    "0.23.2",
    "0.24.2",
    "1.0.2",
    "1.1.3",
    "1.2.2",
    "1.3.2",
    "1.4.2",
    "1.5.2",
    "1.6.1",
    "1.9.1",
    "9.9",
    "_sklearn_version",
    "n_features_in_",
    "classes_",
    "tree_",
    "estimators_",
    "steps",
    "coef_",
    "dtype",
    "shape",
    "order",
    "subclass",
];

/// Names that are no estimators.
const NAMES: &[(&str, &str)] = &[
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy", "float64"),
    ("numpy", "str_"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.ma.core", "_mareconstruct"),
    ("_codecs", "encode"),
    ("builtins", "slice"),
    ("builtins", "bytearray"),
    ("builtins", "set"),
    ("__builtin__", "object"),
    ("copyreg", "_reconstructor"),
    ("copy_reg", "_reconstructor"),
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("scipy.sparse.csr", "csr_matrix"),
    ("scipy.sparse._csc", "csc_matrix"),
    ("scipy.sparse._coo", "coo_matrix"),
    ("sklearn.tree._tree", "Tree"),
    ("sklearn.tree.tree", "DecisionTreeClassifier"),
    ("sklearn.neighbors._kd_tree", "KDTree"),
    ("sklearn.neighbors._ball_tree", "BallTree"),
    ("sklearn.utils", "Bunch"),
    ("sklearn._loss.link", "Interval"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("os", "system"),
];

/// An argument with memory of its own.
pub(super) enum Owned {
    Int(i64),
    Float(f64),
    Index(u64),
    Bytes(Vec<u8>),
    String(Vec<u8>),
    Text(String),
    BigInt(Vec<u8>),
    Pair(&'static str, &'static str),
}

impl Owned {
    pub fn borrow(&self) -> Argument<'_> {
        match self {
            Owned::Int(number) => Argument::Int(*number),
            Owned::Float(number) => Argument::Float(*number),
            Owned::Index(index) => Argument::Index(*index),
            Owned::Bytes(bytes) => Argument::Bytes(bytes),
            Owned::String(bytes) => Argument::String(bytes.as_slice().into()),
            Owned::Text(inside) => text(inside),
            Owned::BigInt(bytes) => Argument::BigInt(bytes.as_slice().into()),
            Owned::Pair(module, name) => Argument::Pair(module, name),
        }
    }
}

fn integer(near: i64, random: &mut Random) -> i64 {
    match random.below(4) {
        0 => near.wrapping_add(1),
        1 => near.wrapping_sub(1),
        2 if random.one_in(4) => (random.bits() as i64) >> random.below(64),
        _ => random.pick(INTEGERS).copied().unwrap_or_default(),
    }
}

/// Something else of the same sort.
pub(super) fn other_argument(argument: &Argument<'_>, random: &mut Random) -> Option<Owned> {
    Some(match argument {
        Argument::Int(number) => Owned::Int(integer(*number, random)),
        Argument::Float(_) => Owned::Float(random.pick(FLOATS).copied()?),
        Argument::Index(index) => Owned::Index(match random.below(3) {
            0 => index.saturating_add(1),
            1 => index.saturating_sub(1),
            _ => random.below(64) as u64,
        }),
        Argument::Bytes(bytes) => Owned::Bytes(other_bytes(bytes, random)),
        Argument::String(bytes) => Owned::String(other_bytes(bytes, random)),
        Argument::Text(Text::Plain(old)) => Owned::Text(other_text(old, random)?),
        Argument::BigInt(bytes) => Owned::BigInt(other_bytes(bytes, random)),
        Argument::Pair(..) => {
            let (module, name) = name(random);
            Owned::Pair(module, name)
        }
        _ => return None,
    })
}

/// Before protocol 3 the bytes of an array are a text with a character for each.
fn other_text(old: &str, random: &mut Random) -> Option<String> {
    let bytes: Option<Vec<u8>> = old.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    match bytes {
        Some(bytes) if bytes.len() >= 8 && (old.contains('\0') || random.one_in(4)) => {
            Some(other_bytes(&bytes, random).into_iter().map(char::from).collect())
        }
        _ => random.pick(TEXTS).map(|text| (*text).to_owned()),
    }
}

/// Bytes of the same length with another number among them; seldom of another length.
fn other_bytes(old: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = old.to_vec();
    if random.one_in(8) {
        let length = random.below(old.len() + 17);
        bytes.resize(length, random.bits() as u8);
        return bytes;
    }
    for _ in 0..random.below(3) + 1 {
        change_number(&mut bytes, random);
    }
    bytes
}

/// Writes a number over bytes that lie where one could lie.
pub(super) fn change_number(bytes: &mut [u8], random: &mut Random) {
    let width = [1, 2, 4, 8, 8, 8][random.below(6)];
    let number = match random.below(3) {
        0 => random.pick(FLOATS).copied().unwrap_or_default().to_bits(),
        1 if width == 4 => {
            (random.pick(FLOATS).copied().unwrap_or_default() as f32).to_bits().into()
        }
        _ => integer(1, random) as u64,
    };
    let start = random.below(bytes.len() / width + 1) * width;
    if let Some(place) = bytes.get_mut(start..start + width) {
        place.copy_from_slice(&number.to_le_bytes()[..width]);
    }
}

pub(super) fn name(random: &mut Random) -> (&'static str, &'static str) {
    if random.one_in(2) {
        return random.pick(NAMES).copied().unwrap_or(("os", "system"));
    }
    let families: Vec<_> = FAMILIES.iter().copied().flatten().collect();
    random.pick(&families).map_or(("os", "system"), |(module, name, _)| (*module, *name))
}

/// A small value of its own.
pub(super) fn literal(random: &mut Random) -> Vec<Piece> {
    let pieces = match random.below(12) {
        0 => vec![Piece::new(Op::None, &Argument::None)],
        1 => vec![Piece::new(Op::NewTrue, &Argument::None)],
        2 => vec![Piece::new(Op::NewFalse, &Argument::None)],
        3 => vec![Piece::new(Op::EmptyTuple, &Argument::None)],
        4 => vec![Piece::new(Op::EmptyList, &Argument::None)],
        5 => vec![Piece::new(Op::EmptyDict, &Argument::None)],
        6 => {
            let number = random.pick(FLOATS).copied().unwrap_or_default();
            vec![Piece::new(Op::BinFloat, &Argument::Float(number))]
        }
        7 | 8 => vec![Piece::new(Op::BinUnicode, &text(random.pick(TEXTS).unwrap_or(&"")))],
        9 => {
            let (a, b) = (integer(0, random), integer(1, random));
            let number = |number| Piece::new(Op::Long1, &Argument::Int(number));
            vec![number(a), number(b), Piece::new(Op::Tuple2, &Argument::None)]
        }
        _ => vec![Piece::new(Op::Long1, &Argument::Int(integer(0, random)))],
    };
    pieces.into_iter().flatten().collect()
}

/// A text, bytes or a number of some thousand bytes.
pub(super) fn long(random: &mut Random) -> Piece {
    let bytes = vec![b'a'; random.below(4096) + 1];
    let text: String = bytes.iter().copied().map(char::from).collect();
    let piece = match random.below(3) {
        0 => Piece::new(Op::BinUnicode, &self::text(&text)),
        1 => Piece::new(Op::BinBytes, &Argument::Bytes(&bytes)),
        // No longer number is printed by Python.
        _ => Piece::new(Op::Long4, &Argument::BigInt(bytes[..bytes.len().min(1780)].into())),
    };
    piece.unwrap_or_else(|| instruction(random))
}

/// Any instruction, with an argument that its kind can hold.
pub(super) fn instruction(random: &mut Random) -> Piece {
    let op = random.pick(opcode::OPCODES).map_or(Op::None, |opcode| opcode.op);
    let arguments = [
        Argument::None,
        Argument::Int(integer(0, random)),
        Argument::Index(random.below(300) as u64),
        Argument::Float(1.5),
        Argument::Bytes(b"\0\x01\xff"),
        Argument::String(b"text".as_slice().into()),
        text("text"),
        Argument::Line("1"),
        Argument::Pair("numpy", "ndarray"),
        Argument::Frame(random.below(64) as u64),
        Argument::Int(1),
    ];
    arguments
        .iter()
        .find_map(|argument| Piece::new(op, argument))
        .unwrap_or(Piece { op: Some(Op::None), bytes: vec![Op::None.opcode().code] })
}

//! What no model is written with, and several pickles in one file.

use deadweight::base::Storage;
use deadweight::pickle::{Assembler, Node, Op};

use super::{error, file, read};

#[test]
fn what_models_are_never_written_with_is_refused_by_name() {
    for (bytes, expected) in [
        (
            b"(icollections\nOrderedDict\n.".as_slice(),
            "byte 1, INST: an instance of Python 2 is refused; models are not written with it",
        ),
        (
            b"(ccollections\nOrderedDict\no.",
            "byte 26, OBJ: an instance of Python 2 is refused; models are not written with it",
        ),
        (
            b"Pid\n.",
            "byte 0, PERSID: a persistent object is refused; what it stands for is known to the program that wrote the file",
        ),
        (
            b"Vid\nQ.",
            "byte 4, BINPERSID: a persistent object is refused; what it stands for is known to the program that wrote the file",
        ),
        (
            b"\x82\x05.",
            "byte 0, EXT1: extension 5 is refused; what it stands for is registered in the program that wrote the file",
        ),
        (
            b"ca\nb\n)R)R.",
            "byte 8, REDUCE: a call of an object made by the name \"b\" of module \"a\" is refused; models call nothing but names",
        ),
        (
            b"ca\nb\n)R}b}b.",
            "byte 10, BUILD: another state for an object made by the name \"b\" of module \"a\" is refused; models give each object one state",
        ),
        (
            b"cnumpy\n__builtins__\n}b.",
            "byte 21, BUILD: a state for the name \"__builtins__\" of module \"numpy\" is refused; models give states to objects alone",
        ),
        (
            b"]p0\n0ca\nb\ng0\n\x85R0g0\nNa.",
            "byte 20, APPEND: a change of a list of 1 is refused; it was used before, or is not an object of this file",
        ),
        (b"NN.", "byte 2, STOP: stack: expected the result alone, found 1 values below it"),
        (b"N.\xff", "byte 2: expected an opcode, found 0xff"),
        (b"N.0.", "byte 2, POP: stack: expected a value on top, found an empty stack"),
        (b"N.\n", "byte 2: expected an opcode, found 0x0a"),
    ] {
        assert_eq!(error(bytes), expected);
    }
}

#[test]
fn several_pickles_in_one_file_are_all_read() {
    let both = [file("numpy2_p4.pkl").as_bytes(), file("numpy1.joblib").as_bytes()].concat();
    let source = Storage::adopt(both);
    let document = read(&source).unwrap();
    let [first, second] = document.pickles() else { panic!("{:?}", document.pickles()) };
    assert_eq!(document.root(), *first);
    for pickle in [first, second] {
        let array = document.values().entry(*pickle, "c_order").unwrap();
        assert_eq!(document.array(array).unwrap().as_f64_vec().unwrap().len(), 24);
    }
    // The memo of one is not that of the other.
    assert_eq!(
        error(b"]q\x00.h\x00."),
        "byte 4, BINGET: memo: expected an entry that was stored, found entry 0"
    );
}

#[test]
fn unknown_names_are_listed_and_stay_where_they_are() {
    let mut assembler = Assembler::new();
    assembler.op(Op::EmptyList).op(Op::Mark);
    for (module, name) in [
        ("os", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("__builtin__", "set"),
        ("sklearn.linear_model._base", "LinearRegression"),
        ("sklearn.linear_model._base", "linear_regression"),
        ("sklearn.utils", "Bunch.__init__"),
        ("sklearnx.base", "Evil"),
        ("sklearn.datasets._rcv1", "GzipFile"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.testing._private.utils", "runstring"),
        ("numpy", "float64"),
        ("numpy", "float65"),
        ("numpy.random._pickle", "__generator_ctor"),
        ("scipy.sparse._csr", "csr_matrix"),
        ("scipy.sparse._csr", "csc_matrix"),
        ("scipy.stats._continuous_distns", "uniform_gen"),
        ("joblib.memory", "Memory"),
        ("pandas.core.frame", "DataFrame"),
        ("_loss", "CyHalfBinomialLoss"),
        ("_loss", "system"),
    ] {
        assembler.global(module, name);
    }
    let bytes = assembler.op(Op::Appends).op(Op::Stop).finish().unwrap();
    let source = Storage::adopt(bytes);
    let document = read(&source).unwrap();
    let unknown: Vec<String> = document.unknown_globals().map(|g| g.to_string()).collect();
    assert_eq!(
        unknown,
        [
            "os.system",
            "builtins.eval",
            "builtins.getattr",
            "sklearn.linear_model._base.linear_regression",
            "sklearn.utils.Bunch.__init__",
            "sklearnx.base.Evil",
            "sklearn.datasets._rcv1.GzipFile",
            "numpy.load",
            "numpy.testing._private.utils.runstring",
            "numpy.float65",
            "scipy.sparse._csr.csc_matrix",
            "joblib.memory.Memory",
            "pandas.core.frame.DataFrame",
            "_loss.system",
        ]
    );
    let Some(Node::List(items)) = document.values().get(document.root()) else { panic!() };
    assert_eq!(items.len(), 22);
    assert_eq!(
        document.require_known_globals().unwrap_err().to_string(),
        "byte 2, GLOBAL: the name \"system\" of module \"os\" is refused; it is not among the names that a model may use"
    );
}

#[test]
fn instances_are_the_same_in_all_protocols() {
    let state = b"}X\x01\0\0\0aK\x07sb.";
    for made in [
        b"csklearn.base\nBaseEstimator\n)\x81".as_slice(),
        b"ccopyreg\n_reconstructor\n(csklearn.base\nBaseEstimator\ncbuiltins\nobject\nNtR",
        b"ccopy_reg\n_reconstructor\n(csklearn.base\nBaseEstimator\nc__builtin__\nobject\nNtR",
        b"ccopyreg\n__newobj__\n(csklearn.base\nBaseEstimator\ntR",
        b"csklearn.base\nBaseEstimator\n)R",
    ] {
        let source = Storage::adopt([made, state].concat());
        let document = read(&source).unwrap();
        document.require_known_globals().unwrap();
        let instance = document.instance(document.root()).unwrap();
        assert_eq!(instance.class.to_string(), "sklearn.base.BaseEstimator");
        assert!(instance.arguments.is_empty());
        let value = document.values().entry(instance.state.unwrap(), "a").unwrap();
        assert_eq!(document.values().get(value), Some(&Node::Int(7)));
    }
    // A subclass of dict that is filled in another way is not the plain thing.
    let source = Storage::adopt(
        b"ccopyreg\n_reconstructor\n(csklearn.base\nBaseEstimator\ncbuiltins\ndict\n}tR.".to_vec(),
    );
    let document = read(&source).unwrap();
    assert!(document.instance(document.root()).is_none());
}

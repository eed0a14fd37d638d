//! Damaged and hostile bytes: an error or a value, in bounded time and memory, never a panic.

use std::time::{Duration, Instant};

use deadweight::base::Limits;
use deadweight::pickle::decode::Argument;
use deadweight::pickle::opcode::OPCODES;
use deadweight::pickle::{Assembler, Decoder, Node, Op, load};
use proptest::prelude::*;

use super::{fixtures, read};

/// Reads bytes of which nothing is known, and looks at all that came out.
fn survive(bytes: &[u8]) -> bool {
    let steps = Decoder::new(bytes).count();
    assert!(steps <= bytes.len() + 1);
    let Ok(pickle) = read(bytes) else { return false };
    assert!(pickle.values.get(pickle.root).is_some());
    assert!(pickle.values.len() <= bytes.len() * 2 + 4);
    assert_eq!(pickle.end + pickle.trailing, bytes.len());
    assert!(!pickle.values.describe(pickle.root).is_empty());
    true
}

fn error(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn no_beginning_of_a_pickle_is_a_pickle() {
    for (name, bytes) in fixtures() {
        assert!(survive(&bytes), "{name}");
        for end in 0..bytes.len() {
            assert!(!survive(&bytes[..end]), "{name} cut at {end}");
        }
    }
}

#[test]
fn a_changed_byte_gives_an_error_or_a_value() {
    for (_, bytes) in fixtures() {
        let mut changed = bytes.clone();
        for at in 0..bytes.len() {
            let flips = (0..8).map(|bit| bytes[at] ^ (1 << bit));
            for byte in flips.chain(*b"\0\xff.(0Rboitue\x81\x92\x93\x94\x95\x97") {
                changed[at] = byte;
                survive(&changed);
            }
            changed[at] = bytes[at];
        }
    }
}

#[test]
fn declared_lengths_are_compared_before_anything_is_allocated() {
    for (op, width) in [
        (Op::BinBytes8, 8),
        (Op::BinUnicode8, 8),
        (Op::ByteArray8, 8),
        (Op::Frame, 8),
        (Op::BinBytes, 4),
        (Op::BinUnicode, 4),
    ] {
        let mut assembler = Assembler::new();
        let bytes = assembler.raw(&[op.opcode().code]).raw(&vec![0xff; width]).raw(b"abc").finish();
        let text = error(&bytes.unwrap());
        assert!(text.ends_with("bytes, found 3"), "{text}");
    }
    for code in [b'T', 0x8b] {
        let text = error(&[code, 0xff, 0xff, 0xff, 0xff, b'a', b'.']);
        assert!(text.ends_with("length: expected at least 0, found -1"), "{text}");
        let text = error(&[code, 0xff, 0xff, 0xff, 0x7f, b'a', b'.']);
        assert!(text.ends_with("needs 2147483647 bytes, found 2"), "{text}");
    }
}

#[test]
fn memo_numbers_take_no_room_of_their_own() {
    let mut assembler = Assembler::new();
    assembler.op(Op::EmptyList);
    for index in [u32::MAX.into(), 1 << 31, 7] {
        assembler.index(Op::LongBinPut, index);
    }
    assembler.index(Op::Put, i64::MAX as u64).index(Op::Get, 1 << 31).op(Op::Stop);
    let bytes = assembler.finish().unwrap();
    let pickle = read(&bytes).unwrap();
    assert_eq!(pickle.values.get(pickle.root), Some(&Node::List(vec![])));
    assert_eq!(
        error(b"]r\x00\x00\x00\x80j\x01\x00\x00\x80."),
        "byte 6, LONG_BINGET: memo: expected an entry that was stored, found entry 2147483649"
    );
}

#[test]
fn shared_nodes_stay_shared() {
    let mut assembler = Assembler::new();
    assembler.op(Op::EmptyList).index(Op::BinPut, 0);
    for level in 0..200 {
        assembler.op(Op::EmptyList).index(Op::BinPut, level + 1);
        assembler.index(Op::BinGet, level).op(Op::Append);
        assembler.index(Op::BinGet, level).op(Op::Append);
    }
    let bytes = assembler.op(Op::Stop).finish().unwrap();
    let pickle = read(&bytes).unwrap();
    assert_eq!(pickle.values.len(), 4 + 201);
}

#[test]
fn one_tuple_may_be_the_arguments_of_many_calls() {
    // Were the members looked at for every call, this would be 10^10 steps.
    let mut assembler = Assembler::new();
    assembler.op(Op::Mark);
    for _ in 0..100_000 {
        assembler.op(Op::EmptyList);
    }
    assembler.op(Op::Tuple).index(Op::BinPut, 0).op(Op::Pop);
    for _ in 0..100_000 {
        assembler.global("a", "b").index(Op::BinGet, 0).op(Op::Reduce).op(Op::Pop);
    }
    let bytes = assembler.op(Op::None).op(Op::Stop).finish().unwrap();
    let start = Instant::now();
    assert!(read(&bytes).is_ok());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_million_levels_are_no_recursion() {
    const LEVELS: usize = 1_000_000;
    let nested = |open: &[u8], close: &[u8]| {
        [open.repeat(LEVELS), b"N".to_vec(), close.repeat(LEVELS), b".".to_vec()].concat()
    };
    for (open, close) in
        [("]", "a"), ("(", "t"), ("(", "l"), ("", "\u{85}"), ("}N", "s"), ("(ca\nb\n", "o")]
    {
        let close: Vec<u8> = close.chars().map(|c| c as u8).collect();
        let bytes = nested(open.as_bytes(), &close);
        let pickle = read(&bytes).unwrap_or_else(|error| panic!("{open} {close:?}: {error}"));
        drop(pickle.clone());
        assert!(pickle.values.len() >= LEVELS, "{open}");
    }
    let state = [b"ca\nb\n)R".repeat(LEVELS), b"N".to_vec(), b"b".repeat(LEVELS), b".".to_vec()];
    assert!(read(&state.concat()).is_ok());
}

#[test]
fn every_bound_is_an_error_by_name() {
    let limits = Limits::default()
        .with(|limits| {
            limits.max_pickle_nodes = 8;
            limits.max_pickle_stack = 6;
            limits.max_pickle_memo = 2;
        })
        .unwrap();
    for (bytes, expected) in [
        ("]]]]].", "byte 4, EMPTY_LIST: limit max_pickle_nodes is 8, found more"),
        ("NNNNNNN.", "byte 6, NONE: limit max_pickle_stack is 6, found more"),
        ("N222222.", "byte 6, DUP: limit max_pickle_stack is 6, found more"),
        ("(((((((.", "byte 6, MARK: limit max_pickle_stack is 6, found more"),
        ("Np0\np1\np1\np9\n.", "byte 10, PUT: limit max_pickle_memo is 2, found more"),
    ] {
        assert_eq!(load(bytes.as_bytes(), &limits).unwrap_err().to_string(), expected);
    }
    let flood = vec![b'('; 11_000_000];
    assert!(error(&flood).contains("limit max_pickle_stack is 10000000"));
}

fn instruction() -> impl Strategy<Value = Vec<u8>> {
    let argument = prop_oneof![
        Just(Argument::None),
        any::<u8>().prop_map(|n| Argument::Int(n.into())),
        (0u64..6).prop_map(Argument::Index),
        Just(Argument::Pair("a", "b")),
        Just(Argument::Bytes(b"bytes")),
        Just(Argument::String(b"string".as_slice().into())),
        Just(Argument::Float(0.5)),
        Just(Argument::Line("line")),
        (0u64..20).prop_map(Argument::Frame),
        Just(Argument::Text(deadweight::pickle::Text::Plain("text".into()))),
    ];
    (0..OPCODES.len(), argument).prop_map(|(opcode, argument)| {
        let mut assembler = Assembler::new();
        assembler.write(OPCODES[opcode].op, &argument).finish().unwrap_or_default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_an_error_or_a_value(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survive(&bytes);
    }

    #[test]
    fn any_instructions_give_an_error_or_a_value(
        parts in prop::collection::vec(instruction(), 0..120)
    ) {
        let mut bytes = parts.concat();
        bytes.extend_from_slice(b"N.");
        survive(&bytes);
    }
}

#[test]
fn a_long_text_is_no_name_however_often_it_is_used() {
    let mut assembler = Assembler::new();
    assembler.proto(4).text(&"m".repeat(513)).text("name").op(Op::StackGlobal);
    let error = error(&assembler.op(Op::Stop).finish().unwrap());
    let expected = "STACK_GLOBAL: module: expected a name of at most 512 bytes, found 513 bytes";
    assert!(error.ends_with(expected), "{error}");
}

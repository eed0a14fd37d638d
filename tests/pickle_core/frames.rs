//! Frames, and what the decoder takes and refuses.

use deadweight::pickle::{Argument, Decoder, Op, PickleError};

use super::{fixtures, read};

fn frame(length: u64, rest: &[u8]) -> Vec<u8> {
    [b"\x80\x04\x95".as_slice(), &length.to_le_bytes(), rest].concat()
}

fn error(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn a_frame_holds_whole_instructions_and_ends_with_stop() {
    assert!(read(&frame(2, b"N.")).is_ok());
    assert!(read(&frame(0, b"N.")).is_ok(), "a frame may be empty");
    assert!(read(&frame(1, b"N0N.")).is_ok(), "instructions may follow a frame");
    assert_eq!(error(&frame(3, b"N.")), "byte 2, FRAME: frame needs 3 bytes, found 2");
    assert_eq!(
        error(&frame(u64::MAX, b"N.")),
        "byte 2, FRAME: frame needs 18446744073709551615 bytes, found 2"
    );
    assert_eq!(
        error(&frame(3, b"N.N.")),
        "byte 12, STOP: frame: expected its end behind STOP, found 1 more bytes"
    );
    assert_eq!(error(&frame(2, b"M\x01\x02.")), "byte 11, BININT2: number needs 2 bytes, found 1");
    assert_eq!(error(&frame(1, b"K\x01.")), "byte 11, BININT1: number needs 1 bytes, found 0");
    assert_eq!(
        error(&frame(3, b"Vab\n.")),
        "byte 11, UNICODE: argument: expected a line feed behind it, found \"ab\""
    );
    let inner = [b"\x95\x02\0\0\0\0\0\0\0".as_slice(), b"N."].concat();
    assert_eq!(
        error(&frame(inner.len() as u64, &inner)),
        "byte 11, FRAME: frame: expected the end of the frame before, found a frame in a frame that ends at byte 22"
    );
}

#[test]
fn raw_bytes_come_between_frames() {
    let bytes = frame(1, b"NRAW\x95\x02\0\0\0\0\0\0\0N.");
    let mut decoder = Decoder::new(&bytes);
    for op in [Op::Proto, Op::Frame] {
        assert_eq!(decoder.step().unwrap().unwrap().opcode.op, op);
    }
    assert_eq!(
        decoder.clone().raw(3).unwrap_err().to_string(),
        "byte 11, raw bytes: raw bytes: expected the end of the frame, found 1 bytes of it"
    );
    assert_eq!(decoder.step().unwrap().unwrap().opcode.op, Op::None);
    let raw = decoder.raw(3).unwrap();
    assert_eq!((raw, decoder.range_of(raw)), (b"RAW".as_slice(), Some(12..15)));
    assert_eq!(
        decoder.by_ref().map(|step| step.unwrap().opcode.op).collect::<Vec<_>>(),
        [Op::Frame, Op::None, Op::Stop]
    );
    assert_eq!((decoder.position(), decoder.step()), (bytes.len(), Ok(None)));
    assert!(Decoder::new(b"N").raw(2).is_err());
}

#[test]
fn python_ends_frames_where_the_decoder_expects_it() {
    let (_, bytes) = fixtures().into_iter().find(|(name, _)| name == "frames_p4").unwrap();
    let frames = Decoder::new(&bytes)
        .filter(|step| matches!(step.as_ref().unwrap().argument, Argument::Frame(_)));
    assert_eq!(frames.count(), 14);
}

#[test]
fn borrowed_arguments_say_where_they_lie() {
    let bytes = b"C\x03abc.";
    let mut decoder = Decoder::new(bytes);
    let Argument::Bytes(argument) = decoder.step().unwrap().unwrap().argument else { panic!() };
    assert_eq!(decoder.range_of(argument), Some(2..5));
    assert_eq!(decoder.range_of(&[1, 2]), None);
}

#[test]
fn errors_say_where_and_what() {
    assert_eq!(
        error(b""),
        "byte 0: expected an opcode (STOP ends a pickle), found the end of the input"
    );
    assert_eq!(error(b"N\xff"), "byte 1: expected an opcode, found 0xff");
    assert_eq!(read(b"N\xff").unwrap_err(), PickleError::UnknownOpcode { offset: 1, found: 0xff });
    assert_eq!(error(b"\x80\x06N."), "byte 0, PROTO: protocol: expected 0 to 5, found Int(6)");
    assert_eq!(error(b"I 1\n."), "byte 0, INT: argument: expected a decimal integer, found \" 1\"");
    assert_eq!(
        error(b"Sabc\n."),
        "byte 0, STRING: argument: expected a string in quotes, found \"abc\""
    );
    assert_eq!(
        error(b"S'\n."),
        "byte 0, STRING: argument: expected a string in quotes, found \"\\'\""
    );
    assert_eq!(
        error(b"S'a\\x1'\n."),
        "byte 0, STRING: escape: expected 2 hexadecimal digits after \\x, found \"\\\\x1\\'\""
    );
    assert_eq!(error(b"g-1\n."), "byte 0, GET: argument: expected a memo index, found \"-1\"");
    assert_eq!(error(b"P\xe9\n."), "byte 0, PERSID: argument: expected ASCII, found \"\\xe9\"");
    assert_eq!(
        error(b"X\x04\0\0\0ab\xff\xfe."),
        "byte 0, BINUNICODE: text: expected UTF-8, found \"\\xff\\xfe\" at its byte 2"
    );
    assert_eq!(error(b"c\nx\n."), "byte 0, GLOBAL: module: expected a name in UTF-8, found \"\"");
    let long = [b"c".as_slice(), &b"m".repeat(90)].concat();
    assert!(error(&long).ends_with("mmm\"... (90 bytes)"), "{}", error(&long));
}

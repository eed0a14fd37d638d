//! The decoder: instructions tile the input, and what was read can be written again.

use deadweight::pickle::{Argument, Assembler, Decoder, Instruction, Op};

/// Decodes all pickles that follow each other, to the end or to the first error.
pub fn decoder(bytes: &[u8]) {
    let mut start = 0;
    while start < bytes.len() {
        match pickle(bytes, start) {
            Some(end) => start = end,
            None => return,
        }
    }
}

/// Where the pickle ends; `None` when it has an error.
fn pickle(bytes: &[u8], start: usize) -> Option<usize> {
    let mut decoder = Decoder::at(bytes, start);
    let mut position = start;
    loop {
        match decoder.step() {
            Ok(Some(instruction)) => {
                assert_eq!(instruction.offset, position, "a gap in front of an instruction");
                assert!(decoder.position() > position && decoder.position() <= bytes.len());
                look_at(&decoder, &instruction);
                position = decoder.position();
            }
            Ok(None) => break,
            Err(error) => {
                super::is_short(&error);
                assert!(error.offset() >= position && error.offset() <= bytes.len());
                assert_eq!(decoder.step(), Ok(None), "the decoder went on behind an error");
                return None;
            }
        }
    }
    assert_eq!(bytes[position - 1], Op::Stop.opcode().code);
    assert_eq!(decoder.position(), position);
    Some(position)
}

fn look_at(decoder: &Decoder<'_>, instruction: &Instruction<'_>) {
    let all = instruction.offset..decoder.position();
    assert_eq!(decoder.bytes()[all.start], instruction.opcode.code);
    if let Some(part) = borrowed(&instruction.argument) {
        let range = decoder.range_of(part).expect("a borrowed argument lies in the input");
        let within = part.is_empty() || (range.start > all.start && range.end <= all.end);
        assert!(within, "{range:?} is outside of its instruction {all:?}");
    }
    // What a frame holds follows it, so a frame alone cannot be read.
    if matches!(instruction.argument, Argument::Frame(_)) {
        return;
    }
    let mut assembler = Assembler::new();
    let written = assembler.write(instruction.opcode.op, &instruction.argument).finish();
    let written = written.expect("what was read can be written");
    let again = Decoder::new(&written).step();
    let again = again.expect("what was written can be read").expect("an instruction");
    assert_eq!(again.opcode, instruction.opcode);
    let same = match (&again.argument, &instruction.argument) {
        (Argument::Float(a), Argument::Float(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    };
    assert!(same, "{instruction:?} was read as {again:?}");
}

fn borrowed<'a>(argument: &Argument<'a>) -> Option<&'a [u8]> {
    match argument {
        Argument::Bytes(bytes) => Some(bytes),
        Argument::Line(line) => Some(line.as_bytes()),
        Argument::Pair(module, _) => Some(module.as_bytes()),
        _ => None,
    }
}

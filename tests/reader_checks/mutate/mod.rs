//! Changes pickles as programs: plain flips of bits hardly ever get past lengths, frames and marks.
//!
//! A file is cut into instructions, values are found by what each instruction does to the stack, and
//! then arguments, values and instructions are replaced, copied, moved and dropped. Frames are taken
//! off; now and then one is put around everything. Bytes of arrays that joblib puts between the
//! instructions stay one piece.

mod random;
mod shape;
mod vocabulary;

use deadweight::base::Storage;
use deadweight::pickle::numpy::Data;
use deadweight::pickle::{Argument, Assembler, Decoder, Document, Op, Text};

pub use random::Random;

/// An instruction, or bytes between two of them.
#[derive(Debug, Clone)]
struct Piece {
    op: Option<Op>,
    bytes: Vec<u8>,
}

impl Piece {
    fn new(op: Op, argument: &Argument<'_>) -> Option<Piece> {
        let bytes = Assembler::new().write(op, argument).finish().ok()?;
        Some(Piece { op: Some(op), bytes })
    }

    fn raw(bytes: &[u8]) -> Piece {
        Piece { op: None, bytes: bytes.to_vec() }
    }
}

/// Changes `bytes` by one to four changes; `None` when they do not begin as a pickle, or nothing
/// came of it.
pub fn mutate(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut pieces = read(bytes);
    if pieces.iter().filter(|piece| piece.op.is_some()).count() < 2 {
        return None;
    }
    for _ in 0..random.below(4) + 1 {
        change(&mut pieces, random);
    }
    let changed = write(&pieces, random);
    (changed != bytes).then_some(changed)
}

/// Puts a value of another file in the place of one of this file.
pub fn cross(bytes: &[u8], other: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let (mut pieces, others) = (read(bytes), read(other));
    let place = random.pick(&shape::values(&pieces))?.clone();
    let from = random.pick(&shape::values(&others))?.clone();
    pieces.splice(place, others.get(from)?.to_vec());
    Some(write(&pieces, random))
}

fn read(bytes: &[u8]) -> Vec<Piece> {
    let between = between(bytes);
    let (mut pieces, mut decoder) = (Vec::new(), Decoder::new(bytes));
    loop {
        let start = decoder.position();
        if let Some(end) = between.iter().find(|(at, _)| *at == start).map(|(_, end)| *end) {
            pieces.push(Piece::raw(&bytes[start..end]));
            decoder = Decoder::at(bytes, end);
            continue;
        }
        match decoder.step() {
            Ok(Some(instruction)) => {
                let op = instruction.opcode.op;
                let end = if op == Op::Frame { start } else { decoder.position() };
                if end > start {
                    pieces.push(Piece { op: Some(op), bytes: bytes[start..end].to_vec() });
                }
                if matches!(instruction.argument, Argument::Frame(_)) {
                    decoder = Decoder::at(bytes, decoder.position());
                }
            }
            _ if start < bytes.len() => {
                pieces.push(Piece::raw(&bytes[start..]));
                return pieces;
            }
            _ => return pieces,
        }
    }
}

/// What is in each file that has bytes between its instructions.
const WRAPPER: &[u8] = b"NumpyArrayWrapper";

/// Where bytes of arrays lie between instructions, with the padding in front of them.
fn between(bytes: &[u8]) -> Vec<(usize, usize)> {
    if !bytes.windows(WRAPPER.len()).any(|found| found == WRAPPER) {
        return Vec::new();
    }
    let source = Storage::adopt(bytes.to_vec());
    let Ok(document) = Document::read(&source, &[], &super::limits()) else { return Vec::new() };
    if !document.is_joblib() {
        return Vec::new();
    }
    let range = |node| match document.array(node).ok()?.data() {
        Data::Borrowed { bytes: inside, start, .. } => {
            let padding = (1..=255).find(|padding| {
                let first = start.checked_sub(padding + 1);
                first.and_then(|first| bytes.get(first)) == Some(&(*padding as u8))
                    && bytes[start - padding..*start].iter().all(|byte| *byte == 0xff)
            });
            Some((start - padding.map_or(0, |padding| padding + 1), start + inside.len()))
        }
        _ => None,
    };
    // Where nothing lies between, the next instruction follows.
    document.arrays().filter_map(range).filter(|(start, end)| start < end).collect()
}

fn write(pieces: &[Piece], random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    let framed = random.one_in(24);
    for (index, piece) in pieces.iter().enumerate() {
        if framed && index == 1 {
            let rest: usize = pieces[1..].iter().map(|piece| piece.bytes.len()).sum();
            bytes.push(Op::Frame.opcode().code);
            bytes.extend((rest as u64).to_le_bytes());
        }
        bytes.extend_from_slice(&piece.bytes);
    }
    bytes
}

fn change(pieces: &mut Vec<Piece>, random: &mut Random) {
    match random.below(18) {
        0..=5 => change_argument(pieces, random),
        6..=8 => replace_value(pieces, random),
        9 | 10 => copy_value(pieces, random),
        11 => drop_values(pieces, random),
        12 => repeat_value(pieces, random),
        13 => swap(pieces, random),
        14 => change_name(pieces, random),
        15 => use_often(pieces, random),
        16 => set_often(pieces, random),
        _ => change_piece(pieces, random),
    }
}

/// Another argument for an instruction that has one.
fn change_argument(pieces: &mut [Piece], random: &mut Random) {
    let with = |(index, piece): (usize, &Piece)| {
        (piece.bytes.len() > 1 && piece.op != Some(Op::Proto)).then_some(index)
    };
    let places: Vec<usize> = pieces.iter().enumerate().filter_map(with).collect();
    let Some(piece) = random.pick(&places).and_then(|index| pieces.get_mut(*index)) else { return };
    let Some(op) = piece.op else {
        // Sizes are given by what stands in front: only numbers may change.
        vocabulary::change_number(&mut piece.bytes, random);
        return;
    };
    let old = piece.bytes.clone();
    let Ok(Some(instruction)) = Decoder::new(&old).step() else { return };
    if let Some(new) = vocabulary::other_argument(&instruction.argument, random)
        && let Some(new) = Piece::new(op, &new.borrow())
    {
        *piece = new;
    }
}

fn replace_value(pieces: &mut Vec<Piece>, random: &mut Random) {
    if let Some(place) = shape::some_value(pieces, random) {
        pieces.splice(place, vocabulary::literal(random));
    }
}

/// A value in the place of another: as a copy, or as another use of the same by the memo.
fn copy_value(pieces: &mut Vec<Piece>, random: &mut Random) {
    let Some(place) = shape::some_value(pieces, random) else { return };
    if random.one_in(2) {
        let is_put = |piece: &&Piece| matches!(piece.op, Some(Op::BinPut));
        let puts: Vec<u8> = pieces.iter().filter(is_put).map(|piece| piece.bytes[1]).collect();
        let Some(index) = random.pick(&puts).copied() else { return };
        pieces.splice(place, Piece::new(Op::BinGet, &Argument::Index(index.into())));
    } else if let Some(from) = shape::some_value(pieces, random) {
        let copy = pieces[from].to_vec();
        pieces.splice(place, copy);
    }
}

/// Drops one value or two: an element of a list, a key with its value.
fn drop_values(pieces: &mut Vec<Piece>, random: &mut Random) {
    let Some(place) = shape::some_value(pieces, random) else { return };
    let values = shape::values(pieces);
    let next = values.iter().find(|next| next.start == place.end);
    let end = if random.one_in(2) { next.map_or(place.end, |next| next.end) } else { place.end };
    pieces.drain(place.start..end);
}

fn repeat_value(pieces: &mut Vec<Piece>, random: &mut Random) {
    let Some(place) = shape::some_value(pieces, random) else { return };
    let copy = pieces[place.clone()].to_vec();
    let times = if random.one_in(8) { random.below(300) } else { 1 };
    let copies = (0..times).flat_map(|_| copy.clone()).take(4096);
    pieces.splice(place.end..place.end, copies.collect::<Vec<_>>());
}

/// Puts a list in the place of a value, in which something that is there already stands again and
/// again: a use is two bytes, whatever it is a use of.
fn use_often(pieces: &mut Vec<Piece>, random: &mut Random) {
    let is_put = |piece: &&Piece| matches!(piece.op, Some(Op::BinPut));
    let puts: Vec<u8> = pieces.iter().filter(is_put).map(|piece| piece.bytes[1]).collect();
    let (Some(place), Some(index)) = (shape::some_value(pieces, random), random.pick(&puts)) else {
        return;
    };
    let uses = Piece::new(Op::BinGet, &Argument::Index((*index).into()));
    let times = random.below(2000);
    let plain = |op| Piece::new(op, &Argument::None);
    let mut list: Vec<Piece> =
        [plain(Op::EmptyList), plain(Op::Mark)].into_iter().flatten().collect();
    list.extend(std::iter::repeat_n(uses, times).flatten());
    list.extend(plain(Op::Appends));
    // Often it is large texts and numbers that are worth a use.
    if random.one_in(2)
        && let Some(put) =
            pieces.iter().position(|p| p.op == Some(Op::BinPut) && p.bytes[1] == *index)
        && put >= 1
    {
        pieces[put - 1] = vocabulary::long(random);
    }
    pieces.splice(place, list);
}

/// Sets a key with its value once more, any number of times.
fn set_often(pieces: &mut Vec<Piece>, random: &mut Random) {
    let Some(key) = shape::some_value(pieces, random) else { return };
    let values = shape::values(pieces);
    let Some(value) = values.iter().find(|value| value.start == key.end) else { return };
    let pair = pieces[key.start..value.end].to_vec();
    let copies = (0..random.below(500)).flat_map(|_| pair.clone()).take(4096);
    pieces.splice(value.end..value.end, copies.collect::<Vec<_>>());
}

fn swap(pieces: &mut Vec<Piece>, random: &mut Random) {
    let values = shape::values(pieces);
    let (Some(a), Some(b)) = (random.pick(&values), random.pick(&values)) else { return };
    let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
    if first.end <= second.start {
        let (early, late) = (pieces[first.clone()].to_vec(), pieces[second.clone()].to_vec());
        pieces.splice(second.clone(), early);
        pieces.splice(first.clone(), late);
    }
}

/// Another name to import.
fn change_name(pieces: &mut [Piece], random: &mut Random) {
    let is_name = |piece: &&mut Piece| piece.op == Some(Op::Global);
    let mut names: Vec<&mut Piece> = pieces.iter_mut().filter(is_name).collect();
    let count = names.len();
    if count > 0
        && let Some(piece) = names.get_mut(random.below(count))
    {
        let (module, name) = vocabulary::name(random);
        if let Some(new) = Piece::new(Op::Global, &Argument::Pair(module, name)) {
            **piece = new;
        }
    }
}

/// Drops, repeats or replaces an instruction, whatever that does to the stack.
fn change_piece(pieces: &mut Vec<Piece>, random: &mut Random) {
    let index = random.below(pieces.len());
    match random.below(4) {
        0 => drop(pieces.remove(index)),
        1 => pieces.insert(index, pieces[index].clone()),
        2 => {
            let other = random.below(pieces.len());
            pieces.swap(index, other);
        }
        _ => pieces[index] = vocabulary::instruction(random),
    }
}

/// The text of a BINUNICODE as an argument.
fn text(text: &str) -> Argument<'_> {
    Argument::Text(Text::Plain(text.into()))
}

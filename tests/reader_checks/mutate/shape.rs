//! Where values begin and end: the stack of the machine, with ranges of pieces on it.

use std::ops::Range;

use deadweight::pickle::Op;

use super::{Piece, Random};

/// Values of more pieces are left where they are.
const MOST_PIECES: usize = 2000;

#[derive(Default)]
struct Stack {
    values: Vec<Range<usize>>,
    /// How many values lay below the mark, and where it was set.
    marks: Vec<(usize, usize)>,
    found: Vec<Range<usize>>,
}

impl Stack {
    /// Takes values; the first of them tells where what is made of them begins.
    fn take(&mut self, count: usize, or: usize) -> usize {
        let kept = self.values.len().saturating_sub(count);
        let start = self.values.get(kept).map_or(or, |value| value.start);
        self.found.extend(self.values.drain(kept..));
        start
    }

    fn take_to_mark(&mut self, or: usize) -> usize {
        let (kept, start) = self.marks.pop().unwrap_or((self.values.len(), or));
        let kept = kept.min(self.values.len());
        self.found.extend(self.values.drain(kept..));
        start
    }

    fn step(&mut self, index: usize, op: Option<Op>) {
        let end = index + 1;
        let start = match op {
            Some(Op::Proto | Op::Frame) => return,
            Some(Op::Mark) => return self.marks.push((self.values.len(), index)),
            Some(Op::Pop | Op::Stop) => {
                self.take(1, index);
                return;
            }
            Some(Op::PopMark) => {
                self.take_to_mark(index);
                return;
            }
            Some(op) => match taken(op) {
                Taken::None => index,
                Taken::Values(count) => self.take(count, index),
                Taken::ToMark => self.take_to_mark(index),
                Taken::Into(count) => {
                    self.take(count, index);
                    return self.grow(end);
                }
                Taken::ToMarkInto => {
                    self.take_to_mark(index);
                    return self.grow(end);
                }
            },
            None => return self.grow(end),
        };
        self.values.push(start..end);
    }

    fn grow(&mut self, end: usize) {
        if let Some(value) = self.values.last_mut() {
            value.end = end;
        }
    }
}

/// What an instruction takes off the stack before it pushes, or changes what is then on top.
enum Taken {
    None,
    Values(usize),
    ToMark,
    Into(usize),
    ToMarkInto,
}

fn taken(op: Op) -> Taken {
    match op {
        Op::Tuple1 | Op::BinPersId => Taken::Values(1),
        Op::Tuple2 | Op::Reduce | Op::NewObj | Op::StackGlobal => Taken::Values(2),
        Op::Tuple3 | Op::NewObjEx => Taken::Values(3),
        Op::Tuple | Op::List | Op::Dict | Op::FrozenSet | Op::Obj | Op::Inst => Taken::ToMark,
        Op::Put | Op::BinPut | Op::LongBinPut | Op::Memoize | Op::ReadonlyBuffer => Taken::Into(0),
        Op::Append | Op::Build => Taken::Into(1),
        Op::SetItem => Taken::Into(2),
        Op::Appends | Op::SetItems | Op::AddItems => Taken::ToMarkInto,
        _ => Taken::None,
    }
}

/// The pieces that each value is made by, inner ones first.
pub(super) fn values(pieces: &[Piece]) -> Vec<Range<usize>> {
    let mut stack = Stack::default();
    pieces.iter().enumerate().for_each(|(index, piece)| stack.step(index, piece.op));
    stack.found.retain(|value| value.len() <= MOST_PIECES && value.start < value.end);
    stack.found
}

/// One of the values, rather a small one.
pub(super) fn some_value(pieces: &[Piece], random: &mut Random) -> Option<Range<usize>> {
    let values = values(pieces);
    let (a, b) = (random.pick(&values)?, random.pick(&values)?);
    Some(if a.len() <= b.len() || random.one_in(3) { a.clone() } else { b.clone() })
}

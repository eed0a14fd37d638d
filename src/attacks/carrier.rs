//! Puts a payload into a model that somebody else saved: the file still loads to the same object.
//!
//! A pickle is a program for a stack machine, so that a payload needs no place of its own: it runs
//! before the object is made and leaves nothing on the stack, or it is a function that the finished
//! object is handed to. Nothing is put into the memo, whose numbers are counted implicitly.

use crate::pickle::assemble::AssembleError;
use crate::pickle::{Assembler, Op};

use super::payload;

/// Opcode of a frame, and how many bytes its length has.
const FRAME: u8 = 0x95;
const FRAME_LENGTH: usize = 8;
const STOP: u8 = b'.';

/// The same pickle, which runs Python source before it makes its object.
///
/// # Errors
/// When the source cannot be put into a pickle.
pub fn with_payload(pickle: &[u8], source: &str) -> Result<Vec<u8>, AssembleError> {
    let mut assembler = Assembler::new();
    payload::exec(&mut assembler, source);
    assembler.op(Op::Pop);
    let opcodes = assembler.finish()?;
    let (head, rest) = pickle.split_at(start(pickle));
    Ok([head, &opcodes, rest].concat())
}

/// The same pickle, whose object is handed to a function before it is returned. `function` is a Python
/// expression. `None` for a pickle that does not end with STOP.
///
/// # Errors
/// When the expression cannot be put into a pickle.
pub fn with_change(pickle: &[u8], function: &str) -> Result<Option<Vec<u8>>, AssembleError> {
    let Some((&STOP, body)) = pickle.split_last() else { return Ok(None) };
    let mut assembler = Assembler::new();
    payload::call(&mut assembler, "builtins", "eval", function);
    let before = assembler.finish()?;
    let after = assembler.op(Op::Tuple1).op(Op::Reduce).op(Op::Stop).finish()?;
    let mut body = body.to_vec();
    let added = (after.len() - 1) as u64;
    if let Some((at, length)) = last_frame(pickle)
        && let Some(place) = body.get_mut(at + 1..at + 1 + FRAME_LENGTH)
    {
        // The frame reaches to the end of the file, and must go on to do so.
        place.copy_from_slice(&(length + added).to_le_bytes());
    }
    let (head, rest) = body.split_at(start(pickle));
    Ok(Some([head, &before, rest, &after].concat()))
}

/// Behind PROTO, where there is one.
fn start(pickle: &[u8]) -> usize {
    match pickle {
        [0x80, 0..=5, ..] => 2,
        _ => 0,
    }
}

/// The frame that ends where the file ends: its place and its length.
fn last_frame(pickle: &[u8]) -> Option<(usize, u64)> {
    let header = 1 + FRAME_LENGTH;
    let last = pickle.len().checked_sub(header)?;
    (0..=last).rev().find_map(|at| {
        let [FRAME, length @ ..] = pickle.get(at..at + header)? else { return None };
        let length = u64::from_le_bytes(length.try_into().ok()?);
        (length == (last - at) as u64).then_some((at, length))
    })
}

/// Python source that appends a line to a file.
pub fn canary_source(path: &str) -> String {
    format!("open({}, 'a').write('fallen\\n')", payload::quoted(path))
}

/// A Python expression: a function that turns the weights of a model round, whatever its kind, and
/// returns the model.
pub fn change_expression() -> String {
    let source = "def change(model):
    import numpy
    todo, seen = [model], set()
    while todo and len(seen) < 100000:
        part = todo.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            todo.extend(part.values())
        elif isinstance(part, (list, tuple)):
            todo.extend(part)
        elif isinstance(part, numpy.ndarray) and part.dtype == object:
            todo.extend(part.ravel().tolist())
        elif type(part).__name__ == 'Tree':
            values = part.value
            values[...] = values[:, :, ::-1].copy() if values.shape[2] > 1 else -values
        elif type(part).__name__ == 'TreePredictor':
            part.nodes['value'] *= -1
        elif hasattr(part, '__dict__'):
            for name, value in vars(part).items():
                if name in ('coef_', 'intercept_', 'dual_coef_', '_dual_coef_', '_intercept_', '_y'):
                    setattr(part, name, value[::-1].copy() if name == '_y' else -value)
                else:
                    todo.append(value)
    return model
";
    let source = payload::quoted(source);
    format!("(lambda space: (exec({source}, space), space['change'])[1])({{}})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Limits;
    use crate::pickle::load;

    /// `[1, 2]` in protocol 4, framed.
    const FRAMED: &[u8] = b"\x80\x04\x95\x09\0\0\0\0\0\0\0]\x94(K\x01K\x02e.";

    #[test]
    fn a_payload_leaves_nothing_on_the_stack() {
        let carried = with_payload(FRAMED, "print(1)").unwrap();
        assert!(carried.starts_with(b"\x80\x04c"));
        assert!(load(&carried, &Limits::default()).is_ok());
    }

    #[test]
    fn a_changed_object_stays_inside_its_frame() {
        let changed = with_change(FRAMED, "lambda model: model").unwrap().unwrap();
        let (at, length) = last_frame(&changed).unwrap();
        assert_eq!(changed.len(), at + 9 + length as usize);
        assert!(load(&changed, &Limits::default()).is_ok());
        assert_eq!(with_change(b"no pickle", "x").unwrap(), None);
    }
}

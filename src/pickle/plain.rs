//! The other program in a file of joblib: what `pickle.load` would run.
//!
//! joblib puts the bytes of an array behind an instruction, where its own reader takes them away.
//! Whoever opens such a file with `pickle.load`, which is easily done, takes these bytes for
//! instructions. Numbers are none: the first byte that is no opcode ends that reading, as a rule the
//! very first. But bytes can be chosen so that they are instructions, and then the file is one thing
//! for joblib and another for pickle.
//!
//! So the reading of `pickle.load` is followed from the first array on, by what it does to the stack
//! and to texts alone, and each name that it would import is listed. It is followed further than
//! either of CPython's readers goes: they differ in what they take for a number, and in doubt the
//! instruction counts as good. What both refuse ends it: a persistent object, an extension that nobody
//! has registered, a name that no module can have.

use std::collections::HashMap;

use super::globals;
use super::machine::Machine;
use super::opcode::{ArgumentKind, Op, Opcode, by_byte};
use super::texts;

/// Most values that are remembered of the stack, and of the memo. What lies deeper counts as any
/// text: an array that is all of one byte can push a value with each.
const MOST_VALUES: usize = 1 << 20;
/// Most names that are listed.
const MOST_NAMES: usize = 100;

/// A name that `pickle.load` would import on its way through the bytes of arrays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Imported {
    /// Where the opcode stands.
    pub offset: usize,
    /// Its name.
    pub opcode: &'static str,
    /// Module and name; `None` where they are texts that were not remembered.
    pub name: Option<(String, String)>,
}

impl Imported {
    /// True for a name of a module by which Python runs commands, opens files or calls anything.
    pub fn can_run_code(&self) -> bool {
        const MODULES: &[&str] = &[
            "__builtin__",
            "_io",
            "_posixsubprocess",
            "asyncio",
            "bdb",
            "builtins",
            "cProfile",
            "code",
            "codeop",
            "commands",
            "ctypes",
            "dill",
            "distutils",
            "doctest",
            "http",
            "idlelib",
            "imp",
            "importlib",
            "io",
            "joblib",
            "marshal",
            "multiprocessing",
            "nt",
            "operator",
            "os",
            "pdb",
            "pickle",
            "pip",
            "pkgutil",
            "platform",
            "popen2",
            "posix",
            "profile",
            "pty",
            "pydoc",
            "requests",
            "runpy",
            "setuptools",
            "shelve",
            "shutil",
            "site",
            "smtplib",
            "socket",
            "ssl",
            "subprocess",
            "sys",
            "tempfile",
            "test",
            "timeit",
            "torch",
            "trace",
            "urllib",
            "venv",
            "webbrowser",
        ];
        self.name.as_ref().is_none_or(|(module, _)| {
            MODULES.contains(&module.split('.').next().unwrap_or_default())
        })
    }
}

/// The names that are not known, from where the machine stands: behind the state of a wrapper.
pub(super) fn imported(machine: &Machine) -> Vec<Imported> {
    let (stack, marks) = machine.stack();
    let kept = stack.len().min(MOST_VALUES / 2);
    let bottom = stack.len().saturating_sub(kept);
    let values = machine.values();
    let text = |id| match values.get(id).and_then(super::Node::as_str) {
        Some(text) => Value::Text(text.as_bytes()),
        None => Value::Other,
    };
    let mut reading = Reading {
        machine,
        bytes: machine.decoder().bytes(),
        stack: stack.iter().skip(bottom).map(|id| text(*id)).collect(),
        bottom,
        marks: marks.to_vec(),
        memo: HashMap::new(),
        memo_length: machine.memo().len(),
        names: Vec::new(),
    };
    let mut at = machine.position();
    while let Some(next) = reading.step(at) {
        at = next;
        if reading.names.len() >= MOST_NAMES {
            // Whatever else follows: picklers store a name and write it once.
            let opcode = Op::StackGlobal.opcode().name;
            reading.names.push(Imported { offset: at, opcode, name: None });
            break;
        }
    }
    reading.names
}

/// A value, as far as it can become a name.
#[derive(Debug, Clone, Copy)]
enum Value<'m> {
    /// No text.
    Other,
    /// One that was not remembered, and may be any text.
    Unknown,
    /// Text in UTF-8.
    Text(&'m [u8]),
    /// Text with the escapes of protocol 0.
    Escaped(&'m [u8]),
}

struct Reading<'m> {
    machine: &'m Machine<'m>,
    bytes: &'m [u8],
    stack: Vec<Value<'m>>,
    /// How many values lie below those that are remembered.
    bottom: usize,
    marks: Vec<usize>,
    /// What was stored since the reading began.
    memo: HashMap<u64, Value<'m>>,
    memo_length: usize,
    names: Vec<Imported>,
}

/// What stands behind an opcode.
enum Argument<'m> {
    None,
    Bytes(&'m [u8]),
    Number(u64),
    Lines(&'m [u8], &'m [u8]),
}

impl<'m> Reading<'m> {
    /// Follows the instruction at a place; `None` where the reading ends.
    fn step(&mut self, at: usize) -> Option<usize> {
        let opcode = by_byte(*self.bytes.get(at)?)?;
        let mut next = at.checked_add(1)?;
        let argument = self.argument(opcode.argument, &mut next)?;
        self.follow(opcode, &argument, at)?;
        Some(next)
    }

    fn take(&self, at: &mut usize, length: u64) -> Option<&'m [u8]> {
        let end = at.checked_add(usize::try_from(length).ok()?)?;
        let taken = self.bytes.get(*at..end)?;
        *at = end;
        Some(taken)
    }

    fn number(&self, at: &mut usize, width: u64) -> Option<u64> {
        let bytes = self.take(at, width)?;
        Some(bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    fn line(&self, at: &mut usize) -> Option<&'m [u8]> {
        let rest = self.bytes.get(*at..)?;
        let line = rest.get(..rest.iter().position(|byte| *byte == b'\n')?)?;
        *at = at.checked_add(line.len())?.checked_add(1)?;
        Some(line)
    }

    fn argument(&self, kind: ArgumentKind, at: &mut usize) -> Option<Argument<'m>> {
        use ArgumentKind as Kind;
        let counted = |at: &mut usize, width| {
            let length = self.number(at, width)?;
            self.take(at, length).map(Argument::Bytes)
        };
        match kind {
            Kind::None => Some(Argument::None),
            Kind::Number1 | Kind::Index1 => self.number(at, 1).map(Argument::Number),
            Kind::Number2 => self.number(at, 2).map(Argument::Number),
            Kind::Signed4 | Kind::Index4 => self.number(at, 4).map(Argument::Number),
            Kind::Float8 => self.number(at, 8).map(Argument::Number),
            Kind::FrameLength => {
                // The bytes of a frame must be there.
                let length = self.number(at, 8)?;
                self.take(&mut at.clone(), length).map(|_| Argument::None)
            }
            Kind::Long1 | Kind::String1 | Kind::Bytes1 | Kind::Unicode1 => counted(at, 1),
            Kind::Long4 | Kind::String4 | Kind::Bytes4 | Kind::Unicode4 => counted(at, 4),
            Kind::Bytes8 | Kind::ByteArray8 | Kind::Unicode8 => counted(at, 8),
            Kind::LinePair => Some(Argument::Lines(self.line(at)?, self.line(at)?)),
            Kind::IndexLine => {
                let line = std::str::from_utf8(self.line(at)?).ok()?;
                line.trim().replace('_', "").parse().ok().map(Argument::Number)
            }
            _ => self.line(at).map(Argument::Bytes),
        }
    }

    // ------------------------------------------------------------ stack, marks, memo

    fn height(&self) -> usize {
        self.bottom.saturating_add(self.stack.len())
    }

    fn push(&mut self, value: Value<'m>) {
        if self.stack.len() >= MOST_VALUES {
            self.bottom = self.bottom.saturating_add(MOST_VALUES / 2);
            self.stack.drain(..MOST_VALUES / 2);
        }
        self.stack.push(value);
    }

    fn pop(&mut self) -> Option<Value<'m>> {
        if let Some(value) = self.stack.pop() {
            return Some(value);
        }
        self.bottom = self.bottom.checked_sub(1)?;
        Some(Value::Unknown)
    }

    fn pop_mark(&mut self) -> Option<()> {
        let mark = self.marks.pop()?;
        self.stack.truncate(mark.saturating_sub(self.bottom));
        self.bottom = self.bottom.min(mark);
        Some(())
    }

    fn top(&mut self) -> Option<Value<'m>> {
        let top = self.pop()?;
        self.push(top);
        Some(top)
    }

    fn stored(&self, index: u64) -> Option<Value<'m>> {
        if let Some(value) = self.memo.get(&index) {
            return Some(*value);
        }
        if self.memo.len() >= MOST_VALUES {
            return Some(Value::Unknown);
        }
        let node = self.machine.memo().get(index)?;
        let text = self.machine.values().get(node).and_then(super::Node::as_str);
        Some(text.map_or(Value::Other, |text| Value::Text(text.as_bytes())))
    }

    fn store(&mut self, index: u64, value: Value<'m>) {
        if self.stored(index).is_none() {
            self.memo_length = self.memo_length.saturating_add(1);
        }
        if self.memo.len() < MOST_VALUES {
            self.memo.insert(index, value);
        }
    }

    // ------------------------------------------------------------ instructions

    fn follow(
        &mut self,
        opcode: &'static Opcode,
        argument: &Argument<'m>,
        at: usize,
    ) -> Option<()> {
        match (opcode.op, argument) {
            (Op::Stop, _) => return None,
            // Both readers refuse them, unless a program has told them what they stand for.
            (Op::PersId | Op::BinPersId | Op::Ext1 | Op::Ext2 | Op::Ext4 | Op::NextBuffer, _) => {
                return None;
            }
            (Op::Proto, Argument::Number(protocol)) if *protocol > 5 => return None,
            (Op::Proto | Op::Frame | Op::ReadonlyBuffer, _) => {}
            (Op::Mark, _) => self.marks.push(self.height()),
            (Op::Pop, _) if self.marks.last() == Some(&self.height()) => drop(self.marks.pop()),
            (Op::Dup, _) => {
                let top = self.top()?;
                self.push(top);
            }
            (Op::Get | Op::BinGet | Op::LongBinGet, Argument::Number(index)) => {
                let value = self.stored(*index)?;
                self.push(value);
            }
            (Op::Put | Op::BinPut | Op::LongBinPut, Argument::Number(index)) => {
                let top = self.top()?;
                self.store(*index, top);
            }
            (Op::Memoize, _) => {
                let top = self.top()?;
                self.store(self.memo_length as u64, top);
            }
            (Op::Global, Argument::Lines(module, name)) => {
                self.import(opcode, at, Value::Text(module), Value::Text(name))?;
            }
            (Op::Inst, Argument::Lines(module, name)) => {
                self.pop_mark()?;
                self.import(opcode, at, Value::Text(module), Value::Text(name))?;
            }
            (Op::StackGlobal, _) => {
                let name = self.pop()?;
                let module = self.pop()?;
                self.import(opcode, at, module, name)?;
            }
            (op, argument) => {
                let (pops, to_mark) = effect(op);
                if to_mark {
                    self.pop_mark()?;
                }
                for _ in 0..pops {
                    self.pop()?;
                }
                if pushes(op) {
                    self.push(value_of(opcode.argument, argument));
                }
            }
        }
        Some(())
    }

    /// Imports a name: listed unless it is known. `None` when no module has it, and Python raises.
    fn import(
        &mut self,
        opcode: &'static Opcode,
        offset: usize,
        module: Value<'m>,
        name: Value<'m>,
    ) -> Option<()> {
        let name = match (text_of(module)?, text_of(name)?) {
            (Some(module), Some(name)) => {
                if !is_possible(&module) || !is_possible(&name) {
                    return None;
                }
                match globals::known(&module, &name) {
                    Some(_) => None,
                    None => Some(Some((module, name))),
                }
            }
            _ => Some(None),
        };
        self.names.extend(name.map(|name| Imported { offset, opcode: opcode.name, name }));
        self.push(Value::Other);
        Some(())
    }
}

/// How many values an instruction takes from the stack, and whether all above the last mark first.
fn effect(op: Op) -> (usize, bool) {
    match op {
        Op::Pop | Op::Append | Op::Build | Op::Tuple1 => (1, false),
        Op::SetItem | Op::Reduce | Op::NewObj | Op::Tuple2 => (2, false),
        Op::NewObjEx | Op::Tuple3 => (3, false),
        Op::PopMark | Op::Appends | Op::AddItems | Op::SetItems => (0, true),
        Op::Tuple | Op::List | Op::Dict | Op::FrozenSet | Op::Obj => (0, true),
        _ => (0, false),
    }
}

fn pushes(op: Op) -> bool {
    !matches!(
        op,
        Op::Pop
            | Op::PopMark
            | Op::Append
            | Op::Appends
            | Op::AddItems
            | Op::SetItem
            | Op::SetItems
            | Op::Build
    )
}

fn value_of<'m>(kind: ArgumentKind, argument: &Argument<'m>) -> Value<'m> {
    use ArgumentKind as Kind;
    match (kind, argument) {
        (Kind::Unicode1 | Kind::Unicode4 | Kind::Unicode8, Argument::Bytes(text))
        | (Kind::String1 | Kind::String4, Argument::Bytes(text)) => Value::Text(text),
        (Kind::UnicodeLine | Kind::QuotedLine, Argument::Bytes(line)) => Value::Escaped(line),
        _ => Value::Other,
    }
}

/// The text of a value: `None` for what is none, and `Some(None)` for one that is not known.
fn text_of(value: Value<'_>) -> Option<Option<String>> {
    match value {
        Value::Other => None,
        Value::Unknown => Some(None),
        Value::Text(bytes) => Some(Some(std::str::from_utf8(bytes).ok()?.to_owned())),
        Value::Escaped(line) => Some(match texts::raw_unicode(line) {
            Ok(text) if !line.starts_with(b"'") && !line.starts_with(b"\"") => {
                text.as_str().map(str::to_owned)
            }
            // In quotes: whatever it is, a name is not spelled so by anybody but an attacker.
            _ => None,
        }),
    }
}

/// True for texts as the names of modules and of what is in them: words with dots between them.
fn is_possible(name: &str) -> bool {
    name.split('.').all(|word| {
        !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Limits;

    /// What is imported when `raw` follows a pickle that has pushed an object and two texts and has
    /// stored them as 1 and 2.
    fn after(raw: &[u8]) -> Vec<String> {
        let mut bytes = b"\x80\x04N\x8c\x05posixq\x01\x8c\x06systemq\x02".to_vec();
        let steps = 6;
        bytes.extend_from_slice(raw);
        let mut machine = Machine::new(&bytes, &Limits::default());
        for _ in 0..steps {
            machine.step().unwrap().unwrap();
        }
        let shown = |name: Imported| match name.name {
            Some((module, name)) => format!("{module}.{name}"),
            None => "any".to_owned(),
        };
        imported(&machine).into_iter().map(shown).collect()
    }

    #[test]
    fn every_way_to_spell_a_name_is_found() {
        let none: [&str; 0] = [];
        assert_eq!(after(b"0cos\nsystem\n(Vid\ntR."), ["os.system"]);
        assert_eq!(after(b"(ios\nsystem\n."), ["os.system"]);
        assert_eq!(after(b"\x93."), ["posix.system"]);
        assert_eq!(after(b"h\x01h\x02\x93."), ["posix.system"]);
        assert_eq!(after(b"\x8c\x02os\x94\x8c\x06system\x93."), ["os.system"]);
        assert_eq!(after(b"Vo\\u0073\nVsystem\n\x93."), ["os.system"]);
        assert_eq!(after(b"S'os'\nS'system'\n\x93."), ["any"]);
        // Numbers that one of Python's readers takes.
        assert_eq!(after(b"I 1_0 \n0cos\nsystem\n."), ["os.system"]);
        assert_eq!(after(b"cnumpy\nndarray\ncos\nsystem\n."), ["os.system"]);
        assert_eq!(after(b"cnumpy\nndarray\n."), none);
    }

    #[test]
    fn numbers_are_no_instructions() {
        let none: [&str; 0] = [];
        for raw in [&b""[..], b"\0\0\0\0\0\0\xf0?", b".cos\nsystem\n", b"\x82\x01cos\nsystem\n"] {
            assert_eq!(after(raw), none);
        }
        // The whole numbers 99, 10, 10: an instruction with names that no module can have.
        let numbers: Vec<u8> = [99u64, 10, 10].iter().flat_map(|n| n.to_le_bytes()).collect();
        assert_eq!(after(&numbers), none);
        // But for the opcode that makes a name of the two texts that lie there.
        for byte in (0..=u8::MAX).filter(|byte| *byte != 0x93) {
            assert_eq!(after(&vec![byte; 3 << 20]), none, "{byte}");
        }
    }
}

//! The 68 opcodes of pickle protocols 0 to 5, as one list.
//!
//! The list is the only place that knows the byte, the name, the sort of argument and the first
//! protocol of an opcode; the decoder, the machine, the assembler and whoever prints a listing all
//! look here. `tests/pickle_core.rs` compares it with what Python says about itself.
//!
//! Names are those of CPython's `pickle.py`, and the meaning is described from what its two
//! unpicklers do (`Lib/pickle.py`, `Modules/_pickle.c`).

/// The sort of argument that follows an opcode. All numbers are little-endian unless said
/// otherwise, and text arguments end with a line feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArgumentKind {
    /// Nothing follows.
    None,
    /// A decimal integer, or `00` and `01` for the booleans.
    IntLine,
    /// A decimal integer of any length, with or without an `L` behind it.
    LongLine,
    /// A decimal floating-point number.
    FloatLine,
    /// A decimal memo index.
    IndexLine,
    /// A quoted Python 2 string with escapes.
    QuotedLine,
    /// Text in Python's raw-unicode-escape.
    UnicodeLine,
    /// One line of ASCII.
    Line,
    /// Two lines: a module and a name in it.
    LinePair,
    /// One byte: a number.
    Number1,
    /// Two bytes: a number.
    Number2,
    /// Four bytes: a signed number.
    Signed4,
    /// One byte: a memo index.
    Index1,
    /// Four bytes: a memo index.
    Index4,
    /// Eight bytes: the length of a frame.
    FrameLength,
    /// Eight bytes, big-endian: a floating-point number.
    Float8,
    /// One byte of length, then a two's complement integer.
    Long1,
    /// Four bytes of signed length, then a two's complement integer.
    Long4,
    /// One byte of length, then a Python 2 string.
    String1,
    /// Four bytes of signed length, then a Python 2 string.
    String4,
    /// One byte of length, then bytes.
    Bytes1,
    /// Four bytes of length, then bytes.
    Bytes4,
    /// Eight bytes of length, then bytes.
    Bytes8,
    /// Eight bytes of length, then the content of a bytearray.
    ByteArray8,
    /// One byte of length, then UTF-8 in which lone surrogates may stand.
    Unicode1,
    /// Four bytes of length, then UTF-8 in which lone surrogates may stand.
    Unicode4,
    /// Eight bytes of length, then UTF-8 in which lone surrogates may stand.
    Unicode8,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opcode {
    /// What the machine matches on.
    pub op: Op,
    /// The byte.
    pub code: u8,
    /// CPython's name for it.
    pub name: &'static str,
    /// What follows the byte.
    pub argument: ArgumentKind,
    /// First protocol that has it.
    pub protocol: u8,
    /// What it does to the stack.
    pub effect: &'static str,
}

macro_rules! opcodes {
    ($($op:ident $name:literal $code:literal $argument:ident $protocol:literal $effect:literal;)*) => {
        /// An opcode by name, so that a match over all of them is checked to be complete.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Op {
            $(#[doc = $name] #[doc = concat!("(protocol ", $protocol, "): ", $effect, ".")] $op,)*
        }

        /// Every opcode, in the order in which the protocols added them.
        pub const OPCODES: &[Opcode] = &[$(Opcode {
            op: Op::$op,
            code: $code,
            name: $name,
            argument: ArgumentKind::$argument,
            protocol: $protocol,
            effect: $effect,
        },)*];
    };
}

opcodes! {
    Mark "MARK" b'(' None 0 "sets a mark";
    Stop "STOP" b'.' None 0 "takes the result and ends the pickle";
    Pop "POP" b'0' None 0 "drops the top, or a mark if it is what is on top";
    Dup "DUP" b'2' None 0 "pushes the top once more";
    Float "FLOAT" b'F' FloatLine 0 "pushes a float";
    Int "INT" b'I' IntLine 0 "pushes an integer or a boolean";
    Long "LONG" b'L' LongLine 0 "pushes an integer";
    None "NONE" b'N' None 0 "pushes None";
    PersId "PERSID" b'P' Line 0 "pushes what the loader knows under an identifier";
    Reduce "REDUCE" b'R' None 0 "takes a tuple and a callable, pushes the result of the call";
    String "STRING" b'S' QuotedLine 0 "pushes a Python 2 string";
    Unicode "UNICODE" b'V' UnicodeLine 0 "pushes a text";
    Append "APPEND" b'a' None 0 "takes a value and appends it to the list below";
    Build "BUILD" b'b' None 0 "takes a state and gives it to the object below";
    Global "GLOBAL" b'c' LinePair 0 "pushes what a module calls by a name";
    Dict "DICT" b'd' None 0 "takes keys and values down to the mark, pushes a dict";
    Get "GET" b'g' IndexLine 0 "pushes an entry of the memo";
    Inst "INST" b'i' LinePair 0 "takes arguments down to the mark, pushes an instance of a class";
    List "LIST" b'l' None 0 "takes values down to the mark, pushes a list";
    Put "PUT" b'p' IndexLine 0 "stores the top in the memo";
    SetItem "SETITEM" b's' None 0 "takes a value and a key and sets them in the dict below";
    Tuple "TUPLE" b't' None 0 "takes values down to the mark, pushes a tuple";
    PopMark "POP_MARK" b'1' None 1 "drops values down to the mark, and the mark";
    BinInt "BININT" b'J' Signed4 1 "pushes an integer";
    BinInt1 "BININT1" b'K' Number1 1 "pushes an integer";
    BinInt2 "BININT2" b'M' Number2 1 "pushes an integer";
    BinPersId "BINPERSID" b'Q' None 1 "takes an identifier, pushes what the loader knows under it";
    BinString "BINSTRING" b'T' String4 1 "pushes a Python 2 string";
    ShortBinString "SHORT_BINSTRING" b'U' String1 1 "pushes a Python 2 string";
    BinUnicode "BINUNICODE" b'X' Unicode4 1 "pushes a text";
    EmptyDict "EMPTY_DICT" b'}' None 1 "pushes an empty dict";
    Appends "APPENDS" b'e' None 1 "takes values down to the mark, appends them to the list below";
    BinGet "BINGET" b'h' Index1 1 "pushes an entry of the memo";
    LongBinGet "LONG_BINGET" b'j' Index4 1 "pushes an entry of the memo";
    EmptyList "EMPTY_LIST" b']' None 1 "pushes an empty list";
    Obj "OBJ" b'o' None 1 "takes a class and arguments down to the mark, pushes an instance";
    BinPut "BINPUT" b'q' Index1 1 "stores the top in the memo";
    LongBinPut "LONG_BINPUT" b'r' Index4 1 "stores the top in the memo";
    EmptyTuple "EMPTY_TUPLE" b')' None 1 "pushes an empty tuple";
    SetItems "SETITEMS" b'u' None 1 "takes keys and values down to the mark, sets them in the dict below";
    BinFloat "BINFLOAT" b'G' Float8 1 "pushes a float";
    Proto "PROTO" 0x80 Number1 2 "leaves the stack; says the protocol";
    NewObj "NEWOBJ" 0x81 None 2 "takes a tuple and a class, pushes a new instance";
    Ext1 "EXT1" 0x82 Number1 2 "pushes what the extension registry has under a number";
    Ext2 "EXT2" 0x83 Number2 2 "pushes what the extension registry has under a number";
    Ext4 "EXT4" 0x84 Signed4 2 "pushes what the extension registry has under a number";
    Tuple1 "TUPLE1" 0x85 None 2 "takes one value, pushes a tuple of it";
    Tuple2 "TUPLE2" 0x86 None 2 "takes two values, pushes a tuple of them";
    Tuple3 "TUPLE3" 0x87 None 2 "takes three values, pushes a tuple of them";
    NewTrue "NEWTRUE" 0x88 None 2 "pushes True";
    NewFalse "NEWFALSE" 0x89 None 2 "pushes False";
    Long1 "LONG1" 0x8a Long1 2 "pushes an integer";
    Long4 "LONG4" 0x8b Long4 2 "pushes an integer";
    BinBytes "BINBYTES" b'B' Bytes4 3 "pushes bytes";
    ShortBinBytes "SHORT_BINBYTES" b'C' Bytes1 3 "pushes bytes";
    ShortBinUnicode "SHORT_BINUNICODE" 0x8c Unicode1 4 "pushes a text";
    BinUnicode8 "BINUNICODE8" 0x8d Unicode8 4 "pushes a text";
    BinBytes8 "BINBYTES8" 0x8e Bytes8 4 "pushes bytes";
    EmptySet "EMPTY_SET" 0x8f None 4 "pushes an empty set";
    AddItems "ADDITEMS" 0x90 None 4 "takes values down to the mark, adds them to the set below";
    FrozenSet "FROZENSET" 0x91 None 4 "takes values down to the mark, pushes a frozenset";
    NewObjEx "NEWOBJ_EX" 0x92 None 4 "takes a dict, a tuple and a class, pushes a new instance";
    StackGlobal "STACK_GLOBAL" 0x93 None 4 "takes a name and a module, pushes what they name";
    Memoize "MEMOIZE" 0x94 None 4 "stores the top in the memo, at the number of its entries";
    Frame "FRAME" 0x95 FrameLength 4 "leaves the stack; opens a frame of so many bytes";
    ByteArray8 "BYTEARRAY8" 0x96 ByteArray8 5 "pushes a bytearray";
    NextBuffer "NEXT_BUFFER" 0x97 None 5 "pushes the next buffer from outside of the pickle";
    ReadonlyBuffer "READONLY_BUFFER" 0x98 None 5 "makes the buffer on top read-only";
}

/// Where each byte stands in [`OPCODES`].
const BY_CODE: [Option<&'static Opcode>; 256] = by_code();

// Evaluated by the compiler: a slip here is a compile error, not a panic.
#[allow(clippy::indexing_slicing)]
const fn by_code() -> [Option<&'static Opcode>; 256] {
    let mut table = [Option::None; 256];
    let mut at = 0;
    while at < OPCODES.len() {
        table[OPCODES[at].code as usize] = Some(&OPCODES[at]);
        at += 1;
    }
    table
}

/// The opcode that a byte is, if it is one.
pub fn by_byte(byte: u8) -> Option<&'static Opcode> {
    BY_CODE.get(usize::from(byte)).copied().flatten()
}

impl Op {
    /// This opcode's line of the table.
    // The enum and the list come out of the same macro, in the same order.
    #[allow(clippy::indexing_slicing)]
    pub const fn opcode(self) -> &'static Opcode {
        &OPCODES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_has_each_opcode_once() {
        assert_eq!(OPCODES.len(), 68);
        let codes: BTreeSet<u8> = OPCODES.iter().map(|opcode| opcode.code).collect();
        let names: BTreeSet<&str> = OPCODES.iter().map(|opcode| opcode.name).collect();
        assert_eq!((codes.len(), names.len()), (68, 68));
        assert!(OPCODES.iter().all(|opcode| opcode.protocol <= 5 && !opcode.effect.is_empty()));
        assert!(OPCODES.is_sorted_by_key(|opcode| opcode.protocol));
    }

    #[test]
    fn a_byte_leads_to_its_opcode_and_no_other() {
        for byte in 0..=255 {
            let listed = OPCODES.iter().find(|opcode| opcode.code == byte);
            assert_eq!(by_byte(byte), listed, "{byte:#x}");
        }
        for opcode in OPCODES {
            assert_eq!(opcode.op.opcode(), opcode);
        }
    }
}

#!/usr/bin/env python3
"""Writes the pickles that tests/pickle_core.rs reads, and what must come out of them.

    PYTHONHASHSEED=0 python3.11 scripts/make_pickle_fixtures.py [PYTHON2]

The files go to tests/data/pickle and are committed. Only the standard library takes part; Python
3.11 wrote what is there, and Python 2.7, which may be given as an argument, the ones that begin with
python2. `expected.json` says for each file what is in it, in a notation of nested lists that the
test makes out of its nodes too: ["int", "5"], ["text", "hex of UTF-8"], ["list", number, items...].
Lists, dicts, sets and objects are numbered when they are met first; afterwards it is ["same", number].
"""

import copyreg
import io
import json
import os
import pickle
import pickletools
import struct
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "tests" / "data" / "pickle"


class Plain:
    """State in a dict."""


class Reduced:
    """Made by a call with arguments, and a state of its own."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        return (Reduced, self.arguments, {"extra": 1})


class Slots:
    """State in a tuple of a dict and the slots."""

    __slots__ = ("left", "right", "__dict__")


class Keywords:
    """Made by __new__ with keyword arguments."""

    def __new__(cls, *arguments, **keywords):
        self = super().__new__(cls)
        self.given = (arguments, keywords)
        return self

    def __getnewargs_ex__(self):
        return self.given[0], dict(self.given[1])


class ListLike(list):
    """A list with attributes."""


class DictLike(dict):
    """A dict with attributes."""


class Describer:
    """The notation of an object."""

    def __init__(self):
        self.seen = []

    def number(self, value):
        """The number of a value, and whether it is new."""
        for number, other in enumerate(self.seen):
            if other is value:
                return number, False
        self.seen.append(value)
        return len(self.seen) - 1, True

    def __call__(self, value):
        if value is None or value is True or value is False:
            return [str(value)]
        if type(value) is int:
            return ["int", str(value)]
        if type(value) is float:
            return ["float", struct.pack(">d", value).hex()]
        if type(value) is str:
            return ["text", value.encode("utf-8", "surrogatepass").hex()]
        if type(value) is bytes:
            return ["bytes", value.hex()]
        if type(value) is tuple:
            return ["tuple", *map(self, value)]
        if type(value) is frozenset:
            return ["frozenset", *sorted(map(self, value), key=compact)]
        if isinstance(value, type):
            return ["global", value.__module__ + "." + value.__qualname__]
        number, new = self.number(value)
        if not new:
            return ["same", number]
        if type(value) is bytearray:
            return ["bytearray", number, value.hex()]
        if type(value) is list:
            return ["list", number, *map(self, value)]
        if type(value) is dict:
            return ["dict", number, *([self(k), self(v)] for k, v in value.items())]
        if type(value) is set:
            return ["set", number, *sorted(map(self, value), key=compact)]
        return self.instance(number, value)

    def instance(self, number, value):
        parts = [*value.__reduce_ex__(4), None, None, None]
        callable_, arguments, state, items, entries = parts[:5]
        keywords = {}
        if callable_ is copyreg.__newobj__:
            callable_, *arguments = arguments
        elif callable_ is copyreg.__newobj_ex__:
            callable_, arguments, keywords = arguments
        return [
            "object",
            number,
            callable_.__module__ + "." + callable_.__qualname__,
            self(tuple(arguments)),
            self(keywords) if keywords else ["None"],
            self(state),
            list(map(self, items or [])),
            [[self(k), self(v)] for k, v in entries or []],
        ]


def compact(notation):
    return json.dumps(notation, separators=(",", ":"))


def basic():
    """What every protocol can say."""
    shared = ["shared", 1]
    cycle = [1]
    cycle.append(cycle)
    knot = {}
    knot["tuple"] = (knot, [knot])
    instance = Plain()
    instance.self = instance
    instance.name = "naïve"
    integers = [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, 2**63]
    integers += [-(2**63), -(2**63) - 1, 2**64, 10**40, -(10**40), 1 << 2100]
    return {
        "constants": [None, True, False],
        "integers": integers,
        "floats": [0.0, -0.0, 1.5, 1e300, 5e-324, 0.1, float("inf"), float("-inf"), float("nan")],
        "texts": ["", "plain", "naïve 日本 😀", "line\nfeed\r\0\x1a\\u0041\\", "\ud800 lone \udfff"],
        "long text": "0123456789" * 30,
        "bytes": [b"", b"\x00\xff\n", bytes(range(256)), bytearray(b"array\xff"), bytearray()],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((), ((),))],
        "sets": [set(), {1, 2, "three"}, frozenset(), frozenset({b"x", (1, 2)})],
        "shared": [shared, shared, (shared, shared)],
        "cycle": cycle,
        "knot": knot,
        "keys": {1: "a", None: "b", (1, "x"): "c", 2.5: "d", b"e": "f"},
        "class": Plain,
        "instance": instance,
        "reduced": Reduced(1, "two", shared),
        7: {},
    }


def advanced():
    """What needs protocol 2."""
    slots = Slots()
    slots.left, slots.other = 1, [slots]
    only_slots = Slots()
    only_slots.left, only_slots.right = (1, 2), None
    listed = ListLike([1, 2, 3])
    listed.note = "kept"
    return [
        slots,
        only_slots,
        Keywords(1, 2, key="word"),
        Keywords(3),
        listed,
        DictLike(a=1, b=[listed]),
        Reduced(),
    ]


class SmallFrames(pickle._Pickler):
    """Ends a frame after 64 bytes instead of 64 KiB."""

    class framer_class(pickle._Framer):
        _FRAME_SIZE_TARGET = 64

    def __init__(self, file):
        super().__init__(file, 4)
        self.framer = self.framer_class(file.write)
        self.write, self._write_large_bytes = self.framer.write, self.framer.write_large_bytes


def small_frames(value):
    file = io.BytesIO()
    SmallFrames(file).dump(value)
    return file.getvalue()


PYTHON2 = r"""
import cPickle, pickle, sys
class Old:
    def __init__(self, *a): self.a = a
    def __getinitargs__(self): return self.a
Old.__module__ = 'old.classes'
sys.modules['old'] = sys.modules['old.classes'] = sys.modules['__main__']
value = ['str\n\'"\\\xff\x00', u'unicode \u65e5\\', 12345678901234567890, 5, True, Old('x', 2), {'k': 1.5}]
for protocol in 0, 1, 2:
    open('%s/python2_p%d.pkl' % (sys.argv[1], protocol), 'wb').write(pickle.dumps(value, protocol))
"""


def opcodes():
    """What Python says about its opcodes."""
    return [
        {
            "name": opcode.name,
            "code": ord(opcode.code),
            "protocol": opcode.proto,
            "argument": opcode.arg.name if opcode.arg else None,
        }
        for opcode in pickletools.opcodes
    ]


def main():
    expected = {}

    def keep(name, data, value):
        (DATA / f"{name}.pkl").write_bytes(data)
        expected[name] = Describer()(value)

    for protocol in range(6):
        keep(f"basic_p{protocol}", pickle.dumps(basic(), protocol), basic())
    for protocol in range(2, 6):
        keep(f"advanced_p{protocol}", pickle.dumps(advanced(), protocol), advanced())
    keep("frames_p4", small_frames(basic()), basic())

    buffers = []
    block, constant = bytearray(b"writable"), b"constant"
    value = [pickle.PickleBuffer(block), pickle.PickleBuffer(constant), pickle.PickleBuffer(block)]
    data = pickle.dumps(value, 5, buffer_callback=buffers.append)
    assert len(buffers) == 3
    (DATA / "buffers_p5.pkl").write_bytes(data)
    expected["buffers_p5"] = ["list", 0, ["buffer", 0, False], ["buffer", 1, True], ["buffer", 2, False]]

    if len(sys.argv) > 1:
        subprocess.run([sys.argv[1], "-c", PYTHON2, str(DATA)], check=True)

    (DATA / "expected.json").write_text(json.dumps(expected, indent=None) + "\n")
    (DATA / "opcodes.json").write_text(json.dumps(opcodes(), indent=1) + "\n")


if __name__ == "__main__":
    if sys.version_info[:2] != (3, 11):
        sys.exit("this needs Python 3.11, which wrote the files that are there")
    if os.environ.get("PYTHONHASHSEED") != "0":
        sys.exit("set PYTHONHASHSEED=0, or the order in sets changes with every run")
    main()

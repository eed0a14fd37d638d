//! What the machine does with stack, marks, names and calls.

use deadweight::base::Limits;
use deadweight::pickle::value::Construction;
use deadweight::pickle::{Assembler, Event, Machine, Node, NodeId, Op, Pickle, Values};

use super::read;

fn error(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

fn events(bytes: &[u8]) -> Vec<(usize, Event)> {
    let mut machine = Machine::new(bytes, &Limits::default());
    let mut events = Vec::new();
    while let Some(step) = machine.step().unwrap() {
        if step.event != Event::None {
            events.push((step.instruction.offset, step.event));
        }
    }
    events
}

fn kinds(pickle: &Pickle, ids: &[NodeId]) -> Vec<String> {
    ids.iter().map(|id| pickle.values.describe(*id)).collect()
}

fn root<'p, 'a>(pickle: &'p Pickle<'a>) -> &'p Node<'a> {
    pickle.values.get(pickle.root).unwrap()
}

#[test]
fn a_call_is_seen_when_it_happens_and_not_when_it_is_used() {
    let bytes = b"cos\nsystem\n(Vecho\ntR0(ios\nabort\n0(cos\n_exit\no0N.";
    let seen: Vec<(usize, &str)> = events(bytes)
        .into_iter()
        .map(|(offset, event)| {
            let name = match event {
                Event::Named(_) => "named",
                Event::Called(_) => "called",
                Event::Stopped(_) => "stopped",
                _ => "another",
            };
            (offset, name)
        })
        .collect();
    assert_eq!(
        seen,
        [
            (0, "named"),
            (19, "called"),
            (22, "called"),
            (34, "named"),
            (44, "called"),
            (47, "stopped")
        ]
    );
}

#[test]
fn marks_hide_what_is_below() {
    assert_eq!(error(b"."), "byte 0, STOP: stack: expected a value on top, found an empty stack");
    assert_eq!(error(b"N(."), "byte 2, STOP: stack: expected a value on top, found a mark");
    assert_eq!(error(b"NN(a."), "byte 3, APPEND: stack: expected a value on top, found a mark");
    assert_eq!(error(b"Nt."), "byte 1, TUPLE: stack: expected a mark, found none");
    assert_eq!(error(b"](N((e."), "byte 5, APPENDS: stack: expected a value on top, found a mark");
    assert_eq!(
        error(b"}(NNNu."),
        "byte 5, SETITEMS: stack: expected a value for each key, found 3 values"
    );
    let pickle = read(b"K\x07(0K\x08(NN1.").unwrap();
    assert_eq!((root(&pickle), pickle.leftover), (&Node::Int(8), 1));
    assert_eq!(events(b"K\x07.").len(), 1);
}

#[test]
fn the_order_of_what_is_taken_is_that_of_python() {
    let pickle = read(b"K\x01K\x02K\x03\x87.").unwrap();
    let Node::Tuple(items) = root(&pickle) else { panic!() };
    assert_eq!(kinds(&pickle, items), ["the integer 1", "the integer 2", "the integer 3"]);
    let pickle = read(b"}K\x01K\x02s(K\x03K\x04K\x01K\x05u.").unwrap();
    let Node::Dict(entries) = root(&pickle) else { panic!() };
    let keys: Vec<NodeId> = entries.iter().map(|(key, _)| *key).collect();
    assert_eq!(kinds(&pickle, &keys), ["the integer 1", "the integer 3", "the integer 1"]);
    let pickle = read(b"}(Va\nK\x01S'b'\nK\x02Va\nK\x03u.").unwrap();
    let entry = |key| pickle.values.entry(pickle.root, key).map(|id| pickle.values.describe(id));
    assert_eq!(entry("a").as_deref(), Some("the integer 3"), "the last one counts");
    assert_eq!(entry("b").as_deref(), Some("the integer 2"));
    assert_eq!(entry("c"), None);
    let pickle = read(b"\x8c\x01m\x8c\x03a.b\x93K\x01\x85}\x92.").unwrap();
    let Node::Object(object) = root(&pickle) else { panic!() };
    assert_eq!(object.construction, Construction::New);
    assert_eq!(pickle.values.callable_of(object).unwrap().to_string(), "m.a.b");
    assert_eq!(
        kinds(&pickle, &[object.arguments, object.keywords.unwrap()]),
        ["a tuple of 1", "a dict of 0"]
    );
}

#[test]
fn what_cannot_be_is_refused_with_what_was_found() {
    for (bytes, expected) in [
        (
            b"K\x01)R.".as_slice(),
            "byte 3, REDUCE: callable: expected a name or an object, found the integer 1",
        ),
        (b"ca\nb\n]R.", "byte 6, REDUCE: arguments: expected a tuple, found a list of 0"),
        (b"ca\nb\n)N\x92.", "byte 7, NEWOBJ_EX: keyword arguments: expected a dict, found None"),
        (b"(o.", "byte 1, OBJ: stack: expected a class above the mark, found a mark"),
        (b"]}b.", "byte 2, BUILD: target: expected an object, found a list of 0"),
        (b"}Na.", "byte 2, APPEND: target: expected a list or an object, found a dict of 0"),
        (b"]NNs.", "byte 3, SETITEM: target: expected a dict or an object, found a list of 0"),
        (b"](N\x90.", "byte 3, ADDITEMS: target: expected a set or an object, found a list of 0"),
        (b"}]Ns.", "byte 3, SETITEM: key: expected something hashable, found a list of 0"),
        (b"(}\x91.", "byte 2, FROZENSET: key: expected something hashable, found a dict of 0"),
        (b"NN\x93.", "byte 2, STACK_GLOBAL: module: expected a text that is a name, found None"),
        (b"N\x98.", "byte 1, READONLY_BUFFER: target: expected a buffer, found None"),
        (
            b"\x82\x05.",
            "byte 0, EXT1: extension 5 is refused; what it stands for is registered in the program that wrote the file",
        ),
        (
            b"\x84\xff\xff\xff\xff.",
            "byte 0, EXT4: extension -1 is refused; what it stands for is registered in the program that wrote the file",
        ),
    ] {
        // Names are popped first, so the name is what is found wrong first.
        let text = error(bytes);
        assert_eq!(text, expected);
    }
}

#[test]
fn objects_keep_what_is_done_to_them() {
    let pickle = read(b"ca\nB\n)\x81(K\x01K\x02eK\x03a(K\x04K\x05uK\x06K\x07s}bNb.").unwrap();
    let Node::Object(object) = root(&pickle) else { panic!() };
    assert_eq!(kinds(&pickle, &object.items), ["the integer 1", "the integer 2", "the integer 3"]);
    assert_eq!((object.entries.len(), object.states.len(), object.state()), (2, 2, None));
    assert_eq!(
        pickle.values.describe(pickle.root),
        "an object made by the name \"B\" of module \"a\""
    );
}

#[test]
fn edits_that_nodes_cannot_show_are_listed() {
    let late = |bytes: &[u8]| {
        let pickle = read(bytes).unwrap();
        pickle.late_edits.iter().map(|edit| (edit.offset, edit.opcode)).collect::<Vec<_>>()
    };
    // A list that was an argument is filled only afterwards, twice.
    assert_eq!(late(b"]p0\nca\nb\ng0\n\x85R0g0\nNaNa."), [(19, "APPEND")]);
    // So is the dict that was a state, and a list inside of a tuple that was one.
    assert_eq!(late(b"}p0\nca\nb\n)Rg0\nb0g0\nNNs."), [(21, "SETITEM")]);
    // An argument gets a state after the call.
    assert_eq!(late(b"cn\nd\n)Rp0\nca\nb\ng0\n\x85R0g0\n}b."), [(25, "BUILD")]);
    // A tuple that was a member before is an argument now: its members count.
    assert_eq!(late(b"]p0\n\x85p1\n\x85p2\n0ca\nb\ng2\nR0ca\nb\ng1\nR0g0\nNa."), [(37, "APPEND")]);
    // The namespace of a module.
    assert_eq!(late(b"cnumpy\n__builtins__\n}b."), [(21, "BUILD")]);
    // The usual order: made, filled, used.
    assert_eq!(late(b"ca\nb\n]Na\x85R}NNsb."), []);
}

#[test]
fn buffers_and_persistent_objects_are_named_and_not_looked_up() {
    let pickle = read(b"\x80\x05(\x97\x97\x98\x97l.").unwrap();
    let Node::List(items) = root(&pickle) else { panic!() };
    let found: Vec<&Node> = items.iter().map(|id| pickle.values.get(*id).unwrap()).collect();
    let buffer = |index, readonly| Node::Buffer { index, readonly };
    assert_eq!(found, [&buffer(0, false), &buffer(1, true), &buffer(2, false)]);
    for bytes in [b"Pid\n.".as_slice(), b"Vid\nQ."] {
        let pickle = read(bytes).unwrap();
        let Node::Persistent(id) = root(&pickle) else { panic!() };
        assert_eq!(pickle.values.get(*id).and_then(Node::as_str), Some("id"));
    }
}

#[test]
fn pickles_follow_each_other_and_lie_in_each_other() {
    let bytes = b"K\x01.K\x02.rest";
    let first = read(bytes).unwrap();
    assert_eq!((first.end, first.trailing), (3, 7));
    let second = Machine::at(bytes, first.end, &Limits::default()).run().unwrap();
    assert_eq!((root(&second), second.end, second.trailing), (&Node::Int(2), 6, 4));

    // An array of objects as joblib has it: a wrapper, then a whole pickle, then the rest.
    let bytes = b"]p0\nca\nWrapper\n)R}b]p0\nNa.ag0\n.";
    let mut machine = Machine::new(bytes, &Limits::default());
    let mut results = Vec::new();
    while let Some(step) = machine.step().unwrap() {
        match step.event {
            Event::Built { .. } => machine.enter().unwrap(),
            Event::Stopped(node) => {
                results.push(machine.values().describe(node));
                if results.len() == 1 {
                    let node = machine.values().get(node).unwrap().clone();
                    machine.replace_top(node).unwrap();
                }
            }
            _ => {}
        }
    }
    assert_eq!(results, ["a list of 1", "a list of 1"]);
    let mut machine = Machine::new(b"N.", &Limits::default());
    for _ in 0..Limits::default().max_metadata_depth {
        machine.enter().unwrap();
    }
    assert!(machine.enter().unwrap_err().to_string().contains("limit max_metadata_depth is 64"));
}

#[test]
fn memoize_counts_entries() {
    let mut assembler = Assembler::new();
    assembler.int(10).index(Op::BinPut, 7).op(Op::Memoize).op(Op::Pop);
    let bytes = assembler.index(Op::BinGet, 1).op(Op::Stop).finish().unwrap();
    assert_eq!(root(&read(&bytes).unwrap()), &Node::Int(10));
    assert_eq!(read(b"\x88.").unwrap().root, Values::TRUE);
    assert_eq!(read(b"I00\n.").unwrap().root, Values::FALSE);
}

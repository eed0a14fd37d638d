//! The machine: nodes lead to nodes, and there are no more of them than bytes can ask for.

use deadweight::base::Limits;
use deadweight::pickle::{Event, Machine, Node, NodeId, Pickle, PickleError, Values, load};

/// Runs the machine at once and step by step, and looks at all nodes.
pub fn machine(bytes: &[u8]) {
    let limits = super::limits();
    match (load(bytes, &limits), by_steps(bytes, &limits)) {
        (Ok(pickle), Ok(stepped)) => {
            assert_eq!(pickle.root, stepped.root);
            assert_eq!(pickle.end, stepped.end);
            assert_eq!(pickle.late_edits, stepped.late_edits);
            assert_eq!(pickle.end + pickle.trailing, bytes.len());
            assert!(pickle.late_edits.iter().all(|edit| edit.offset < bytes.len()));
            look_at(&pickle.values, bytes.len());
        }
        (Err(error), Err(stepped)) => {
            assert_eq!(error, stepped);
            super::is_short(&error);
            assert!(error.offset() <= bytes.len());
        }
        (once, stepped) => panic!("{:?} against {:?}", once.err(), stepped.err()),
    }
}

fn by_steps<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Pickle<'a>, PickleError> {
    let mut machine = Machine::new(bytes, limits);
    loop {
        let before = machine.position();
        let Some(step) = machine.step()? else { unreachable!("STOP came before") };
        assert_eq!(step.instruction.offset, before);
        let known = |node: NodeId| machine.values().get(node).is_some();
        match step.event {
            Event::None => {}
            Event::Named(node) | Event::Called(node) | Event::Asked(node) => assert!(known(node)),
            Event::Built { target, state } => assert!(known(target) && known(state)),
            Event::Stopped(root) => {
                assert_eq!(machine.step()?, None, "the machine went on behind STOP");
                return Ok(machine.finish(root));
            }
        }
    }
}

fn look_at(values: &Values<'_>, bytes: usize) {
    let mut edges = 0;
    for (id, node) in values.iter() {
        assert!(values.describe(id).len() < 1024);
        let inside = inside(node);
        assert!(inside.iter().all(|id| values.get(*id).is_some()), "a way out of the nodes");
        edges += inside.len();
        if let Node::Object(object) = node {
            assert!(object.offset < bytes);
        }
    }
    // OBJ makes two nodes; four are there from the start.
    assert!(values.len() <= 4 + 2 * bytes, "{} nodes of {bytes} bytes", values.len());
    assert!(edges <= 4 * bytes, "{edges} edges of {bytes} bytes");
}

fn inside(node: &Node<'_>) -> Vec<NodeId> {
    let pairs = |pairs: &[(NodeId, NodeId)]| -> Vec<NodeId> {
        pairs.iter().flat_map(|(key, value)| [*key, *value]).collect()
    };
    match node {
        Node::List(items) | Node::Set(items) => items.clone(),
        Node::Tuple(items) | Node::FrozenSet(items) => items.to_vec(),
        Node::Dict(entries) => pairs(entries),
        Node::Persistent(id) => vec![*id],
        Node::Object(object) => {
            let mut all = pairs(&object.entries);
            all.extend([object.callable, object.arguments]);
            all.extend(object.keywords);
            all.extend(&object.states);
            all.extend(&object.items);
            all
        }
        _ => Vec::new(),
    }
}

//! Instances of classes, whichever way the protocol makes them.
//!
//! From protocol 2 on there is an opcode for `class.__new__(class)`. Protocols 0 and 1 call
//! `copyreg._reconstructor(class, object, None)` for the same, and compiled classes are made by a
//! call of the class, or of a function that stands for it. What a model's reader wants to know is
//! the same in all of them: which class, which arguments, which state.

use super::globals::{self, Known};
use super::value::{Construction, Global, Node, NodeId, Object, Values};

/// An object as an instance of something that has a name.
#[derive(Debug, Clone, Copy)]
pub struct Instance<'v> {
    /// The class, or the function that was called.
    pub class: &'v Global<'v>,
    /// What it was made from.
    pub arguments: &'v [NodeId],
    /// The state, if one was given.
    pub state: Option<NodeId>,
    /// The whole object, with what was appended to it and set in it.
    pub object: &'v Object,
}

/// The instance that a node is; `None` for what is none.
pub(super) fn instance<'v>(values: &'v Values<'v>, node: NodeId) -> Option<Instance<'v>> {
    let Some(Node::Object(object)) = values.get(node) else { return None };
    let callable = values.callable_of(object)?;
    let Some(Node::Tuple(arguments)) = values.get(object.arguments) else { return None };
    let known = match object.construction {
        Construction::Call => globals::known(&callable.module, &callable.name),
        _ => None,
    };
    let global = |node: NodeId| match values.get(node) {
        Some(Node::Global(global)) => Some(global.as_ref()),
        _ => None,
    };
    let (class, arguments) = match (known, arguments.as_ref()) {
        (Some(Known::Reconstructor), [class, base, state]) => {
            let object = global(*base)?;
            let plain = globals::canonical(&object.module, &object.name);
            if (plain.0.as_ref(), plain.1) != ("builtins", "object")
                || !matches!(values.get(*state), Some(Node::None))
            {
                return None;
            }
            (global(*class)?, &[] as &[NodeId])
        }
        (Some(Known::Reconstructor), _) => return None,
        // `copyreg.__newobj__(class, arguments...)` is what the opcode NEWOBJ stands for.
        (Some(Known::NewObject), [class, rest @ ..]) if callable.name == "__newobj__" => {
            (global(*class)?, rest)
        }
        (Some(Known::NewObject), _) => return None,
        (_, arguments) => (callable, arguments),
    };
    Some(Instance { class, arguments, state: object.state(), object })
}

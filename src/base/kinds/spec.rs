//! The words in which a kind is specified.

use std::fmt;

use crate::base::array::DType;

/// One length of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Exactly so many.
    Exactly(usize),
    /// As many as everywhere else where this name stands.
    Named(&'static str),
    /// One more than the name stands for (offsets).
    OneMoreThan(&'static str),
    /// Any number; the name is only for readers. What must fit is the model's own check.
    Free(&'static str),
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Exactly(length) => write!(f, "{length}"),
            Length::Named(name) => f.write_str(name),
            Length::OneMoreThan(name) => write!(f, "{name} + 1"),
            Length::Free(name) => write!(f, "any {name}"),
        }
    }
}

/// How often an array stands in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Once; a model of the kind cannot do without it.
    Required,
    /// Once or not at all.
    Optional,
    /// As a numbered sequence `name.0`, `name.1`, ... without a gap, which may be empty.
    Numbered,
}

/// One array of a kind.
#[derive(Debug, Clone, Copy)]
pub struct ArraySpec {
    /// Its name; of a numbered sequence, the part before the number.
    pub name: &'static str,
    /// The dtypes it may have.
    pub dtypes: &'static [DType],
    /// Its shape.
    pub shape: &'static [Length],
    /// How often it stands.
    pub presence: Presence,
    /// What it holds.
    pub meaning: &'static str,
}

impl ArraySpec {
    /// The same array, which a model can do without.
    pub const fn optional(mut self) -> Self {
        self.presence = Presence::Optional;
        self
    }

    /// The same array as a numbered sequence.
    pub const fn numbered(mut self) -> Self {
        self.presence = Presence::Numbered;
        self
    }

    /// True when a model of the kind cannot do without it.
    pub fn is_required(&self) -> bool {
        self.presence == Presence::Required
    }
}

/// What a metadata entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryType {
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// An integer or a float.
    Number,
    /// True or false.
    Boolean,
    /// Any text.
    Text,
    /// A list; the model's own check looks at what is in it.
    List,
}

/// One metadata entry of a kind.
#[derive(Debug, Clone, Copy)]
pub struct EntrySpec {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: EntryType,
    /// True when a model of the kind cannot do without it.
    pub required: bool,
    /// What it says.
    pub meaning: &'static str,
}

impl EntrySpec {
    /// The same entry, which a model can do without.
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The texts it may be; none when it is no choice.
    pub fn choices(&self) -> &'static [&'static str] {
        match self.holds {
            EntryType::Choice(choices) => choices,
            _ => &[],
        }
    }
}

/// Models inside a model.
#[derive(Debug, Clone, Copy)]
pub struct ChildSpec {
    /// The name of the slot: the arrays of a child are called `name.array`, or `name.0.array`.
    pub name: &'static str,
    /// True when there is a list of them, each with a name of its own.
    pub many: bool,
    /// True when the model cannot do without.
    pub required: bool,
    /// What they do.
    pub meaning: &'static str,
}

/// A kind of model: names, shapes and semantics of its parameters.
#[derive(Debug, Clone, Copy)]
pub struct KindSpec {
    /// Its id: `random_forest_classifier`.
    pub id: &'static str,
    /// The layout written today; the only one so far for each kind.
    pub layout_version: u32,
    /// Its arrays.
    pub arrays: &'static [ArraySpec],
    /// Its metadata entries.
    pub entries: &'static [EntrySpec],
    /// The models inside it.
    pub children: &'static [ChildSpec],
    /// How a prediction is made from them.
    pub semantics: &'static str,
}

impl KindSpec {
    /// A kind of layout version 1 without metadata or models inside.
    pub const fn new(
        id: &'static str,
        arrays: &'static [ArraySpec],
        semantics: &'static str,
    ) -> Self {
        KindSpec { id, layout_version: 1, arrays, entries: &[], children: &[], semantics }
    }

    /// The same kind with metadata entries.
    pub const fn with_entries(mut self, entries: &'static [EntrySpec]) -> Self {
        self.entries = entries;
        self
    }

    /// The same kind with models inside.
    pub const fn with_children(mut self, children: &'static [ChildSpec]) -> Self {
        self.children = children;
        self
    }
}

pub(super) const F64: &[DType] = &[DType::F64];
/// Class labels: what scikit-learn's `classes_` can be.
pub(super) const LABELS: &[DType] = &[DType::I64, DType::F64, DType::Bool, DType::Text];

/// An array that a model cannot do without.
pub(super) const fn required(
    name: &'static str,
    dtypes: &'static [DType],
    shape: &'static [Length],
    meaning: &'static str,
) -> ArraySpec {
    ArraySpec { name, dtypes, shape, presence: Presence::Required, meaning }
}

/// An entry that is one of several texts.
pub(super) const fn choice(
    name: &'static str,
    choices: &'static [&'static str],
    meaning: &'static str,
) -> EntrySpec {
    EntrySpec { name, holds: EntryType::Choice(choices), required: true, meaning }
}

/// An entry that is a number.
pub(super) const fn number(name: &'static str, meaning: &'static str) -> EntrySpec {
    EntrySpec { name, holds: EntryType::Number, required: true, meaning }
}

/// An entry that is true or false.
pub(super) const fn boolean(name: &'static str, meaning: &'static str) -> EntrySpec {
    EntrySpec { name, holds: EntryType::Boolean, required: true, meaning }
}

pub(super) const CLASSES: ArraySpec = required(
    "classes",
    LABELS,
    &[Length::Named("classes")],
    "class labels, in the order of columns",
);

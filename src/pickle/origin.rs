//! Where a file comes from, as far as it says so itself.

use super::container::{Compression, Opened};
use super::sklearn::{Item, Source};
use super::{Document, Node};
use crate::base::{Metadata, Value};

/// What the file says of itself: the library and version that wrote it, the class and path of the
/// model, container, compression and protocol, and what the names in it tell of Python and numpy.
pub fn origin(source: &Source<'_>, opened: &Opened, model: Option<&Item<'_>>) -> Metadata {
    let document = source.document();
    let mut origin = Metadata::new();
    let mut set = |key: &str, value: Value| origin.insert(key.to_owned(), value);
    if let Some(model) = model {
        let class = model.class();
        if class.is_some_and(|(module, _)| module.starts_with("sklearn")) {
            set("library", "scikit-learn".into());
        }
        let own = model.object().ok().and_then(|object| object.told_version());
        if let Some(version) = own.or(source.version()) {
            set("version", version.to_string().into());
        }
        if let Some((module, name)) = class {
            set("class", format!("{module}.{name}").into());
        }
        let path = model.path();
        if !path.is_empty() {
            set("path", path.into());
        }
    }
    set("container", if is_joblib(document, opened) { "joblib" } else { "pickle" }.into());
    if let Some(compression) = opened.compression {
        set("compression", compression.name().into());
    }
    // Below 2 the file does not say which it is.
    set("protocol", document.protocol().map_or(Value::from(0i64), |p| i64::from(p).into()));
    set("python", python(document).into());
    if let Some(numpy) = numpy(document) {
        set("numpy", numpy.into());
    }
    origin
}

/// True for a file as joblib writes it: with arrays between the instructions, or compressed, which
/// `pickle.dump` never does.
pub fn is_joblib(document: &Document<'_>, opened: &Opened) -> bool {
    document.is_joblib() || opened.compression.is_some_and(|how| how != Compression::Zstd)
}

/// The oldest Python that writes the protocol.
fn python(document: &Document<'_>) -> &'static str {
    match document.protocol() {
        Some(5..) => "3.8 or newer",
        Some(4) => "3.4 or newer",
        Some(3) => "3.0 or newer",
        // In older protocols Python 3 spells modules as Python 2 does.
        _ => "any",
    }
}

/// numpy 2 moved `numpy.core` to `numpy._core`.
fn numpy(document: &Document<'_>) -> Option<&'static str> {
    let mut found = None;
    for (module, _) in names(document) {
        if module.starts_with("numpy._core") {
            return Some("2 or newer");
        }
        if module.starts_with("numpy.core") {
            found = Some("1");
        }
    }
    found
}

fn names<'d>(document: &'d Document<'_>) -> impl Iterator<Item = (&'d str, &'d str)> {
    document.values().iter().filter_map(|(_, node)| match node {
        Node::Global(global) => Some((global.module.as_ref(), global.name.as_ref())),
        _ => None,
    })
}

//! What would load a file: decided by its content.

use crate::attacks::Loader;
use crate::base::{Limits, Storage};
use crate::formats::{self, registry};
use crate::pickle::{self, Document, Node};

/// Packages that a model may need; they are imported before the load begins, so that what their import
/// does is not taken for what the file does.
const PACKAGES: &[&str] = &["numpy", "scipy", "sklearn", "joblib", "pandas"];

/// What loads a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// One of Python's loaders, and the modules that the file needs.
    Python(Loader, Vec<String>),
    /// A format of ours, by its id.
    Format(&'static str),
    /// Nothing that we know.
    Unknown,
}

/// Looks at the whole file.
pub fn way(file: &Storage) -> Way {
    let bytes = file.as_bytes();
    if let Some(format) = registry::recognize(bytes) {
        return Way::Format(format.descriptor().id);
    }
    if bytes.starts_with(b"\x93NUMPY") {
        return Way::Python(Loader::Numpy, Vec::new());
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Way::Python(Loader::TorchZip, Vec::new());
    }
    if !formats::pickle::recognizes(bytes) {
        return Way::Unknown;
    }
    let limits = Limits::default();
    // Compressed files are joblib's, whatever is in them.
    let Ok(opened) = pickle::open(file.clone(), &limits) else {
        return Way::Python(Loader::Joblib, Vec::new());
    };
    let compressed = opened.compression.is_some();
    let modules = match Document::read(&opened.storage, &[], &limits) {
        Ok(document) => modules(&document),
        // A file that cannot be read without running it imports what it wants in its own time.
        Err(_) => (Vec::new(), contains(opened.storage.as_bytes(), b"joblib")),
    };
    let loader = if compressed || modules.1 { Loader::Joblib } else { Loader::Pickle };
    Way::Python(loader, modules.0)
}

/// The modules of known packages that it names, and whether joblib wrote it. Only of names that a model
/// may use: the import of any other is the file's doing, and a module that ends the process when it is
/// imported would keep the file from being loaded.
fn modules(document: &Document<'_>) -> (Vec<String>, bool) {
    let mut modules: Vec<String> = Vec::new();
    for (_, node) in document.values().iter() {
        let Node::Global(global) = node else { continue };
        let module = global.module.to_string();
        let package = module.split('.').next().unwrap_or_default();
        let is_known = pickle::globals::known(&module, &global.name).is_some();
        if is_known && PACKAGES.contains(&package) && !modules.contains(&module) {
            modules.push(module);
        }
    }
    (modules, document.is_joblib())
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(1 << 20)).unwrap_or_default();
    head.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(module: &str, name: &str) -> Way {
        // Protocol 2, a global, the end.
        way(&Storage::adopt(
            [b"\x80\x02c", module.as_bytes(), b"\n", name.as_bytes(), b"\n."].concat(),
        ))
    }

    #[test]
    fn only_modules_of_names_that_a_model_may_use_are_imported_before() {
        let modules = |module: &str, name: &str| match named(module, name) {
            Way::Python(_, modules) => modules,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            modules("sklearn.ensemble._forest", "RandomForestClassifier"),
            ["sklearn.ensemble._forest"]
        );
        // The first ends the process, the second is longer than the arguments of a program may be.
        assert!(modules("numpy.f2py.__main__", "main").is_empty());
        assert!(modules(&format!("numpy.{}", "x".repeat(200_000)), "y").is_empty());
        assert!(modules("os", "system").is_empty());
    }
}

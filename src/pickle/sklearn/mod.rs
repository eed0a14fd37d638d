//! Fitted scikit-learn objects, read from the nodes of a pickle: nothing is imported.
//!
//! ```text
//! Document -> Item (a value and the way to it) -> Estimator (its attributes)
//!          -> the builder of its class -> Parameters of a kind, every other attribute kept beside
//! ```
//!
//! One file per family of estimators, one line each in [`registry`]. A builder knows the attributes
//! of its classes in every version from 0.20 to 1.9; an option that it does not implement is refused
//! by name, because a guess would be a wrong number without a word.

mod boosting;
mod categories;
mod column_names;
mod compose;
mod decomposition;
mod encoding;
mod error;
mod estimator;
mod find;
mod histogram_nodes;
mod histograms;
mod imputation;
mod in_place;
mod item;
mod keep;
mod legacy_encoding;
mod linear;
mod loss;
mod matrix;
mod members;
mod neighbors;
pub mod newer;
mod outline;
mod perceptrons;
mod pipeline;
mod precision;
pub mod registry;
mod row_order;
mod scaling;
mod search;
mod source;
mod support_vectors;
mod text;
mod tree_nodes;
mod tree_values;
mod trees;
mod version;
mod walk;
mod way;

pub use error::ReadError;
pub use estimator::{Estimator, Kept};
pub use find::{Found, find};
pub use item::Item;
pub use newer::{NewerVersions, newer_versions};
pub use outline::{Entry, What, outline};
pub use source::Source;
pub use version::Version;

use crate::base::kinds::MAX_NESTING;
use crate::base::parameters::{COLUMN_NAMES_KEY, CONTENT_KEY, PLAIN_ARRAYS};
use crate::base::{Content, Parameters, Value};

/// Metadata key of the class that a model, or one inside it, was in the file.
pub const CLASS_KEY: &str = "class";
/// Metadata key of all attributes that are no array or entry of the kind.
pub const ATTRIBUTES_KEY: &str = "attributes";

/// The model of a file that is to be read: the only one, or the one at a path of [`find`].
///
/// `None` when the file holds no model.
///
/// # Errors
/// When there are several and none was chosen, or none at the path.
pub fn choose<'d>(found: &Found<'d>, select: Option<&str>) -> Result<Option<Item<'d>>, ReadError> {
    let first = found.models.iter().take(error::LISTED);
    let paths = || first.map(Item::shown_path).collect::<Vec<_>>();
    let count = found.models.len();
    match (select, found.models.as_slice()) {
        (Some(wanted), models) => {
            let model = models.iter().find(|item| item.shown_path() == wanted);
            let wanted = wanted.to_owned();
            Ok(Some(model.cloned().ok_or_else(|| ReadError::NotThere {
                wanted,
                count,
                paths: paths(),
            })?))
        }
        (None, []) => Ok(None),
        (None, [model]) => Ok(Some(model.clone())),
        (None, _) => Err(ReadError::Several { count, paths: paths() }),
    }
}

/// The model of a file and where it is, or the arrays of a file that holds no model, with content
/// `full`.
///
/// `select` is the path of one of several models, as [`find`] lists them.
///
/// # Errors
/// [`ReadError`] for a name that is not known, a class or option that is not supported, or anything
/// that is not exactly understood.
///
/// ```
/// use deadweight::base::{Limits, PagePolicy, Storage};
/// use deadweight::pickle::{Document, sklearn};
///
/// // pickle.dumps({"w": [1.5]}): no model and no array is in it.
/// let bytes = Storage::from_static(b"\x80\x02}X\x01\0\0\0w]G?\xf8\0\0\0\0\0\0as.");
/// let document = Document::read(&bytes, &[], &Limits::default())?;
/// let source = sklearn::Source::new(&document, PagePolicy::Auto);
/// let error = sklearn::read(&source, None).unwrap_err();
/// assert_eq!(error.to_string(), "expected a model or arrays, found a dict of 1");
/// # Ok::<(), deadweight::pickle::PickleError>(())
/// ```
pub fn read<'d>(
    source: &'d Source<'d>,
    select: Option<&str>,
) -> Result<(Parameters, Option<Item<'d>>), ReadError> {
    let document = source.document();
    document.require_known_globals()?;
    let found = find(source)?;
    match choose(&found, select)? {
        Some(item) => {
            let mut parameters = build(&item)?;
            if let Some(names) = column_names::column_names(&item)? {
                let names: Vec<Value> = names.into_iter().map(Value::from).collect();
                parameters.set(COLUMN_NAMES_KEY, names);
            }
            keep::check_depth(&item, &parameters, document.limits())?;
            Ok((parameters, Some(item)))
        }
        None => Ok((plain_arrays(source, &found)?, None)),
    }
}

/// The parameters of an estimator, content `full`: those of its kind, and every other attribute.
///
/// Builders call it for the estimators inside theirs.
///
/// # Errors
/// As [`read`].
pub fn build(item: &Item<'_>) -> Result<Parameters, ReadError> {
    item.charge_build()?;
    if item.depth() > MAX_NESTING {
        let found = format!("more than {MAX_NESTING} levels");
        return Err(item.found("models inside models to a depth that honest ones have", found));
    }
    let estimator = item.object()?;
    let build = registry::find(estimator.module(), estimator.class_name())
        .ok_or_else(|| estimator.not_supported())?;
    if let Some(told) = estimator.get("_sklearn_version") {
        let found = told.text()?;
        if !version::is_known(&found) {
            let (path, class) = (item.shown_path(), estimator.class());
            return Err(ReadError::Version { path, class, offset: item.offset(), found });
        }
    }
    if estimator.was_called() {
        let found = format!("a call of `{}`", estimator.class());
        return Err(item.found("an instance that is given its attributes alone", found));
    }
    let mut parameters = build(&estimator)?;
    parameters.set(CONTENT_KEY, Content::Full.id());
    parameters.set(CLASS_KEY, estimator.class());
    keep::attributes(&estimator, &mut parameters)?;
    Ok(parameters)
}

/// Arrays that belong to no model: a dict of them, a list of weights, a single one.
fn plain_arrays(source: &Source<'_>, found: &Found<'_>) -> Result<Parameters, ReadError> {
    if found.arrays.is_empty() {
        let root = source.root();
        let found = root.values().describe(root.node);
        return Err(ReadError::Nothing { found });
    }
    let mut parameters = Parameters::new(PLAIN_ARRAYS, 1).with(CONTENT_KEY, Content::Full.id());
    for (index, item) in found.arrays.iter().enumerate() {
        let name = match item.plain_name() {
            name if name.is_empty() => "array".to_owned(),
            name => name,
        };
        let name = if parameters.get(&name).is_some() { format!("{name}.{index}") } else { name };
        // Arrays may lie so deep that their names are longer than they are.
        item.charge_text(&name)?;
        let wrong = |source| ReadError::Parameters { path: item.shown_path(), source };
        parameters.insert(name, item.to_array()?).map_err(wrong)?;
    }
    let mut keeper = keep::Keeper::new();
    let value = keeper.value(&source.root(), &mut parameters, &found.arrays)?;
    if !matches!(value, Value::Null) {
        parameters.set(ATTRIBUTES_KEY, value);
    }
    keep::check_depth(&source.root(), &parameters, source.document().limits())?;
    Ok(parameters)
}

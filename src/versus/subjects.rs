//! What Python trained, as subjects of the benchmark: read without running anything.

use std::path::Path;

use anyhow::{Context, anyhow};
use ndarray::Array2;

use crate::base::record::{ModelRecord, TutorialMethod};
use crate::base::{Array, PagePolicy};
use crate::bench::file_io;
use crate::bench::subject::{Subject, repeated};
use crate::formats::pickle::{self, ImportOptions};
use crate::formats::{DecodeOptions, Format, npy};
use crate::models::Predictions;
use crate::models::registry::from_parameters;
use crate::peers::trained::Estimator;

/// An estimator as a subject: read out of its joblib file without running it.
pub(super) fn of_estimator(estimator: &Estimator) -> anyhow::Result<Subject> {
    let source = file_io::read(&estimator.model, PagePolicy::Auto);
    let source = source.with_context(|| format!("cannot read {}", estimator.model.display()))?;
    let parameters = pickle::import(&source, &ImportOptions::default())?.parameters;
    let rows = read_rows(&estimator.rows)?;
    let record = ModelRecord {
        id: estimator.recipe.id.to_owned(),
        title: format!("{} ({})", estimator.recipe.title, estimator.recipe.size),
        kind: parameters.kind().to_owned(),
        size: Some(estimator.recipe.size.to_owned()),
        data: estimator.recipe.data(),
        hyper_parameters: estimator.hyper_parameters.clone(),
        metric: Some(estimator.metric.clone()),
        array_bytes: parameters.byte_len() as u64,
        array_count: parameters.arrays().len() as u64,
        content: parameters.content().id().to_owned(),
        training_nanos: Some(estimator.training_nanos),
        from_cache: estimator.from_cache,
        checksum: format!("{:016x}", parameters.checksum()),
    };
    Ok(Subject { record, parameters, rows: Some(repeated(rows.view())) })
}

fn read_array(path: &Path) -> anyhow::Result<Array> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(npy::read(&bytes, PagePolicy::Auto)?)
}

pub(super) fn read_rows(path: &Path) -> anyhow::Result<Array2<f64>> {
    Ok(read_array(path)?.view::<f64, ndarray::Ix2>()?.to_owned())
}

pub(super) fn read_labels(path: &Path) -> anyhow::Result<Vec<i64>> {
    Ok(read_array(path)?.as_slice::<i64>()?.to_vec())
}

/// The tutorial's model through one of our formats, and the accuracy of what comes back.
pub(super) fn method(
    format: &'static dyn Format,
    subject: &Subject,
    rows: &Array2<f64>,
    labels: &[i64],
) -> anyhow::Result<TutorialMethod> {
    let id = format.descriptor().id;
    let mut bytes = Vec::new();
    format.encode(&subject.parameters, &mut bytes)?;
    let again = format.decode(&bytes, &DecodeOptions::default())?;
    let predicted = match from_parameters(&again)?.predict(rows.view().into())? {
        Predictions::Integers(predicted) => predicted,
        _ => return Err(anyhow!("{id}: the tutorial's labels are whole numbers")),
    };
    let right = predicted.iter().zip(labels).filter(|(found, label)| found == label).count();
    Ok(TutorialMethod {
        method: id.to_owned(),
        bytes: bytes.len() as u64,
        accuracy_after: right as f64 / labels.len().max(1) as f64,
    })
}

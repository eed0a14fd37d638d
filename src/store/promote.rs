//! Promotion by metric: a version takes an alias over when a condition holds on data that both are
//! asked about here and now. What a manifest says of metrics is not believed.

use std::collections::{BTreeMap, HashMap};

use super::aliases::{Compared, Move, Reason};
use super::condition::Condition;
use super::metrics::{Labels, compute};
use super::{
    Action, Alias, AliasEntry, Loaded, Metrics, Name, Selector, Store, StoreError, silent,
};
use crate::models::{Predictions, Rows};

/// What is to be promoted, and on what condition.
pub struct Promotion<'a> {
    /// The model.
    pub name: &'a Name,
    /// The version that is to take the alias over.
    pub candidate: &'a Selector,
    /// The alias.
    pub alias: &'a Alias,
    /// What must hold.
    pub condition: &'a Condition,
    /// The rows that the models are asked about.
    pub rows: Rows<'a>,
    /// What is right for each of them.
    pub labels: &'a Labels,
    /// SHA-256 of the file of rows, for the record.
    pub data_sha256: String,
    /// SHA-256 of the file of labels, for the record.
    pub labels_sha256: String,
}

/// Predictions of versions and the metrics that were asked of them.
struct Asked<'s, 'r> {
    store: &'s Store,
    rows: Rows<'r>,
    labels: &'r Labels,
    predictions: HashMap<u64, Predictions>,
    metrics: HashMap<u64, Metrics>,
}

impl Asked<'_, '_> {
    fn metric(
        &mut self,
        version: u64,
        name: &str,
        load: impl FnOnce(&Store) -> Result<Loaded, StoreError>,
    ) -> Result<f64, StoreError> {
        if let Some(value) = self.metrics.get(&version).and_then(|metrics| metrics.0.get(name)) {
            return Ok(*value);
        }
        if !self.predictions.contains_key(&version) {
            let loaded = load(self.store)?;
            self.predictions.insert(version, loaded.predict(self.rows)?);
        }
        let Some(predictions) = self.predictions.get(&version) else {
            return Err(StoreError::Metric { name: name.into(), message: "no predictions".into() });
        };
        let value = compute(name, predictions, self.labels)?;
        self.metrics.entry(version).or_default().0.insert(name.to_owned(), value);
        Ok(value)
    }

    fn metrics_of(&self, version: u64) -> Metrics {
        self.metrics.get(&version).cloned().unwrap_or_default()
    }
}

impl Store {
    /// Lets a version take an alias over if the condition holds. Where another move of the alias
    /// comes between, the condition is decided again, with the version that the alias stands on then.
    /// The entry says who won and why.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it does not hold; [`StoreError::Metric`] when a metric cannot be
    /// computed; [`StoreError::NotFound`] when the condition names an alias that stands nowhere.
    pub fn promote(&self, promotion: &Promotion<'_>) -> Result<AliasEntry, StoreError> {
        let Promotion { name, candidate, alias, condition, .. } = promotion;
        let version = self.resolve(name, candidate)?;
        let (manifest, manifest_sha256) = self.manifest(name, version)?;
        let mut asked = Asked {
            store: self,
            rows: promotion.rows,
            labels: promotion.labels,
            predictions: HashMap::new(),
            metrics: HashMap::new(),
        };
        self.move_alias(name, alias, |current| {
            let mut others: BTreeMap<String, u64> = BTreeMap::new();
            let verdict = condition.decide(|of, metric| {
                let Some(other) = of else {
                    return asked.metric(version, metric, |store| {
                        store.load_manifest(manifest.clone(), &silent)
                    });
                };
                // The alias that moves is compared as it stands in this attempt.
                let entry = match current.filter(|entry| entry.alias == other.as_str()) {
                    Some(entry) => entry.clone(),
                    None => self.standing(name, other)?,
                };
                others.insert(other.to_string(), entry.version);
                asked.metric(entry.version, metric, |store| {
                    store.load_manifest(store.entry_manifest(name, other, &entry)?, &silent)
                })
            })?;
            if !verdict.holds {
                return Err(StoreError::Refused {
                    name: name.to_string(),
                    version,
                    alias: alias.to_string(),
                    reason: verdict.because,
                });
            }
            let compared = others.into_iter().map(|(alias, version)| {
                (alias, Compared { version, metrics: asked.metrics_of(version) })
            });
            Ok(Move {
                version,
                manifest_sha256: manifest_sha256.clone(),
                action: Action::Promote,
                restores: None,
                reason: Some(Reason {
                    condition: condition.text().to_owned(),
                    because: verdict.because,
                    metrics: asked.metrics_of(version),
                    others: compared.collect(),
                    data_sha256: promotion.data_sha256.clone(),
                    labels_sha256: promotion.labels_sha256.clone(),
                    rows: promotion.labels.len() as u64,
                }),
            })
        })
    }
}

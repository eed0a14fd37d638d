//! Promotion by metric: a version takes an alias over when a condition holds on data that both are
//! asked about here and now. What a manifest says of metrics is not believed.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

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

/// Where the alias stands after a promotion.
#[derive(Debug, Clone, PartialEq)]
pub struct Promoted {
    /// The entry that says so.
    pub entry: AliasEntry,
    /// Why, as it was computed now. That of the entry is of then, where it is an older one.
    pub reason: Reason,
    /// False where the alias stood on the version already, and nothing was written.
    pub is_new: bool,
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
        let labels = self.labels;
        let value = compute(name, self.predicted(version, load)?, labels)?;
        self.metrics.entry(version).or_default().0.insert(name.to_owned(), value);
        Ok(value)
    }

    /// What a version predicts. The labels fit it.
    fn predicted(
        &mut self,
        version: u64,
        load: impl FnOnce(&Store) -> Result<Loaded, StoreError>,
    ) -> Result<&Predictions, StoreError> {
        match self.predictions.entry(version) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(free) => {
                let predictions = load(self.store)?.predict(self.rows)?;
                self.labels.check(predictions.len())?;
                Ok(free.insert(predictions))
            }
        }
    }

    fn metrics_of(&self, version: u64) -> Metrics {
        self.metrics.get(&version).cloned().unwrap_or_default()
    }
}

impl Store {
    /// Lets a version take an alias over if the condition holds. Where another move of the alias
    /// comes between, the condition is decided again, with the version that the alias stands on then.
    /// The entry says who won and why. Whatever the condition asks, the data has to fit the version:
    /// as many columns as it was trained on, and a label for each row.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it does not hold; [`StoreError::Metric`] when a metric cannot be
    /// computed; [`StoreError::Model`] and [`StoreError::Labels`] when the data does not fit;
    /// [`StoreError::NotFound`] when the condition names an alias that stands nowhere.
    pub fn promote(&self, promotion: &Promotion<'_>) -> Result<Promoted, StoreError> {
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
        asked.predicted(version, |store| store.load_manifest(manifest.clone(), &silent))?;
        let mut reason = Reason {
            condition: condition.text().to_owned(),
            because: String::new(),
            metrics: Metrics::default(),
            others: BTreeMap::new(),
            data_sha256: promotion.data_sha256.clone(),
            labels_sha256: promotion.labels_sha256.clone(),
            rows: promotion.labels.len() as u64,
        };
        let (entry, is_new) = self.move_alias(name, alias, |current| {
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
                    None => Arc::unwrap_or_clone(self.standing(name, other)?),
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
            reason.because = verdict.because;
            reason.others = compared.collect();
            reason.metrics = asked.metrics_of(version);
            Ok(Move {
                version,
                manifest_sha256: manifest_sha256.clone(),
                action: Action::Promote,
                restores: None,
                reason: Some(reason.clone()),
            })
        })?;
        Ok(Promoted { entry, reason, is_new })
    }
}

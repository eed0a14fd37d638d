//! What is said of a version: one document that is written once and never changed.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::document::Schema;
use super::layout::{Log, is_sha256};
use super::{Name, StoreError};
use crate::base::{Content, Limits, Value, kinds};

/// The documents that describe versions.
pub const SCHEMA: Schema = Schema { id: "deadweight.manifest", steps: &[] };
/// The format of every blob of a model.
pub const FORMAT: &str = "safetensors";
/// The version of what deadweight writes into it.
pub const FORMAT_VERSION: u32 = 1;
/// What the blob with the model in it is called.
pub const MODEL: &str = "model";
/// Most blobs of one version.
const MAX_BLOBS: usize = 64;
/// Longest text of a field.
const MAX_TEXT: usize = 1000;
/// Most metrics of one version.
const MAX_METRICS: usize = 1000;

/// Metrics by name, all of them finite.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Metrics(pub BTreeMap<String, f64>);

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Metrics;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of metrics")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metrics, A::Error> {
                let mut metrics = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, f64>()? {
                    if metrics.insert(name, value).is_some() || metrics.len() > MAX_METRICS {
                        return Err(de::Error::custom(
                            "a metric stands twice, or there are too many",
                        ));
                    }
                }
                Ok(Metrics(metrics))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// A format and the version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatVersion {
    /// The id of the format.
    pub id: String,
    /// The version of what deadweight writes into it.
    pub version: u32,
}

/// A file of a version, by the hash of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blob {
    /// What it is to the version: `model`.
    pub role: String,
    /// SHA-256 of its bytes, in hexadecimal digits; its address, too.
    pub sha256: String,
    /// How many bytes it has.
    pub size: u64,
}

/// Where a version came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The library that made the model, where the file says it.
    pub library: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The format of the file that was imported.
    pub format: String,
    /// SHA-256 of that file.
    pub file_sha256: String,
    /// Its size in bytes.
    pub file_bytes: u64,
    /// What a scan said of that file; `not-scanned` where none was made.
    pub scan_verdict: String,
}

/// What is said of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The model.
    pub name: String,
    /// Its number, from 1 on.
    pub version: u64,
    /// The kind of the model.
    pub kind: String,
    /// The version of the layout of that kind.
    pub layout_version: u32,
    /// How the blobs of the model are stored.
    pub format: FormatVersion,
    /// How much of the model is kept: `full` or `predict`.
    pub content: String,
    /// Its files.
    pub blobs: Vec<Blob>,
    /// SHA-256 of the data that it was trained on, where it was given.
    pub dataset_sha256: Option<String>,
    /// What it was trained with, by name: a map.
    pub hyper_parameters: Value,
    /// The seed of its training, where it was given.
    pub seed: Option<u64>,
    /// What was measured of it, as it was given.
    pub metrics: Metrics,
    /// Where it came from.
    pub origin: Origin,
    /// When it was put, by the clock of the machine that did it. Nothing is decided by it: numbers
    /// say what is newer.
    pub created: Timestamp,
    /// The deadweight that put it.
    pub tool_version: String,
    /// Tells this put from every other, so that a writer knows its own.
    pub nonce: String,
}

impl Manifest {
    /// Reads the manifest of a version, and checks every field.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for what this program does not know yet, [`StoreError::Document`] for
    /// what is wrong.
    pub fn open(name: &Name, version: u64, bytes: &[u8]) -> Result<Self, StoreError> {
        let place = Log::versions(name).place(version);
        let manifest: Manifest = SCHEMA.open(&place, bytes)?;
        if manifest.name != name.as_str() || manifest.version != version {
            let found = format!("{} version {}", manifest.name, manifest.version);
            return Err(StoreError::document(&place, format!("{name} version {version}"), found));
        }
        manifest.check(&place)?;
        Ok(manifest)
    }

    /// The blob with the model in it.
    ///
    /// # Errors
    /// [`StoreError::Document`] when there is none, which [`Manifest::open`] refuses.
    pub fn model(&self) -> Result<&Blob, StoreError> {
        let model = self.blobs.iter().find(|blob| blob.role == MODEL);
        model.ok_or_else(|| {
            StoreError::document(&self.name, "a blob with the role \"model\"", "none")
        })
    }

    /// Every field has a value that a put could have given it.
    ///
    /// # Errors
    /// As [`Manifest::open`].
    pub fn check(&self, place: &str) -> Result<(), StoreError> {
        let wrong = |expected: &str, found: &str| {
            let found: String = found.chars().take(MAX_TEXT).collect();
            Err(StoreError::document(place, expected, format!("{found:?}")))
        };
        self.check_versions(place)?;
        if Content::from_id(&self.content).is_none() {
            return wrong("content \"full\" or \"predict\"", &self.content);
        }
        let texts = [
            &self.kind,
            &self.tool_version,
            &self.nonce,
            &self.origin.format,
            &self.origin.scan_verdict,
        ];
        let maybe = [&self.origin.library, &self.origin.version].into_iter().flatten();
        if let Some(text) = texts.into_iter().chain(maybe).find(|text| text.len() > MAX_TEXT) {
            return wrong("texts of at most 1000 bytes", text);
        }
        let hashes = [Some(&self.origin.file_sha256), self.dataset_sha256.as_ref()];
        let blobs = self.blobs.iter().map(|blob| &blob.sha256);
        if let Some(hash) = hashes.into_iter().flatten().chain(blobs).find(|hash| !is_sha256(hash))
        {
            return wrong("64 hexadecimal digits", hash);
        }
        let models = self.blobs.iter().filter(|blob| blob.role == MODEL).count();
        if models != 1 || self.blobs.len() > MAX_BLOBS {
            let found = format!("{} blobs, {models} of them models", self.blobs.len());
            return wrong("one model, and at most 64 blobs", &found);
        }
        let limit = Limits::default().max_file_bytes;
        if let Some(blob) =
            self.blobs.iter().find(|blob| blob.size > limit || blob.role.len() > MAX_TEXT)
        {
            return wrong(
                "blobs of at most 16 GiB",
                &format!("{} of {} bytes", blob.sha256, blob.size),
            );
        }
        if !matches!(self.hyper_parameters, Value::Map(_)) {
            return wrong("a map of hyper-parameters", self.hyper_parameters.type_name());
        }
        let odd =
            self.metrics.0.iter().find(|(name, value)| !value.is_finite() || !is_metric(name));
        match odd {
            Some((name, value)) => {
                wrong("metrics with a name and a finite number", &format!("{name}={value}"))
            }
            None => Ok(()),
        }
    }

    /// What a newer program may have written is told from what is wrong.
    fn check_versions(&self, place: &str) -> Result<(), StoreError> {
        let newer = |what: String, found: u32, supported: u32| StoreError::Newer {
            place: place.into(),
            what,
            found: found.into(),
            supported: supported.into(),
        };
        if self.format.id != FORMAT {
            let found = format!("{:?}", self.format.id.chars().take(MAX_TEXT).collect::<String>());
            return Err(StoreError::document(place, "format \"safetensors\"", found));
        }
        if self.format.version > FORMAT_VERSION {
            return Err(newer(
                format!("format {FORMAT} of version"),
                self.format.version,
                FORMAT_VERSION,
            ));
        }
        match kinds::find(&self.kind) {
            Some(kind) if self.layout_version > kind.layout_version => {
                let what = format!("{} of layout", kind.id);
                Err(newer(what, self.layout_version, kind.layout_version))
            }
            _ => Ok(()),
        }
    }
}

/// True for what a metric may be called: it must be possible to write it in a condition.
pub fn is_metric(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(plain)
        && name != "and"
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn sample() -> Manifest {
        Manifest {
            name: "churn".into(),
            version: 3,
            kind: "logistic_regression".into(),
            layout_version: 1,
            format: FormatVersion { id: FORMAT.into(), version: FORMAT_VERSION },
            content: "predict".into(),
            blobs: vec![Blob { role: MODEL.into(), sha256: "ab".repeat(32), size: 10 }],
            dataset_sha256: None,
            hyper_parameters: Value::Map(
                [("C".to_owned(), Value::Float(0.5))].into_iter().collect(),
            ),
            seed: Some(7),
            metrics: Metrics([("accuracy".to_owned(), 0.93)].into()),
            origin: Origin {
                library: Some("scikit-learn".into()),
                version: Some("1.5.0".into()),
                format: "pickle".into(),
                file_sha256: "cd".repeat(32),
                file_bytes: 12,
                scan_verdict: "not-scanned".into(),
            },
            created: Timestamp::UNIX_EPOCH,
            tool_version: "0.1.0".into(),
            nonce: "00".into(),
        }
    }

    fn refused(change: impl FnOnce(&mut Manifest)) -> StoreError {
        let mut manifest = sample();
        change(&mut manifest);
        let bytes = SCHEMA.seal("x", &manifest).unwrap();
        Manifest::open(&"churn".parse().unwrap(), 3, &bytes).unwrap_err()
    }

    #[test]
    fn a_manifest_comes_back_and_every_field_is_checked() {
        let name: Name = "churn".parse().unwrap();
        let bytes = SCHEMA.seal("x", &sample()).unwrap();
        assert_eq!(Manifest::open(&name, 3, &bytes).unwrap(), sample());
        assert!(
            Manifest::open(&name, 4, &bytes).unwrap_err().to_string().contains("churn version 4")
        );
        for (error, expected) in [
            (refused(|m| m.name = "../x".into()), "expected churn version 3, found ../x version 3"),
            (refused(|m| m.content = "some".into()), "content"),
            (refused(|m| m.blobs.clear()), "0 blobs"),
            (refused(|m| m.blobs = vec![m.blobs[0].clone(); 2]), "2 of them models"),
            (refused(|m| m.blobs[0].sha256 = "../../etc".into()), "hexadecimal"),
            (refused(|m| m.blobs[0].size = u64::MAX), "16 GiB"),
            (refused(|m| m.origin.file_sha256.clear()), "hexadecimal"),
            (refused(|m| m.kind = "x".repeat(1001)), "1000 bytes"),
            (refused(|m| m.hyper_parameters = Value::Null), "map of hyper-parameters"),
            (refused(|m| m.metrics = Metrics([("a b".to_owned(), 1.0)].into())), "a b=1"),
            (
                refused(|m| m.format.id = "pickle".into()),
                "format \"safetensors\", found \"pickle\"",
            ),
        ] {
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn what_is_newer_says_what_to_upgrade() {
        let error = refused(|m| m.format.version = 2);
        assert!(
            error
                .to_string()
                .ends_with("format safetensors of version 2, this program reads up to 1")
        );
        let error = refused(|m| m.layout_version = 9);
        assert!(
            error
                .to_string()
                .ends_with("logistic_regression of layout 9, this program reads up to 1"),
            "{error}"
        );
        assert_eq!(error.remedy(), "upgrade deadweight");
    }

    #[test]
    fn metrics_stand_once() {
        assert!(serde_json::from_str::<Metrics>(r#"{"a": 1.0, "a": 2.0}"#).is_err());
        assert!(is_metric("log_loss") && !is_metric("1a") && !is_metric("and") && !is_metric(""));
    }
}

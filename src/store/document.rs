//! The small JSON documents of a store: a schema, a hash, and the body that it is the hash of.
//!
//! ```text
//! {"schema": "deadweight.manifest/1", "sha256": "<of the bytes of body>", "body": {...}}
//! ```
//!
//! The hash is against damage: one changed byte is noticed and named. It is no signature. Whoever
//! reads a document takes it for untrusted: it is bounded before it is parsed, its nesting is
//! counted before anything recurses, and nothing unknown in it is passed over.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::StoreError;
use crate::base::{digest, value};

/// Largest document. A manifest of a usual model has two kilobytes.
pub const MAX_BYTES: u64 = 1 << 20;
/// Deepest nesting, hyper-parameters included.
const MAX_DEPTH: usize = 32;

/// Brings a body of one version to the next.
pub type Step = fn(Json) -> Result<Json, String>;

/// A kind of documents.
pub struct Schema {
    /// `deadweight.manifest`.
    pub id: &'static str,
    /// What brings a body of version `n + 1` to version `n + 2`, from version 1 on. The version
    /// that is written is the one behind the last step.
    pub steps: &'static [Step],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    schema: String,
    sha256: String,
    body: Box<RawValue>,
}

impl Schema {
    /// The version that is written, and the newest that is read.
    pub fn version(&self) -> u64 {
        self.steps.len() as u64 + 1
    }

    /// The document of a body.
    ///
    /// # Errors
    /// [`StoreError::Document`] when the body cannot be spelled, or is larger than what is read.
    pub fn seal(&self, place: &str, body: &impl Serialize) -> Result<Vec<u8>, StoreError> {
        let failed = |error: serde_json::Error| {
            StoreError::document(place, "a body of JSON", error.to_string())
        };
        let body = serde_json::value::to_raw_value(body).map_err(failed)?;
        let sha256 = digest::sha256(body.get());
        let schema = format!("{}/{}", self.id, self.version());
        let bytes = serde_json::to_vec(&Sealed { schema, sha256, body }).map_err(failed)?;
        self.check_size(place, bytes.len() as u64)?;
        Ok(bytes)
    }

    /// The body of a document, brought to the version that is written.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for what a newer deadweight wrote, [`StoreError::Document`] for what
    /// was changed or is none.
    pub fn open<T: DeserializeOwned>(&self, place: &str, bytes: &[u8]) -> Result<T, StoreError> {
        self.check_size(place, bytes.len() as u64)?;
        let wrong = |found: String| StoreError::document(place, format!("a {}", self.id), found);
        let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        value::check_depth(text, MAX_DEPTH).map_err(|error| wrong(error.to_string()))?;
        let sealed: Sealed =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let version = sealed.schema.strip_prefix(self.id).and_then(|rest| rest.strip_prefix('/'));
        let version: u64 = match version.and_then(|version| version.parse().ok()) {
            Some(version @ 1..) => version,
            _ => return Err(wrong(format!("schema {:?}", sealed.schema))),
        };
        if version > self.version() {
            let (what, supported) = (format!("{} of version", self.id), self.version());
            return Err(StoreError::Newer { place: place.into(), what, found: version, supported });
        }
        let sha256 = digest::sha256(sealed.body.get());
        if sha256 != sealed.sha256 {
            let expected = format!("a body of SHA-256 {}", sealed.sha256);
            return Err(StoreError::document(place, expected, sha256));
        }
        if version == self.version() {
            return serde_json::from_str(sealed.body.get())
                .map_err(|error| wrong(error.to_string()));
        }
        let body =
            serde_json::from_str(sealed.body.get()).map_err(|error| wrong(error.to_string()))?;
        let steps = usize::try_from(version).unwrap_or(usize::MAX).saturating_sub(1);
        let steps = self.steps.iter().skip(steps);
        let body = steps.into_iter().try_fold(body, |body, step| step(body)).map_err(wrong)?;
        serde_json::from_value(body).map_err(|error| wrong(error.to_string()))
    }

    fn check_size(&self, place: &str, found: u64) -> Result<(), StoreError> {
        match found <= MAX_BYTES {
            true => Ok(()),
            false => {
                let expected = format!("a {} of at most {MAX_BYTES} bytes", self.id);
                Err(StoreError::document(place, expected, format!("{found} bytes")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Body {
        name: String,
        sizes: Vec<u64>,
    }

    const FIRST: Schema = Schema { id: "deadweight.sample", steps: &[] };
    /// Version 2 has a list where version 1 had one number, version 3 another name for the name.
    const THIRD: Schema = Schema {
        id: "deadweight.sample",
        steps: &[
            |mut body| {
                let size = body.as_object_mut().and_then(|body| body.remove("size"));
                body["sizes"] = json!([size.ok_or("no size")?]);
                Ok(body)
            },
            |mut body| {
                let title = body.as_object_mut().and_then(|body| body.remove("title"));
                body["name"] = title.ok_or("no title")?;
                Ok(body)
            },
        ],
    };

    fn body() -> Body {
        Body { name: "a".into(), sizes: vec![3] }
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let bytes = FIRST.seal("x", &body()).unwrap();
        assert_eq!(FIRST.open::<Body>("x", &bytes).unwrap(), body());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(FIRST.open::<Body>("x", &changed).is_err(), "byte {at}");
            assert!(FIRST.open::<Body>("x", &bytes[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn older_bodies_are_brought_up_and_newer_ones_refused() {
        let old = json!({"title": "a", "size": 3});
        let old = FIRST.seal("x", &old).unwrap();
        assert_eq!(THIRD.open::<Body>("x", &old).unwrap(), body());
        let current = THIRD.seal("x", &body()).unwrap();
        assert_eq!(THIRD.open::<Body>("x", &current).unwrap(), body());
        let error = FIRST.open::<Body>("x", &current).unwrap_err();
        assert_eq!(
            error.to_string(),
            "x: deadweight.sample of version 3, this program reads up to 1"
        );
        assert_eq!(error.remedy(), "upgrade deadweight");
        let error = THIRD.open::<Body>("x", &FIRST.seal("x", &json!({"title": "a"})).unwrap());
        assert_eq!(
            error.unwrap_err().to_string(),
            "x: expected a deadweight.sample, found no size"
        );
    }

    #[test]
    fn hostile_documents_are_refused_before_they_are_parsed() {
        let deep = format!("{{\"schema\":{}1{}}}", "[".repeat(400_000), "]".repeat(400_000));
        let error = FIRST.open::<Body>("x", deep.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("nests deeper than 32 levels"), "{error}");
        let long = vec![b' '; MAX_BYTES as usize + 1];
        let error = FIRST.open::<Body>("x", &long).unwrap_err().to_string();
        assert!(error.contains("at most 1048576 bytes, found 1048577 bytes"), "{error}");
        for text in [
            "",
            "null",
            "{}",
            "\u{feff}{}",
            r#"{"schema":"deadweight.sample/0","sha256":"","body":1}"#,
        ] {
            assert!(FIRST.open::<Body>("x", text.as_bytes()).is_err(), "{text}");
        }
        let twice = json!({"name": "a", "sizes": [], "more": 1});
        let unknown = FIRST.seal("x", &twice).unwrap();
        assert!(FIRST.open::<Body>("x", &unknown).is_err());
    }
}

//! The in-toto statement of a signature: which files a model has, by SHA-256.
//!
//! In: resources to be stated, or the payload of a bundle whose signature was verified. Out: JSON,
//! or the resources. The form is `https://model_signing/signature/v1.0` of the OpenSSF: one subject
//! with a digest over the digests, and in the predicate how files were hashed, and each of them.
//! Fields that the form does not have are passed over, as it demands: the signer vouched for them,
//! and nothing here depends on them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::error::{SigningError, shown};
use super::json;
use super::resource::{Resource, Sha256, check_model_name};
use super::{MAX_RESOURCES, SIGNATURE_FILE};

const PLACE: &str = "statement";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";
/// One digest for each file.
const METHOD: &str = "files";
const ALGORITHM: &str = "sha256";

/// What says how the rest is to be read; read before the rest.
#[derive(Deserialize)]
struct Types {
    #[serde(rename = "_type")]
    statement: String,
    #[serde(rename = "predicateType")]
    predicate: String,
}

#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(rename = "_type")]
    statement: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize)]
struct Subject {
    name: String,
    digest: SubjectDigest,
}

#[derive(Serialize, Deserialize)]
struct SubjectDigest {
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Predicate {
    serialization: Serialization,
    resources: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Serialization {
    method: String,
    hash_type: String,
    allow_symlinks: bool,
    /// Files that the signer left out. What is verified is what is given, whatever stands here.
    #[serde(default)]
    ignore_paths: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    algorithm: String,
    digest: String,
}

/// What a statement says.
pub(super) struct Statement {
    /// For people: it is not compared with anything.
    pub(super) model_name: String,
    /// Each file once.
    pub(super) resources: Vec<Resource>,
}

/// The JSON of a statement. Resources stand in the order of their parts, as Python sorts paths, so
/// that the digest over them does not depend on the order in which they are given.
///
/// # Errors
/// When there are no resources, too many, one twice, or one where the signature is to be.
pub(super) fn write(model_name: &str, resources: &[Resource]) -> Result<Vec<u8>, SigningError> {
    check_model_name(model_name)?;
    check_count("resources to sign", resources.len())?;
    let mut sorted: Vec<&Resource> = resources.iter().collect();
    sorted.sort_by(|a, b| a.name().split('/').cmp(b.name().split('/')));
    check_names("resources to sign", &sorted)?;
    if let Some(taken) = sorted.iter().find(|resource| resource.name() == SIGNATURE_FILE) {
        return Err(SigningError::Name {
            what: "resource",
            found: shown(taken.name()),
            expected: "another name: the signature itself has this one, and is no part of what it signs",
        });
    }
    let entry = |resource: &&Resource| Entry {
        name: resource.name().to_owned(),
        algorithm: ALGORITHM.into(),
        digest: resource.sha256().to_string(),
    };
    let digest = SubjectDigest { sha256: root(sorted.iter().copied()).to_string() };
    let document = Document {
        statement: STATEMENT_TYPE.into(),
        subject: vec![Subject { name: model_name.to_owned(), digest }],
        predicate_type: PREDICATE_TYPE.into(),
        predicate: Predicate {
            serialization: Serialization {
                method: METHOD.into(),
                hash_type: ALGORITHM.into(),
                allow_symlinks: false,
                ignore_paths: vec![SIGNATURE_FILE.into()],
            },
            resources: sorted.iter().map(entry).collect(),
        },
    };
    serde_json::to_vec(&document)
        .map_err(|error| SigningError::Json { place: PLACE, message: error.to_string() })
}

/// Reads a statement whose signature was verified.
///
/// # Errors
/// When it is of another form or version, was hashed in another way, lists a file twice, or when the
/// digest of its subject is not that of its resources.
pub(super) fn read(bytes: &[u8]) -> Result<Statement, SigningError> {
    let types: Types = json::parse(PLACE, bytes)?;
    same("_type", STATEMENT_TYPE, &types.statement)?;
    same("predicateType", PREDICATE_TYPE, &types.predicate)?;
    let document: Document = json::parse(PLACE, bytes)?;
    let serialization = &document.predicate.serialization;
    same("predicate.serialization.method", METHOD, &serialization.method)?;
    same("predicate.serialization.hash_type", ALGORITHM, &serialization.hash_type)?;
    let [subject] = document.subject.as_slice() else {
        let found = document.subject.len().to_string();
        return Err(SigningError::value("statement subject", "one subject", found));
    };
    check_model_name(&subject.name)?;
    check_count(PLACE, document.predicate.resources.len())?;
    let resources =
        document.predicate.resources.iter().map(resource).collect::<Result<Vec<_>, _>>()?;
    check_names(PLACE, &resources.iter().collect::<Vec<_>>())?;
    let stated: Sha256 = subject.digest.sha256.parse()?;
    let computed = root(&resources);
    if stated != computed {
        let expected = format!("{computed}, the SHA-256 over the digests of its resources");
        let place = "statement subject[0].digest.sha256";
        return Err(SigningError::value(place, expected, stated.to_string()));
    }
    Ok(Statement { model_name: subject.name.clone(), resources })
}

fn resource(entry: &Entry) -> Result<Resource, SigningError> {
    same(
        &format!("predicate.resources {} algorithm", shown(&entry.name)),
        ALGORITHM,
        &entry.algorithm,
    )?;
    Resource::new(entry.name.clone(), entry.digest.parse()?)
}

fn same(place: &str, expected: &str, found: &str) -> Result<(), SigningError> {
    match found == expected {
        true => Ok(()),
        false => {
            Err(SigningError::value(format!("{PLACE} {place}"), shown(expected), shown(found)))
        }
    }
}

/// The SHA-256 over the digests of resources, one after the other.
fn root<'a>(resources: impl IntoIterator<Item = &'a Resource>) -> Sha256 {
    let digests: Vec<u8> =
        resources.into_iter().flat_map(|resource| *resource.sha256().as_bytes()).collect();
    Sha256::of(digests)
}

pub(super) fn check_count(place: &str, count: usize) -> Result<(), SigningError> {
    match count {
        0 => Err(SigningError::value(place, "at least one resource", "none")),
        _ if count > MAX_RESOURCES => {
            Err(SigningError::too_large(place, MAX_RESOURCES, "resources", count))
        }
        _ => Ok(()),
    }
}

/// Refuses a name that comes twice.
pub(super) fn check_names(
    place: &'static str,
    resources: &[&Resource],
) -> Result<(), SigningError> {
    let mut seen = BTreeSet::new();
    match resources.iter().find(|resource| !seen.insert(resource.name())) {
        Some(twice) => Err(SigningError::Repeated { place, name: shown(twice.name()) }),
        None => Ok(()),
    }
}

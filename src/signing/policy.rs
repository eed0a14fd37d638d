//! Which models need a signature, and by which keys.
//!
//! In: a TOML file of the operator, and the name, the files and the bundle of a model. Out: who signed,
//! that no signature is demanded, or why the model is not admitted. A policy that cannot be read
//! to the last key admits nothing: a word that is not known is an error, not a comment.
//!
//! ```toml
//! version = 1
//! default = "deny"                 # models that no rule names: "deny" or "allow"
//!
//! [keys.release]
//! file = "release.pub.pem"         # beside this file; or pem = """-----BEGIN PUBLIC KEY-----..."""
//!
//! [[rules]]                        # the first rule that names a model decides
//! models = ["churn", "fraud-*"]    # * is any run of characters
//! signed_by = ["release"]          # any one of them
//!
//! [[rules]]
//! models = ["scratch-*"]
//! unsigned = true
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::error::{SigningError, beginning, shown};
use super::keys::{self, PublicKey};
use super::resource::Resource;
use super::verify::{Verified, verify};

/// Largest policy. A key in it has 200 bytes.
const MAX_POLICY_BYTES: usize = 1 << 20;
/// The version of the form that is read.
const VERSION: i64 = 1;
/// Characters that mean something in other patterns and nothing here.
const OTHER_PATTERNS: &str = "?[]{}!\\/,";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: i64,
    default: DefaultRule,
    #[serde(default)]
    keys: BTreeMap<String, Key>,
    #[serde(default)]
    rules: Vec<RuleText>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
enum DefaultRule {
    Deny,
    Allow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    file: Option<String>,
    pem: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    models: Vec<String>,
    signed_by: Option<Vec<String>>,
    unsigned: Option<bool>,
}

/// Which models need a signature, and by which keys.
#[derive(Debug, Clone)]
pub struct Policy {
    default: DefaultRule,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    models: Vec<String>,
    /// Empty where no signature is demanded.
    keys: Vec<PublicKey>,
}

/// What a policy demands of a model.
#[derive(Debug, Clone, Copy)]
pub enum Demand<'a> {
    /// A signature by one of these keys.
    SignedBy(&'a [PublicKey]),
    /// Nothing.
    Nothing,
    /// What cannot be fulfilled: no rule names the model, and the default is to deny.
    Denied,
}

/// Why a model is admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// The signature that was demanded was verified.
    Signed(Verified),
    /// The policy demands none, and none was looked at.
    Unsigned,
}

impl Policy {
    /// Reads a policy. Files of keys are looked for beside it.
    ///
    /// # Errors
    /// When it or the file of a key cannot be read, and as [`Policy::parse`].
    pub fn read(path: &Path) -> Result<Self, SigningError> {
        let text = keys::read_text(path, "policy", MAX_POLICY_BYTES)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        parse(&path.display().to_string(), &text, folder)
    }

    /// Reads the text of a policy. Files of keys are looked for in `folder`.
    ///
    /// # Errors
    /// When it is no TOML, has a key that is not known, names a key that is not defined, or has a
    /// rule that demands nothing or two things at once; when a public key cannot be read.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SigningError> {
        parse("text", text, folder)
    }

    /// What the first rule that names a model demands, or else the default.
    pub fn demand(&self, model: &str) -> Demand<'_> {
        let names = |rule: &&Rule| rule.models.iter().any(|pattern| matches(pattern, model));
        match (self.rules.iter().find(names), self.default) {
            (Some(rule), _) if rule.keys.is_empty() => Demand::Nothing,
            (Some(rule), _) => Demand::SignedBy(&rule.keys),
            (None, DefaultRule::Allow) => Demand::Nothing,
            (None, DefaultRule::Deny) => Demand::Denied,
        }
    }

    /// Whether a model of this name may be used, with the bundle that came with it and its files.
    /// That the files are those of a model of this name is not said by the bundle: see
    /// [`Verified::model_name`].
    ///
    /// # Errors
    /// When the policy denies the name, when it demands a signature and there is none, and as
    /// [`verify()`].
    pub fn admit(
        &self,
        model: &str,
        bundle: Option<&[u8]>,
        resources: &[Resource],
    ) -> Result<Admission, SigningError> {
        match (self.demand(model), bundle) {
            (Demand::Nothing, _) => Ok(Admission::Unsigned),
            (Demand::Denied, _) => Err(SigningError::Denied { name: shown(model) }),
            (Demand::SignedBy(keys), None) => {
                let trusted = keys::list(keys);
                Err(SigningError::NotSigned { name: shown(model), trusted })
            }
            (Demand::SignedBy(keys), Some(bundle)) => {
                verify(bundle, keys, resources).map(Admission::Signed)
            }
        }
    }
}

fn parse(place: &str, text: &str, folder: &Path) -> Result<Policy, SigningError> {
    if text.len() > MAX_POLICY_BYTES {
        let what = format!("policy {place}");
        return Err(SigningError::too_large(what, MAX_POLICY_BYTES, "bytes", text.len()));
    }
    let document: Document = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count().saturating_add(1);
        policy_error(format!("{place}, line {line}"), beginning(error.message()))
    })?;
    if document.version != VERSION {
        let message = format!("version: expected {VERSION}, found {}", document.version);
        return Err(policy_error(place, message));
    }
    let mut keys = BTreeMap::new();
    for (name, key) in &document.keys {
        keys.insert(name.as_str(), public_key(place, name, key, folder)?);
    }
    let rules = document.rules.iter().enumerate().map(|(index, rule)| {
        let place = format!("{place}, rule {}", index.saturating_add(1));
        Ok(Rule { models: patterns(&place, &rule.models)?, keys: demanded(&place, rule, &keys)? })
    });
    Ok(Policy { default: document.default, rules: rules.collect::<Result<_, _>>()? })
}

fn public_key(
    place: &str,
    name: &str,
    key: &Key,
    folder: &Path,
) -> Result<PublicKey, SigningError> {
    match (&key.file, &key.pem) {
        (Some(file), None) => Ok(PublicKey::read(&folder.join(file))?.with_label(name)),
        (None, Some(pem)) => PublicKey::from_pem(name, pem),
        (both, _) => {
            let found = if both.is_some() { "both" } else { "neither" };
            let message = format!("expected either file or pem, found {found}");
            Err(policy_error(format!("{place}, key {}", shown(name)), message))
        }
    }
}

fn patterns(place: &str, models: &[String]) -> Result<Vec<String>, SigningError> {
    if models.is_empty() {
        return Err(policy_error(place, "models: expected at least one name, found none"));
    }
    let odd = |c: char| c.is_control() || c.is_whitespace() || OTHER_PATTERNS.contains(c);
    match models.iter().find(|pattern| pattern.is_empty() || pattern.contains(odd)) {
        Some(pattern) => {
            let expected = "models: expected a name in which * is any run of characters";
            Err(policy_error(place, format!("{expected}, found {}", shown(pattern))))
        }
        None => Ok(models.to_vec()),
    }
}

/// The keys that a rule demands; none where it says so.
fn demanded(
    place: &str,
    rule: &RuleText,
    keys: &BTreeMap<&str, PublicKey>,
) -> Result<Vec<PublicKey>, SigningError> {
    let found = match (&rule.signed_by, rule.unsigned) {
        (None, Some(true)) => return Ok(Vec::new()),
        (Some(names), None) if !names.is_empty() => {
            let find = |name: &String| {
                keys.get(name.as_str()).cloned().ok_or_else(|| {
                    let message =
                        format!("signed_by: expected a name of [keys], found {}", shown(name));
                    policy_error(place, message)
                })
            };
            return names.iter().map(find).collect();
        }
        (Some(_), None) => "signed_by = []",
        (Some(_), Some(_)) => "both",
        (None, Some(false)) => "unsigned = false",
        (None, None) => "neither",
    };
    let message = format!(
        "expected either signed_by with at least one key or unsigned = true, found {found}"
    );
    Err(policy_error(place, message))
}

fn policy_error(place: impl Into<String>, message: impl Into<String>) -> SigningError {
    SigningError::Policy { place: place.into(), message: message.into() }
}

/// True if a pattern, in which `*` is any run of characters, is all of a name. Each piece is taken
/// where it comes first, which leaves most for the rest.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*');
    let last = pieces.next_back().unwrap_or_default();
    for piece in pieces {
        let Some((_, after)) = left.split_once(piece) else { return false };
        left = after;
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run() {
        for (pattern, name) in [
            ("a", "a"),
            ("*", ""),
            ("*", "abc"),
            ("a*", "a"),
            ("a*c", "abc"),
            ("*b*", "abc"),
            ("a*b*c", "a-b-b-c"),
            ("**", "x"),
            ("*ab", "aab"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a", "ab"),
            ("a*", "ba"),
            ("a*a", "a"),
            ("*b", "abc"),
            ("a*b*b", "ab"),
            ("fraud-*", "fraud"),
            ("fraud-*", "Fraud-eu"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}

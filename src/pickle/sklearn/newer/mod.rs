//! What newer versions of scikit-learn do with a file: load it and answer the same, answer other
//! numbers without a word, fail when asked, or fail to load it.
//!
//! ```text
//! names and objects of the file -> the rules that hold -> the worst one for each newer version
//! ```
//!
//! A rule is data: which names or objects it concerns, since which version it matters, and why. A
//! new one is an entry in the file of its sort and, for a new file, a line in [`registry`]. All of
//! them were measured (`scripts/check_newer_versions.py`), and `tests/newer_versions.rs` compares
//! what they say with what was measured. Nothing here may refuse a file: what cannot be read is
//! left out.

mod attributes;
mod layouts;
mod names;
mod numbers;
mod objects;
pub mod registry;

use std::collections::BTreeMap;

use super::{Estimator, Item, Source, Version, find};
use objects::Held;

/// Most models of a file that are looked at each by itself: they may all share a large part.
const MOST_MODELS: usize = 100;

/// What becomes of a file in a newer version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It loads and answers, and some of the answers are others.
    WrongNumbers,
    /// It loads, and asking it is an error.
    PredictFails,
    /// Loading it is an error.
    LoadFails,
}

impl Effect {
    /// Its name in documents.
    pub fn id(self) -> &'static str {
        match self {
            Effect::WrongNumbers => "wrong-numbers",
            Effect::PredictFails => "predict-fails",
            Effect::LoadFails => "load-fails",
        }
    }

    /// The same in words.
    pub fn words(self) -> &'static str {
        match self {
            Effect::WrongNumbers => "wrong numbers, without an error",
            Effect::PredictFails => "loads it, and fails when it is asked",
            Effect::LoadFails => "cannot load it",
        }
    }
}

/// What a rule looks at.
#[derive(Debug)]
pub enum Concern {
    /// A name that the file imports: its module and what is looked up there.
    Name(fn(&str, &str) -> bool),
    /// An object of one of the classes that lacks the attribute, and of which the function is true.
    Lacks {
        /// The classes, by name.
        classes: &'static [&'static str],
        /// The attribute that newer code reads.
        attribute: &'static str,
        /// When it reads it.
        when: fn(&Estimator<'_>) -> bool,
    },
    /// An object of one of the classes of which the function is true.
    Object {
        /// The classes, by name.
        classes: &'static [&'static str],
        /// What is true of it.
        holds: fn(&Estimator<'_>) -> bool,
    },
}

/// One thing that changed between two versions.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// What comes of it.
    pub effect: Effect,
    /// What it looks at, in files that a version before `since` wrote.
    pub concern: Concern,
    /// The first version that does so: of the tested ones, by major and minor.
    pub since: Version,
    /// The last one; none when all later ones that were tested do.
    pub until: Option<Version>,
    /// Why, as a clause. Empty for a lacking attribute, which says it all.
    pub why: &'static str,
}

/// What some newer versions do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The first of them.
    pub from: &'static str,
    /// The last of them.
    pub to: &'static str,
    /// What they do.
    pub effect: Effect,
    /// The id of the rule that says so.
    pub rule: &'static str,
    /// Why, as a clause.
    pub why: String,
}

impl Finding {
    /// What they do and why.
    pub fn message(&self) -> String {
        format!("{}: {}", self.effect.words(), self.why)
    }
}

/// What is known about newer versions and a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewerVersions {
    /// The newest version that wrote anything in it.
    pub writer: Version,
    /// The newer versions that were tested, oldest first.
    pub tested: Vec<&'static str>,
    /// What changes; versions that are in none of them answer the same.
    pub findings: Vec<Finding>,
    /// Classes of estimators in it with which nothing was tested.
    pub not_tested: Vec<String>,
}

/// What newer versions do with a file, or `None` for one that does not say which version wrote it.
///
/// Failing to load is about the whole file, all else about `model`, or each model of the file.
pub fn newer_versions<'d>(
    source: &'d Source<'d>,
    model: Option<&Item<'d>>,
) -> Option<NewerVersions> {
    let file = objects::whole_file(source);
    let writer = file.writer?;
    let models = match (model, find(source)) {
        (Some(model), _) => vec![model.clone()],
        (None, Ok(found)) => found.models,
        (None, Err(_)) => vec![source.root()],
    };
    let tested: Vec<(&str, Version)> = registry::TESTED
        .iter()
        .filter_map(|text| Some((*text, Version::parse(text)?)))
        .filter(|(_, version)| minor(*version) > minor(writer))
        .collect();
    let mut findings = Vec::new();
    let held = models.iter().take(MOST_MODELS).map(|model| objects::below(source, model.node()));
    let held: Vec<Held> = held.collect();
    // The same in several models is said once.
    for model in if held.is_empty() { vec![Held::new()] } else { held } {
        for finding in worst(&file.held, &model, &tested) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    let tested = tested.into_iter().map(|(text, _)| text).collect();
    Some(NewerVersions { writer, tested, findings, not_tested: file.not_tested })
}

/// Major and minor: what a rule tells apart.
fn minor(version: Version) -> (u32, u32) {
    (version.0, version.1)
}

/// For each version the worst that holds, of equally bad ones the first of the registry; versions
/// in a row with the same are one finding.
fn worst(file: &Held, model: &Held, tested: &[(&'static str, Version)]) -> Vec<Finding> {
    let mut holding: BTreeMap<usize, (&Rule, &str)> = BTreeMap::new();
    for (index, rule) in registry::rules().enumerate() {
        let is_about_file =
            rule.effect == Effect::LoadFails || matches!(rule.concern, Concern::Name(_));
        let held = if is_about_file { file } else { model };
        if let Some(what) = held.get(rule.id) {
            holding.insert(index, (rule, what));
        }
    }
    let mut findings: Vec<Finding> = Vec::new();
    let mut last = None;
    for (text, version) in tested {
        let does = |rule: &Rule| {
            minor(*version) >= minor(rule.since)
                && rule.until.is_none_or(|until| minor(*version) <= minor(until))
        };
        let worst = holding
            .values()
            .filter(|(rule, _)| does(rule))
            .reduce(|worst, next| if next.0.effect > worst.0.effect { next } else { worst });
        match (worst, findings.last_mut()) {
            (Some((rule, _)), Some(finding)) if last == Some(rule.id) => finding.to = text,
            (Some((rule, what)), _) => findings.push(Finding {
                from: text,
                to: text,
                effect: rule.effect,
                rule: rule.id,
                why: rule.reason(what),
            }),
            (None, _) => {}
        }
        last = worst.map(|(rule, _)| rule.id);
    }
    findings
}

impl Rule {
    /// Why, for the class or name of the file that it holds for.
    fn reason(&self, what: &str) -> String {
        match self.concern {
            Concern::Lacks { attribute, .. } => format!(
                "{what} reads the attribute {attribute} since {}.{}, and the file has none",
                self.since.0, self.since.1
            ),
            Concern::Name(_) => format!("{} ({what})", self.why),
            Concern::Object { .. } => self.why.to_owned(),
        }
    }
}

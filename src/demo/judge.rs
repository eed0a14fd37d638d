//! Compares what was seen with what had to be seen.

use crate::attacks::{Attack, Evidence, Expected, Scene, Sign};
use crate::base::detonation::{Detonation, Effect, Event, EventKind, Outcome};
use crate::base::trial::{Check, Verdict};

/// The signs in an aquarium.
pub fn signs(signs: &[Sign], scene: &Scene, seen: &Detonation) -> Vec<Check> {
    let effect = |expected: Effect| seen.effects.contains(&expected);
    let check = |sign: &Sign| {
        let (what, seen) = match sign {
            Sign::Created(path) => {
                (format!("{path} is made"), effect(Effect::Created { path: scene.path(path) }))
            }
            Sign::Changed(path) => {
                (format!("{path} is changed"), effect(Effect::Changed { path: scene.path(path) }))
            }
            Sign::Deleted(path) => {
                (format!("{path} is gone"), effect(Effect::Deleted { path: scene.path(path) }))
            }
            Sign::Received(text) => {
                let got = |effect: &Effect| match effect {
                    Effect::Received { data, .. } => data.contains(text),
                    _ => false,
                };
                (format!("\"{text}\" arrives at a listener"), seen.effects.iter().any(got))
            }
            Sign::Happened(kind, text) => {
                let happened =
                    seen.armed().any(|e| e.kind == *kind && !e.denied && e.mentions(text));
                (words(*kind, text, "goes through"), happened)
            }
            Sign::Ended(outcome) => {
                (format!("the load ends {}", outcome.id()), seen.outcome == *outcome)
            }
        };
        Check { what, seen }
    };
    signs.iter().map(check).collect()
}

/// The evidence under the policy.
pub fn evidence(evidence: &[Evidence], seen: &Detonation) -> Vec<Check> {
    let check = |expected: &Evidence| Check {
        what: words(expected.kind, expected.text, "is recorded"),
        seen: seen.armed().any(|e| e.kind == expected.kind && e.mentions(expected.text)),
    };
    evidence.iter().map(check).collect()
}

fn words(kind: EventKind, text: &str, what: &str) -> String {
    match text {
        "" => format!("{} {what}", kind.id()),
        text => format!("{} with \"{text}\" {what}", kind.id()),
    }
}

/// True for what may be let through under the policy: it has no effect by itself.
pub fn is_harmless(event: &Event) -> bool {
    matches!(event.kind, EventKind::Probe | EventKind::Process | EventKind::Thread)
}

/// The verdict on a file for one of Python's loaders. `harm` is what happened to the planted things
/// outside.
pub fn executable(
    signs: &[Check],
    evidence: &[Check],
    aquarium: Option<&Detonation>,
    policy: &Detonation,
    harm: &[Effect],
) -> Verdict {
    if policy.outcome == Outcome::NotRun {
        return Verdict::NotRun { reason: policy.reason.clone().unwrap_or_default() };
    }
    let mut problems: Vec<String> = Vec::new();
    problems.extend(harm.iter().map(|effect| format!("it had an effect outside: {effect:?}")));
    for event in policy.armed().filter(|event| !event.denied && !is_harmless(event)) {
        problems.push(format!("it was let through: {event}"));
    }
    let unseen = evidence.iter().filter(|check| !check.seen);
    problems.extend(unseen.map(|check| format!("under the policy, not seen: {}", check.what)));
    let mut reason = None;
    match aquarium {
        Some(aquarium) if aquarium.outcome == Outcome::NotRun => {
            reason = Some(aquarium.reason.clone().unwrap_or_default());
        }
        Some(_) => {
            let unseen = signs.iter().filter(|check| !check.seen);
            problems
                .extend(unseen.map(|check| format!("in the aquarium, not seen: {}", check.what)));
        }
        None => {}
    }
    match (problems.is_empty(), reason) {
        (false, _) => Verdict::Failed { problems },
        (true, Some(reason)) => Verdict::StoppedUnseen { reason },
        (true, None) => Verdict::Stopped,
    }
}

/// The verdict on a file for a data-only format.
pub fn data_only(attack: &Attack, policy: &Detonation, harm: &[Effect]) -> Verdict {
    if policy.outcome == Outcome::NotRun {
        return Verdict::NotRun { reason: policy.reason.clone().unwrap_or_default() };
    }
    let mut problems: Vec<String> = Vec::new();
    problems.extend(harm.iter().map(|effect| format!("it had an effect outside: {effect:?}")));
    problems.extend(policy.armed().map(|event| format!("the loader attempted: {event}")));
    let said = policy.reason.clone().unwrap_or_default();
    let refused = policy.outcome == Outcome::Failed;
    match (attack.expected, policy.outcome) {
        (_, Outcome::Loaded | Outcome::Failed) if !problems.is_empty() => {}
        (Expected::Inert, Outcome::Loaded) => return Verdict::Inert,
        (Expected::Inert | Expected::Refused, _) if refused => {
            return Verdict::Refused { error: said };
        }
        (Expected::Refused, Outcome::Loaded) => {
            problems.push(format!("the loader accepted it: {said}"));
        }
        (_, outcome) => problems.push(format!("the load ended {}: {said}", outcome.id())),
    }
    Verdict::Failed { problems }
}

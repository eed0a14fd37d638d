//! A pickle under the name of a data-only format: a loader that looks at content, and falls back to
//! pickle, runs it.

use super::*;

/// `os.system` in a file that says it is something else.
pub const ATTACK: Attack = Attack {
    id: "renamed-pickle",
    title: "a pickle renamed to a data-only format",
    summary: "The file has the name of a format that cannot run code, but is a pickle that calls os.system. A loader \
              that tries pickle when its own format does not fit would run it.",
    severity: Severity::Critical,
    targets: Targets::EveryFormat,
    techniques: &[techniques::MASQUERADE_FILE_TYPE, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 646],
    references: &[
        Reference {
            title: "numpy documentation: load and its warning on allow_pickle",
            url: "https://numpy.org/doc/stable/reference/generated/numpy.load.html",
        },
        Reference { title: "CVE-2019-6446", url: "https://nvd.nist.gov/vuln/detail/CVE-2019-6446" },
    ],
    build,
    expected: Expected::Refused,
    quick: false,
};

fn build(scene: &Scene, _target: Target) -> Result<Vec<u8>, BuildError> {
    let command = format!("echo fallen > '{}'", scene.path(CANARY));
    payload::file(ATTACK.id, Target::Python(Loader::Pickle), |assembler| {
        payload::call(assembler, "posix", "system", &command);
    })
}

//! An object array inside a numpy archive: the one place where a data-only container holds a pickle.

use super::*;

/// `os.system` in the member `coef.npy`.
pub const ATTACK: Attack = Attack {
    id: "object-array",
    title: "a pickle as an array of objects in an npz",
    summary: "One array of the archive has the dtype object, so its elements are a pickle, and that calls os.system. \
              numpy runs it when it is told to allow pickles.",
    severity: Severity::Critical,
    targets: Targets::Formats(&["npz"]),
    techniques: &[techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502],
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

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let command = format!("echo fallen > '{}'", scene.path(CANARY));
    let array = payload::file(ATTACK.id, Target::Python(Loader::Numpy), |assembler| {
        payload::call(assembler, "posix", "system", &command);
    })?;
    payload::archive(&[("coef.npy", &array)])
        .map_err(|error| data_file::failed(ATTACK.id, target, error))
}

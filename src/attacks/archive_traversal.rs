//! Entries of an archive that want to be unpacked somewhere else.

use super::data_file::Member;
use super::*;

/// Names that lead out of the folder, and an absolute one.
pub const ATTACK: Attack = Attack {
    id: "archive-traversal",
    title: "an archive whose entries name other folders",
    summary: "The entries of the archive are called ../../canary.npy and by an absolute path. A loader that unpacks \
              into a folder before it reads overwrites files outside of it.",
    severity: Severity::High,
    targets: Targets::Formats(&["npz"]),
    techniques: &[
        techniques::EXPLOITATION_FOR_CLIENT_EXECUTION,
        techniques::ML_SUPPLY_CHAIN_COMPROMISE_MODEL,
    ],
    cwe: &[22],
    references: &[
        Reference { title: "Zip Slip", url: "https://github.com/snyk/zip-slip-vulnerability" },
        Reference {
            title: "Python documentation: tarfile and zipfile, members with paths of their own",
            url: "https://docs.python.org/3/library/zipfile.html",
        },
    ],
    build,
    expected: Expected::Inert,
    quick: false,
};

fn build(scene: &Scene, _target: Target) -> Result<Vec<u8>, BuildError> {
    let names = ["../../canary.npy".to_owned(), scene.path("canary.npy")];
    let array =
        |name: String| Member::stored(&name, payload::npy("'<f8'", "(1, 2)", &data_file::coef()));
    Ok(data_file::zip(&names.map(array)))
}

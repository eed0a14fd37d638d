//! An archive whose pickle with the known name is clean, and fetches another.

use super::*;

use crate::pickle::Op;

/// data.pkl reads a member that is called like a text.
pub const ATTACK: Attack = Attack {
    id: "torch-hidden-member",
    title: "a second pickle in an archive of PyTorch's",
    summary: "The member data.pkl names no dangerous function. It finds the archive that is being \
              read among the living objects, takes the bytes of a member called config.p out of \
              it, and loads them. Scanners that choose members by their ending do not look there.",
    severity: Severity::Critical,
    targets: Targets::Python(&[Loader::TorchZip]),
    techniques: &[
        techniques::UNIX_SHELL,
        techniques::MASQUERADE_FILE_TYPE,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 693],
    references: &[
        Reference { title: "CVE-2025-1889", url: "https://nvd.nist.gov/vuln/detail/CVE-2025-1889" },
        Reference {
            title: "GHSA-769v-p64c-89pr",
            url: "https://github.com/mmaitre314/picklescan/security/advisories/GHSA-769v-p64c-89pr",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Changed(CANARY), Sign::Happened(EventKind::Exec, "echo fallen")],
        policy: &[
            Evidence { kind: EventKind::Process, text: "" },
            Evidence { kind: EventKind::Exec, text: "echo fallen" },
        ],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let command = format!("echo fallen > '{}'", scene.path(CANARY));
    let built = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let hidden = payload::model(|assembler| {
            payload::call(assembler, "posix", "system", &command);
        })?;
        let seen = payload::model(|assembler| {
            assembler.global("_pickle", "loads").global("zipfile", "ZipFile.read");
            assembler.global("builtins", "next");
            payload::living(assembler, "zipfile", "ZipFile");
            assembler.text(HIDDEN).op(Op::Tuple2).op(Op::Reduce).op(Op::Tuple1).op(Op::Reduce);
        })?;
        let members =
            [("archive/data.pkl", &*seen), (HIDDEN, &*hidden), ("archive/version", b"3\n")];
        Ok(payload::archive(&members)?)
    };
    built().map_err(|error| BuildError {
        attack: ATTACK.id,
        target: target.id().into(),
        problem: error.to_string(),
    })
}

/// Not among the endings that scanners took for pickles.
const HIDDEN: &str = "archive/config.p";

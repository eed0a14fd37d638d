//! A `.pth` file among the installed packages: a line that runs whenever Python starts.

use super::*;

/// A file that Python runs at every start is planted.
pub const ATTACK: Attack = Attack {
    id: "pth-planting",
    title: "a .pth file that runs at every start of Python",
    summary: "The pickle writes a .pth file into site-packages. Every later Python of that \
              environment runs its line before anything else, long after the model is gone.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::PYTHON_STARTUP_HOOKS, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 94],
    references: &[
        Reference {
            title: "Mozilla.ai: what the LiteLLM compromise of 2026 teaches",
            url: "https://blog.mozilla.ai/hardening-your-llm-dependency-supply-chain",
        },
        Reference {
            title: "Python documentation: site",
            url: "https://docs.python.org/3/library/site.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("site-packages/model_cache.pth")],
        policy: &[Evidence { kind: EventKind::FileWrite, text: "site-packages/model_cache.pth" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = payload::quoted(&scene.path("site-packages/model_cache.pth"));
    let line = "import os; os.environ.setdefault('MODEL_CACHE_FALLEN', '1')\n";
    let source =
        format!("with open({path}, 'w') as planted: planted.write({})", payload::quoted(line));
    payload::program(ATTACK.id, target, &source)
}

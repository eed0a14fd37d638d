//! A loop that ignores the signals by which a limit speaks.

use super::*;

/// Half a minute of processor time.
pub const ATTACK: Attack = Attack {
    id: "cpu-loop",
    title: "a loop that cannot be asked to stop",
    summary: "Loading sets the signals of limits, alarms and polite requests to be ignored and \
              then spends processor time, as a miner would. This one ends after thirty seconds of \
              it.",
    severity: Severity::Medium,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[
        techniques::RESOURCE_HIJACKING,
        techniques::ENDPOINT_DENIAL_OF_SERVICE,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 400, 835],
    references: &[
        Reference {
            title: "Python documentation: signal",
            url: "https://docs.python.org/3/library/signal.html",
        },
        Reference {
            title: "Linux manual: getrlimit(2)",
            url: "https://man7.org/linux/man-pages/man2/getrlimit.2.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Ended(Outcome::Killed)],
        policy: &[Evidence { kind: EventKind::CpuLimit, text: "" }],
    },
    quick: false,
};

const PROGRAM: &str = "import signal, time
for name in ('SIGXCPU', 'SIGTERM', 'SIGALRM', 'SIGINT'):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
end = time.process_time() + 30
while time.process_time() < end:
    for _ in range(100000):
        pass
";

fn build(_: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    payload::program(ATTACK.id, target, PROGRAM)
}

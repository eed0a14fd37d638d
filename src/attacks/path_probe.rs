//! Asks what is where, and opens nothing.

use super::*;

/// The metadata of files that are worth stealing.
pub const ATTACK: Attack = Attack {
    id: "path-probe",
    title: "questions about which files are there",
    summary: "The pickle asks for the size of files that are worth stealing: a private key, \
              credentials of a cloud, a file of passwords. It opens none of them: Landlock has no say \
              in such a question, so that only a root directory of one's own keeps the answer from \
              the file. What it learns it writes down.",
    severity: Severity::Low,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::FILE_AND_DIRECTORY_DISCOVERY, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 497],
    references: &[
        Reference {
            title: "Linux manual: landlock(7), limitations",
            url: "https://man7.org/linux/man-pages/man7/landlock.7.html",
        },
        Reference {
            title: "Python documentation: os.stat",
            url: "https://docs.python.org/3/library/os.html#os.stat",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("found.txt"), Sign::Happened(EventKind::Probe, KEY)],
        policy: &[Evidence { kind: EventKind::Probe, text: KEY }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let paths: Vec<String> = [KEY, ".aws/credentials", ".netrc"]
        .iter()
        .map(|planted| payload::quoted(&scene.path(planted)))
        .collect();
    let notes = payload::quoted(&scene.path("found.txt"));
    let source = format!(
        "import os
found = []
for path in [{}]:
    try:
        found.append('%d bytes: %s' % (os.stat(path).st_size, path))
    except OSError:
        pass
print('found', len(found))
if found:
    try:
        with open({notes}, 'w') as file:
            file.write('\\n'.join(found))
    except OSError:
        pass
",
        paths.join(", ")
    );
    payload::program(ATTACK.id, target, &source)
}

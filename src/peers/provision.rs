//! A Python environment of deadweight's own, made once and kept.
//!
//! In: an interpreter of the machine's, and the pins with the hash of every file that may be
//! installed, which are part of this program. Out: an interpreter with exactly these packages.
//! An environment cannot be moved, so it is made in its place, under a lock: its stamp is written
//! last, and one without a stamp is removed and made anew. Packages come as wheels alone, so that
//! installing them runs no code of theirs. Nothing outside its directory is changed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::limited::{self, Failure, Finished, Limits};
use super::python::{
    CORE_PACKAGES, Found, Probe, Python, Surroundings, Told, Unavailable, clean, interpreter_of,
    probe,
};
use crate::base::cache;
use crate::base::digest::sha256;

/// Written last into an environment that is complete.
const STAMP: &str = "deadweight.json";
/// Making an environment on a slow line; also how long another run is waited for.
const MAKING_TIME: Duration = Duration::from_secs(30 * 60);
/// What pip prints for twenty packages is some kilobytes.
const MAX_OUTPUT_BYTES: usize = 4 << 20;
/// Settings of the user's that would install something else, or elsewhere. Others are left alone:
/// a mirror, a proxy or a folder of wheels may be the only way to the packages.
const FOREIGN_SETTINGS: &[&str] = &[
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_REQUIREMENT",
    "PIP_CONSTRAINT",
    "PIP_EDITABLE",
    "PIP_NO_BINARY",
    "PIP_DRY_RUN",
    "PIP_PYTHON",
    "PIP_QUIET",
    "PIP_VERBOSE",
];

/// Pins for a range of Python versions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requirements {
    id: &'static str,
    text: &'static str,
    /// Versions that they are for, the first and the last.
    versions: ((u32, u32), (u32, u32)),
    /// Size of the environment on x86-64 Linux, rounded up.
    megabytes: u32,
}

/// `scripts/lock_python_requirements` writes the pins, `scripts/check_python_requirements` measures.
const REQUIREMENTS: [Requirements; 2] = [
    Requirements {
        id: "current",
        text: include_str!("requirements-current.txt"),
        versions: ((3, 11), (3, 14)),
        megabytes: 440,
    },
    Requirements {
        id: "3.9",
        text: include_str!("requirements-3.9.txt"),
        versions: ((3, 9), (3, 10)),
        megabytes: 520,
    },
];

impl Requirements {
    fn of(release: (u32, u32)) -> Option<Self> {
        let holds = |set: &Requirements| set.versions.0 <= release && release <= set.versions.1;
        REQUIREMENTS.into_iter().find(holds)
    }

    fn hash(&self) -> String {
        sha256(self.text)
    }

    /// Where its environment lies. Another version of deadweight with other pins has another place,
    /// as it may be measuring right now.
    fn place(&self, home: &Path) -> PathBuf {
        let hash: String = self.hash().chars().take(8).collect();
        home.join(format!("{}-{hash}", self.id))
    }
}

/// The pins, each with the lines of its hashes.
fn pins(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices('\n').filter(|(at, _)| !text[at + 1..].starts_with(' '));
    let ends: Vec<usize> = starts.map(|(at, _)| at + 1).collect();
    let mut start = 0;
    ends.into_iter().map(move |end| text.get(std::mem::replace(&mut start, end)..end).unwrap_or(""))
}

fn name_of(pin: &str) -> &str {
    pin.split("==").next().unwrap_or_default()
}

/// How many packages the pins install here: some have a pin for each of several versions.
fn package_count(text: &str) -> usize {
    let here = pins(text).filter(|pin| cfg!(windows) || !pin.contains("sys_platform == 'win32'"));
    let mut names: Vec<&str> = here.map(name_of).collect();
    names.dedup();
    names.len()
}

/// Where environments are kept: `python` in the target directory of cargo that the running program
/// lies in, else `python` in the cache directory.
pub fn home() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    target_directory(&program).unwrap_or_else(cache::default_directory).join("python")
}

/// The target directory of cargo that a program lies in: `target/release/deadweight`, with a
/// platform before the profile perhaps, and `deps` after it for tests. Cargo leaves a file there that
/// no one else writes; it tags the directory as a cache too, but only one that it has made itself.
fn target_directory(program: &Path) -> Option<PathBuf> {
    let marked = |directory: &&Path| directory.join(".rustc_info.json").is_file();
    program.ancestors().skip(2).take(3).find(marked).map(Path::to_owned)
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    /// SHA-256 of the pins.
    requirements: String,
    python: String,
}

/// The environment of an earlier run, or one that is made now.
///
/// # Errors
/// [`Unavailable`] says what is wrong and what to do.
pub(super) fn obtain(
    around: &Surroundings,
    home: &Path,
    told: &(dyn Fn(&Told) + Sync),
) -> Result<Python, Unavailable> {
    // A relative path would be another place in another directory.
    let home = &std::path::absolute(home).unwrap_or_else(|_| home.to_owned());
    if let Some(python) = REQUIREMENTS.iter().find_map(|set| kept(set, home).ok()) {
        return Ok(python);
    }
    let (base, set) = choose_base(around).map_err(Unavailable::NoInterpreter)?;
    let place = set.place(home);
    let start = Instant::now();
    let failed = |problem| Unavailable::Environment { place: place.clone(), problem };
    let unwritable = |error| failed(unwritable(&error));
    fs::create_dir_all(home).map_err(unwritable)?;
    let _lock = lock(&home.join("lock"), told).map_err(failed)?;
    // Another run may have made it while this one waited.
    if let Ok(python) = kept(&set, home) {
        return Ok(python);
    }
    if place.exists() {
        told(&Told::Step(format!("removing {}, which is not complete", place.display())));
        fs::remove_dir_all(&place).map_err(unwritable)?;
    }
    told(&Told::Making {
        place: place.clone(),
        megabytes: set.megabytes,
        packages: package_count(set.text),
    });
    let python = make(&base, &set, &place, told).map_err(|problem| {
        // Without a stamp nobody takes what remains for an environment.
        let _ = fs::remove_dir_all(&place);
        failed(problem)
    })?;
    told(&Told::Done { seconds: start.elapsed().as_secs_f64() });
    Ok(python)
}

/// The environment of an earlier run, whatever its pins are for.
pub(super) fn ready(home: &Path) -> Option<Python> {
    let home = std::path::absolute(home).ok()?;
    REQUIREMENTS.iter().find_map(|set| kept(set, &home).ok())
}

/// The environment of an earlier run, if it is there and still works.
fn kept(set: &Requirements, home: &Path) -> Result<Python, String> {
    let place = set.place(home);
    let text = fs::read_to_string(place.join(STAMP)).map_err(|error| error.to_string())?;
    let stamp: Stamp = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if stamp.requirements != set.hash() {
        return Err("its stamp is of other pins".to_owned());
    }
    probe(&interpreter_of(&place))?.complete(Found::Kept)
}

/// The first interpreter that an environment can be made with; else what is wrong with all.
fn choose_base(around: &Surroundings) -> Result<(Probe, Requirements), String> {
    let numbered = (9..=14).rev().map(|minor| format!("python3.{minor}"));
    let names: Vec<String> = std::iter::once("python3".to_owned()).chain(numbered).collect();
    let mut problems: Vec<String> = Vec::new();
    for path in names.iter().flat_map(|name| around.programs(name)) {
        let base = probe(&path).and_then(|base| {
            base.suitable()?;
            let newer = || format!("is Python {}, newer than the pinned packages", base.version);
            let set = Requirements::of(base.release).ok_or_else(newer)?;
            match base.environments {
                true => Ok((base, set)),
                false => Err(without_venv(&base)),
            }
        });
        match base {
            Ok(chosen) => return Ok(chosen),
            Err(problem) => problems.push(format!("{} {problem}", path.display())),
        }
    }
    // What only wants a package of the system's is nearest to a solution.
    problems.sort_by_key(|problem| !problem.contains("-venv`"));
    problems.truncate(3);
    match problems.is_empty() {
        true => Err("no python3 is on the search path".to_owned()),
        false => Err(problems.join("; ")),
    }
}

fn without_venv(base: &Probe) -> String {
    let (major, minor) = base.release;
    format!(
        "(Python {}) lacks the modules venv and ensurepip, which on Debian and Ubuntu are packages \
         of their own: `apt install python3-venv`, or `python{major}.{minor}-venv`",
        base.version
    )
}

/// Locks against another run that makes an environment at the same time.
fn lock(path: &Path, told: &(dyn Fn(&Told) + Sync)) -> Result<File, String> {
    let file = File::options().create(true).append(true).open(path);
    let file = file.map_err(|error| unwritable(&error))?;
    let start = Instant::now();
    for attempt in 0.. {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(unwritable(&error)),
            Err(TryLockError::WouldBlock) if start.elapsed() > MAKING_TIME => {
                return Err(format!(
                    "another run has held {} for half an hour; end it and run again",
                    path.display()
                ));
            }
            Err(TryLockError::WouldBlock) => {}
        }
        if attempt == 0 {
            told(&Told::Step("waiting for another run that makes the environment".to_owned()));
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(file)
}

/// Makes an environment in its place; the stamp comes last.
fn make(
    base: &Probe,
    set: &Requirements,
    place: &Path,
    told: &(dyn Fn(&Told) + Sync),
) -> Result<Python, String> {
    let executable = base.executable.display();
    told(&Told::Step(format!("environment of Python {} ({executable})", base.version)));
    let mut command = Command::new(&base.executable);
    command.args(["-I", "-m", "venv"]).arg(place);
    let finished = run(command, |_| ()).map_err(|failure| format!("{executable}: {failure}"))?;
    if !finished.status.success() {
        let tail = finished.tail.join("\n");
        return Err(match tail.contains("ensurepip") {
            true => format!("{executable} {}", without_venv(base)),
            false => explain(&tail, "making a virtual environment failed"),
        });
    }
    install(set.text, place, told)?;
    let interpreter = interpreter_of(place);
    let python = probe(&interpreter).and_then(|probe| probe.complete(Found::Made));
    let python = python.map_err(|problem| format!("{} {problem}", interpreter.display()))?;
    let stamp = Stamp { requirements: set.hash(), python: python.version.clone() };
    let json = serde_json::to_string_pretty(&stamp).map_err(|error| error.to_string())?;
    fs::write(place.join(STAMP), json).map_err(|error| unwritable(&error))?;
    Ok(python)
}

/// Installs the pins; a package that not every row needs is left out where it has no wheel.
fn install(text: &str, place: &Path, told: &(dyn Fn(&Told) + Sync)) -> Result<(), String> {
    let mut wanted: Vec<&str> = pins(text).collect();
    loop {
        let file = place.join("requirements.txt");
        fs::write(&file, wanted.concat()).map_err(|error| unwritable(&error))?;
        let count = package_count(&wanted.concat());
        let mut begun = 0;
        let finished = run(pip(place, &file), |line| {
            if let Some(step) = step(line, &mut begun, count) {
                told(&Told::Step(step));
            }
        });
        let finished = finished.map_err(|failure| {
            format!("installing packages: {failure}; run again, what was downloaded is kept")
        })?;
        if finished.status.success() {
            return Ok(());
        }
        let tail = finished.tail.join("\n");
        let name = without_wheel(&tail).filter(|name| !CORE_PACKAGES.contains(name));
        let left: Vec<&str> =
            wanted.iter().filter(|pin| Some(name_of(pin)) != name).copied().collect();
        if left.len() == wanted.len() {
            return Err(explain(&tail, "installing packages failed"));
        }
        let name = name.unwrap_or_default();
        told(&Told::Step(format!("{name} has no wheel for this machine and is left out")));
        wanted = left;
    }
}

fn pip(place: &Path, requirements: &Path) -> Command {
    let mut command = Command::new(interpreter_of(place));
    command
        .args(["-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"])
        .args(["--progress-bar", "off", "--retries", "2"])
        // The pins name every package, so that nothing has to be resolved.
        .args(["--require-hashes", "--only-binary", ":all:", "--no-deps", "-r"])
        .arg(requirements)
        .env("PIP_USER", "0");
    for name in FOREIGN_SETTINGS {
        command.env_remove(name);
    }
    command
}

/// In the process group of this run, so that Ctrl-C ends both.
fn run(command: Command, line: impl FnMut(&str)) -> Result<Finished, Failure> {
    limited::run(command, Limits { time: MAKING_TIME, bytes: MAX_OUTPUT_BYTES, group: false }, line)
}

/// What a line of pip's means for somebody who waits.
fn step(line: &str, begun: &mut usize, count: usize) -> Option<String> {
    if line.starts_with("Installing collected packages") {
        return Some(format!("installing {begun} packages"));
    }
    let pin = line.strip_prefix("Collecting ")?.split_whitespace().next()?;
    *begun += 1;
    Some(format!("{} ({begun} of {count})", clean(&pin.replace("==", " "))))
}

/// Signs in what pip prints that it had no connection, rather than no such package.
const NETWORK_SIGNS: &[&str] = &[
    "NewConnectionError",
    "ConnectTimeout",
    "ReadTimeout",
    "Max retries exceeded",
    "Connection refused",
    "Connection broken",
    "ProxyError",
    "SSLError",
    "Name or service not known",
    "name resolution",
    "Network is unreachable",
    "Failed to connect",
    "Retrying (",
];

fn is_network(tail: &str) -> bool {
    NETWORK_SIGNS.iter().any(|sign| tail.contains(sign))
}

/// The package that has no wheel for this machine, when that is what stopped pip.
fn without_wheel(tail: &str) -> Option<&str> {
    let (_, rest) = tail.split_once("No matching distribution found for ")?;
    let name = name_of(rest.lines().next().unwrap_or_default().trim());
    (!is_network(tail)).then_some(name)
}

/// What stopped an installation, what to do, and what was printed last.
fn explain(tail: &str, what: &str) -> String {
    let advice = if tail.contains("No space left on device") || tail.contains("Disk quota") {
        "the disk is full; free some space, or set DEADWEIGHT_CACHE (and TMPDIR, where downloads \
         are unpacked) to another disk"
    } else if tail.lines().any(|line| line.trim_start().starts_with("Got  ")) {
        "a file that was downloaded is not the one that was pinned, and nothing was installed; \
         look at the package index or proxy that pip is set to, and run again"
    } else if is_network(tail) {
        "packages cannot be downloaded; connect this machine, set pip to a mirror or a folder of \
         wheels, or name an interpreter that has the packages with --python PATH"
    } else if tail.contains("No matching distribution found") {
        "a package that every row needs has no wheel for this machine where pip looks; name an \
         interpreter that has it with --python PATH"
    } else {
        "name an interpreter that has the packages with --python PATH, or run again"
    };
    let lines: Vec<&str> = tail.lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(2)).map(|line| clean(line));
    format!("{what}: {advice}. It said: {}", last.collect::<Vec<_>>().join(" / "))
}

fn unwritable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!(
                "the disk is full ({error}); free some space, or set DEADWEIGHT_CACHE to another disk"
            )
        }
        _ => format!("{error}; make the directory writable, or set DEADWEIGHT_CACHE to another"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::python::fakes::{Fake, answer};
    use super::super::python::{Choice, OPTIONAL_PACKAGES, find_among};
    use super::*;

    /// Notes that it was called, and makes an environment that is a copy of the interpreter.
    const VENV: &str = r#"echo venv >> "$log"; mkdir -p "$last/bin" && cp "$0" "$last/bin/python""#;
    const PIP: &str = r#"echo pip >> "$log"; cp "$last" "$log.pins"
        echo "Collecting numpy==2.4.6 (from -r x)"; echo "Installing collected packages: numpy""#;

    /// A machine with an interpreter of these names, and an empty home.
    struct Machine {
        directory: tempfile::TempDir,
        told: Mutex<Vec<Told>>,
    }

    impl Machine {
        fn with(fakes: &[(&str, Fake)]) -> Self {
            let directory = tempfile::tempdir().unwrap();
            for (name, fake) in fakes {
                fake.write(
                    &directory.path().join("programs").join(name),
                    &Self::log_in(&directory),
                );
            }
            Machine { directory, told: Mutex::default() }
        }

        fn ordinary() -> Self {
            Self::with(&[("python3", Self::maker(VENV, PIP))])
        }

        fn maker(venv: &'static str, pip: &'static str) -> Fake {
            Fake { answer: answer("3.11.7", true), venv, pip }
        }

        /// What makes environments as it should, of a version; whether it can is what it says.
        fn of(version: &str, environments: bool) -> Fake {
            Fake { answer: answer(version, environments), venv: VENV, pip: PIP }
        }

        fn log_in(directory: &tempfile::TempDir) -> PathBuf {
            directory.path().join("log")
        }

        fn log(&self) -> String {
            fs::read_to_string(Self::log_in(&self.directory)).unwrap_or_default()
        }

        fn home(&self) -> PathBuf {
            self.directory.path().join("home")
        }

        fn place(&self) -> PathBuf {
            REQUIREMENTS[0].place(&self.home())
        }

        fn find(&self) -> Result<Python, Unavailable> {
            let programs = self.directory.path().join("programs");
            let around = Surroundings { search: vec![programs], ..Surroundings::default() };
            let told = |t: &Told| {
                if matches!(t, Told::Step(step) if step.starts_with("waiting")) {
                    fs::write(self.directory.path().join("log.waiting"), "").unwrap();
                }
                self.told.lock().unwrap().push(t.clone());
            };
            find_among(&Choice::Auto, &around, &self.home(), &told)
        }

        fn sentence(&self) -> String {
            self.find().unwrap_err().to_string()
        }
    }

    fn contains(sentence: &str, parts: &[&str]) {
        for part in parts {
            assert!(sentence.contains(part), "{part:?} is not in: {sentence}");
        }
    }

    #[test]
    fn the_pins_are_complete() {
        for set in REQUIREMENTS {
            assert_eq!(pins(set.text).collect::<String>(), set.text);
            for pin in pins(set.text) {
                assert!(pin.contains("==") && pin.contains("--hash=sha256:"), "{pin}");
                assert!(!pin.contains(['/', '#', '@']), "an address in {pin}");
            }
            let names: Vec<&str> = pins(set.text).map(name_of).collect();
            for name in CORE_PACKAGES.iter().chain(OPTIONAL_PACKAGES) {
                assert!(names.contains(name), "{}: no {name}", set.id);
            }
        }
        for (minor, id) in [(8, None), (9, Some("3.9")), (10, Some("3.9")), (11, Some("current"))] {
            assert_eq!(Requirements::of((3, minor)).map(|set| set.id), id);
        }
        assert_eq!(Requirements::of((3, 14)).map(|set| set.id), Some("current"));
        assert!(Requirements::of((3, 15)).is_none() && Requirements::of((4, 0)).is_none());
    }

    #[test]
    fn a_package_with_a_pin_for_each_version_counts_once() {
        let text = "a==1 ; python_full_version < '3.10' \\\n    --hash=x\na==2 \\\n    --hash=y\n\
                    w==1 ; sys_platform == 'win32' \\\n    --hash=z\nb==3 \\\n    --hash=z\n";
        assert_eq!(pins(text).map(name_of).collect::<Vec<_>>(), ["a", "a", "w", "b"]);
        assert_eq!(package_count(text), if cfg!(windows) { 3 } else { 2 });
    }

    #[test]
    fn an_environment_is_made_once_and_then_kept() {
        let machine = Machine::ordinary();
        let made = machine.find().unwrap();
        assert_eq!((made.found, made.version.as_str()), (Found::Made, "3.11.7"));
        assert_eq!(made.executable, machine.place().join("bin/python"));
        let told = std::mem::take(&mut *machine.told.lock().unwrap());
        let packages = package_count(REQUIREMENTS[0].text);
        let making = Told::Making { place: machine.place(), megabytes: 440, packages };
        assert_eq!(told[0], making);
        let step = format!("numpy 2.4.6 (1 of {packages})");
        assert!(told.contains(&Told::Step(step)), "{told:?}");
        assert!(matches!(told.last(), Some(Told::Done { .. })), "{told:?}");
        let installed = fs::read_to_string(machine.directory.path().join("log.pins")).unwrap();
        assert_eq!(installed, REQUIREMENTS[0].text);

        let kept = machine.find().unwrap();
        assert_eq!(kept, Python { found: Found::Kept, ..made });
        assert_eq!(machine.log(), "venv\npip\n");
        assert_eq!(*machine.told.lock().unwrap(), []);
    }

    #[test]
    fn what_is_half_made_or_damaged_is_made_anew() {
        let damages: [&dyn Fn(&Path); 5] = [
            &|place| fs::remove_file(place.join(STAMP)).unwrap(),
            &|place| fs::write(place.join(STAMP), "{\"requirements\":").unwrap(),
            &|place| {
                let other = "{\"requirements\":\"00\",\"python\":\"3.11.7\"}";
                fs::write(place.join(STAMP), other).unwrap();
            },
            &|place| fs::remove_file(interpreter_of(place)).unwrap(),
            &|place| fs::write(interpreter_of(place), "#!/no/such/interpreter\n").unwrap(),
        ];
        for damage in damages {
            let machine = Machine::ordinary();
            machine.find().unwrap();
            let left = machine.place().join("left");
            fs::write(&left, "").unwrap();
            damage(&machine.place());
            assert_eq!(machine.find().unwrap().found, Found::Made);
            assert!(!left.exists());
            assert_eq!(machine.log(), "venv\npip\nvenv\npip\n");
        }
    }

    #[test]
    fn two_runs_at_once_make_it_once() {
        // The first goes on when the second waits for it.
        let slow = r#"echo pip >> "$log"
            for i in $(seq 600); do test -e "$log.waiting" && exit; sleep 0.1; done; exit 1"#;
        let machine = Machine::with(&[("python3", Machine::maker(VENV, slow))]);
        let mut found = thread::scope(|scope| {
            let runs = [scope.spawn(|| machine.find()), scope.spawn(|| machine.find())];
            runs.map(|run| run.join().unwrap().unwrap().found.id())
        });
        found.sort_unstable();
        assert_eq!(found, ["kept", "made"]);
        assert_eq!(machine.log(), "venv\npip\n");
        let waiting = "waiting for another run that makes the environment";
        assert!(machine.told.lock().unwrap().contains(&Told::Step(waiting.to_owned())));
    }

    #[test]
    fn what_stops_an_installation_is_said_and_removed() {
        let cases: [(&str, &[&str]); 6] = [
            (
                "echo \"WARNING: Retrying (Retry(total=0)) after 'NewConnectionError'\" >&2
                 echo 'ERROR: No matching distribution found for cloudpickle==3.1.3' >&2; exit 1",
                &["cannot be downloaded; connect this machine", "found for cloudpickle==3.1.3"],
            ),
            (
                "echo 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left \
                 on device' >&2; exit 1",
                &["the disk is full; free some space", "DEADWEIGHT_CACHE"],
            ),
            (
                "echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES'; for i in $(seq 30); do
                 echo '     Expected     or 12'; done; echo '     Got        34'; exit 1",
                &["is not the one that was pinned", "Got        34"],
            ),
            (
                "echo 'ERROR: No matching distribution found for numpy==2.4.6'; exit 1",
                &["has no wheel for this machine", "--python PATH"],
            ),
            ("echo 'No module named pip'; exit 1", &["or run again", "No module named pip"]),
            ("kill -9 $$", &["installing packages failed"]),
        ];
        for (pip, parts) in cases {
            let machine = Machine::with(&[("python3", Machine::maker(VENV, pip))]);
            let sentence = machine.sentence();
            contains(&sentence, parts);
            contains(&sentence, &[&machine.place().display().to_string()]);
            assert!(!machine.place().exists(), "{sentence}");
        }
    }

    #[test]
    fn a_venv_that_cannot_be_made_names_the_package() {
        let fails = "echo 'The virtual environment was not created successfully because ensurepip is \
                     not available.'; exit 1";
        let machine = Machine::with(&[("python3", Machine::maker(fails, PIP))]);
        contains(&machine.sentence(), &["`apt install python3-venv`", "`python3.11-venv`"]);
        let full = "echo 'OSError: [Errno 28] No space left on device' >&2; exit 1";
        let machine = Machine::with(&[("python3", Machine::maker(full, PIP))]);
        contains(&machine.sentence(), &["the disk is full"]);
    }

    #[test]
    fn an_optional_package_without_a_wheel_is_left_out() {
        let pip = r#"if grep -q ^onnxruntime "$last"; then
            echo "ERROR: No matching distribution found for onnxruntime==1.32.0" >&2; exit 1; fi
            cp "$last" "$log.pins""#;
        let machine = Machine::with(&[("python3", Machine::maker(VENV, pip))]);
        machine.find().unwrap();
        let text = fs::read_to_string(machine.directory.path().join("log.pins")).unwrap();
        let all = pins(REQUIREMENTS[0].text);
        let expected: String = all.filter(|pin| name_of(pin) != "onnxruntime").collect();
        assert_eq!(text, expected);
        let step = "onnxruntime has no wheel for this machine and is left out";
        assert!(machine.told.lock().unwrap().contains(&Told::Step(step.to_owned())));
    }

    #[test]
    fn the_first_interpreter_that_can_is_the_base() {
        let machine = Machine::with(&[
            ("python3", Machine::of("3.8.18", true)),
            ("python3.14", Machine::of("3.14.0", false)),
            ("python3.10", Machine::of("3.10.13", true)),
            ("python3.9", Machine::of("3.9.18", true)),
        ]);
        let python = machine.find().unwrap();
        assert_eq!(python.version, "3.10.13");
        assert_eq!(python.executable, interpreter_of(&REQUIREMENTS[1].place(&machine.home())));
    }

    #[test]
    fn without_a_base_the_sentence_says_what_to_install() {
        contains(&Machine::with(&[]).sentence(), &["no python3 is on the search path", "--python"]);
        let machine = Machine::with(&[
            ("python3", Machine::of("3.8.18", true)),
            ("python3.12", Machine::of("3.12.1", false)),
            ("python3.13", Machine::of("3.15.0", true)),
        ]);
        let sentence = machine.sentence();
        contains(
            &sentence,
            &["is Python 3.8.18, and 3.9 or newer is needed", "3.15.0, newer than the pinned"],
        );
        let (venv, old) = (sentence.find("`python3.12-venv`"), sentence.find("3.8.18"));
        assert!(venv.is_some() && venv < old, "{sentence}");
        assert_eq!(machine.log(), "");
    }

    #[test]
    fn a_home_that_cannot_be_written_is_said() {
        let machine = Machine::ordinary();
        fs::write(machine.home(), "a file").unwrap();
        contains(&machine.sentence(), &["could not be made", "set DEADWEIGHT_CACHE to another"]);
    }

    #[test]
    fn home_is_beside_a_program_in_a_target_directory() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("built");
        fs::create_dir_all(&target).unwrap();
        let programs = ["release/deadweight", "some-platform/release/deadweight", "debug/deps/x-1"];
        for program in programs.map(|program| target.join(program)) {
            assert_eq!(target_directory(&program), None);
        }
        fs::write(target.join(".rustc_info.json"), "").unwrap();
        for program in programs.map(|program| target.join(program)) {
            assert_eq!(target_directory(&program), Some(target.clone()), "{program:?}");
        }
        assert_eq!(target_directory(&root.path().join("bin/deadweight")), None);
        // A tag is in every cache, and says nothing of cargo.
        fs::remove_file(target.join(".rustc_info.json")).unwrap();
        fs::write(target.join("CACHEDIR.TAG"), "").unwrap();
        assert_eq!(target_directory(&target.join("release/deadweight")), None);
        // The running test is such a program itself.
        let running = std::env::current_exe().unwrap();
        assert!(home().ends_with("python") && running.starts_with(home().parent().unwrap()));
    }

    #[test]
    #[ignore = "downloads some 100 MB and makes a real environment, with the python3 on the path"]
    fn a_real_environment_has_everything() {
        let directory = tempfile::tempdir().unwrap();
        let around = Surroundings {
            search: std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect(),
            ..Surroundings::default()
        };
        let told = |told: &Told| println!("{told:?}");
        let find = || find_among(&Choice::Auto, &around, directory.path(), &told).unwrap();
        let made = find();
        println!("{made:#?}");
        assert_eq!(made.missing, [""; 0]);
        assert_eq!(find(), Python { found: Found::Kept, ..made });
    }
}

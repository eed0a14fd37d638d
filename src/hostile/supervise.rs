//! Starts limited processes, watches them, and knows at which mutant one died.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::worker::{Event, Job, RUNNING, Work};
use super::{BOUNDS, HostileError};
use crate::base::hostility::Class;

/// How long a process may take to begin: on a busy machine making the valid files takes a while.
const BEGINNING: Duration = Duration::from_secs(60);
/// What took too long is loaded once more, with so many times the time: a busy machine is no hang.
const PATIENCE: u32 = 5;
/// Last words of a process that are read.
const LAST_WORDS: usize = 64 << 10;

/// What a process left behind.
pub struct Left {
    /// A byte for each mutant.
    pub classes: Vec<u8>,
    /// What it told.
    pub events: Vec<Event>,
    /// How it died, if it did: the place in `classes`, the class, its last words.
    pub death: Option<(usize, Class, String)>,
}

/// Runs one job with this program to its end, or to its death.
///
/// # Errors
/// When the process cannot be started, or ends with an error that is no mutant's doing.
pub fn run(program: &Path, job: &Job) -> Result<Left, HostileError> {
    let mut left = once(program, job, 1)?;
    let Some((place, Class::Hang, _)) = left.death else { return Ok(left) };
    let Work::Mutants(from, ..) = job.work else { return Ok(left) };
    let number = from + place as u64;
    let alone = Job { work: Work::Mutants(number, number + 1, number), ..job.clone() };
    let again = once(program, &alone, PATIENCE)?;
    left.classes.truncate(place);
    match (again.death, again.classes.first()) {
        (None, Some(code)) => {
            // It ends: what comes behind it is still to be loaded.
            left.classes.push(*code);
            left.events.extend(again.events);
            left.death = None;
        }
        (death, _) => left.death = death.map(|(_, class, said)| (place, class, said)),
    }
    Ok(left)
}

fn once(program: &Path, job: &Job, patience: u32) -> Result<Left, HostileError> {
    let mut classes = tempfile::tempfile()?;
    let mut words = tempfile::tempfile()?;
    let mut child = Command::new(program)
        .args(["helper", "hostile"])
        // Backtraces would read the program's symbols for each of a thousand deaths.
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(classes.try_clone()?)
        .stderr(words.try_clone()?)
        .spawn()?;
    let written = match child.stdin.take() {
        Some(mut stdin) => {
            serde_json::to_vec(job).map_err(io::Error::from).and_then(|job| stdin.write_all(&job))
        }
        None => Ok(()),
    };
    let ended = watch(&mut child, &classes, patience);
    let (status, hung) = match ended {
        Ok(ended) => ended,
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            return Err(error.into());
        }
    };
    let mut noted = Vec::new();
    classes.rewind()?;
    classes.read_to_end(&mut noted)?;
    let (events, last) = told(&mut words)?;
    let running = noted.iter().position(|class| *class == RUNNING);
    match (running, status.success()) {
        (None, true) => {
            written?;
            Ok(Left { classes: noted, events, death: None })
        }
        (Some(place), false) => {
            let (class, said) = death(status, hung, &last);
            Ok(Left { classes: noted, events, death: Some((place, class, said)) })
        }
        (running, _) => {
            let said = format!("it ended with {status} at {running:?}: {last}");
            Err(io::Error::other(said).into())
        }
    }
}

/// Waits for the end. One that makes no progress for too long is killed; says whether it was.
fn watch(child: &mut Child, classes: &File, patience: u32) -> io::Result<(ExitStatus, bool)> {
    let most = Duration::from_millis(BOUNDS.mutant_millis) * patience;
    let (mut seen, mut since) = ((0, 0), Instant::now());
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, false));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
        let now = progress(classes)?;
        if now != seen {
            (seen, since) = (now, Instant::now());
        } else if since.elapsed() > if seen.0 == 0 { BEGINNING } else { most } {
            child.kill()?;
            return Ok((child.wait()?, true));
        }
    }
}

/// Length of the file of classes and its last byte: they change with each mutant.
fn progress(classes: &File) -> io::Result<(u64, u8)> {
    let length = classes.metadata()?.len();
    Ok((length, if length == 0 { 0 } else { byte_at(classes, length - 1)? }))
}

#[cfg(unix)]
fn byte_at(file: &File, place: u64) -> io::Result<u8> {
    let mut byte = [0];
    std::os::unix::fs::FileExt::read_exact_at(file, &mut byte, place)?;
    Ok(byte[0])
}

/// As for what is written there: changed files are loaded on Unix alone.
#[cfg(not(unix))]
fn byte_at(_: &File, _: u64) -> io::Result<u8> {
    Err(io::Error::other("changed files are loaded on Unix alone"))
}

/// Events, and the last other lines.
fn told(words: &mut File) -> io::Result<(Vec<Event>, String)> {
    let mut text = Vec::new();
    words.rewind()?;
    words.take((LAST_WORDS * 16) as u64).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let (mut events, mut other) = (Vec::new(), Vec::new());
    let telling = |line: &&str| !line.is_empty() && !line.starts_with("note: ");
    for line in text.lines().filter(telling) {
        match serde_json::from_str(line) {
            Ok(event) => events.push(event),
            Err(_) => other.push(line),
        }
    }
    let last = other.get(other.len().saturating_sub(4)..).unwrap_or_default().join("; ");
    Ok((events, last.chars().take(300).collect()))
}

/// The class of a death, and its last words.
fn death(status: ExitStatus, hung: bool, last: &str) -> (Class, String) {
    let class = match class_of_signal(status) {
        _ if hung => Class::Hang,
        Some(Class::Hang) => Class::Hang,
        _ if last.contains("overflowed its stack") => Class::StackOverflow,
        Some(class) => class,
        None => Class::Abort,
    };
    let said = match (hung, last.is_empty()) {
        (true, _) => format!("no end within {} ms", BOUNDS.mutant_millis),
        (_, true) => status.to_string(),
        _ => plain(last),
    };
    (class, said)
}

/// What the signal says that ended it; only Unix has signals that tell.
#[cfg(unix)]
fn class_of_signal(status: ExitStatus) -> Option<Class> {
    match std::os::unix::process::ExitStatusExt::signal(&status)? {
        libc::SIGXCPU | libc::SIGKILL => Some(Class::Hang),
        libc::SIGSEGV | libc::SIGBUS | libc::SIGILL => Some(Class::MemoryFault),
        _ => None,
    }
}

#[cfg(not(unix))]
fn class_of_signal(_: ExitStatus) -> Option<Class> {
    None
}

/// Last words without the number of the thread, which differs each time.
fn plain(last: &str) -> String {
    let mut words: Vec<&str> = last.split(' ').collect();
    words.retain(|word| !(word.starts_with('(') && word.ends_with(')') && word.len() > 2));
    words.join(" ")
}

/// True when this program can be asked for such a process at all.
///
/// # Errors
/// When its file is not there any more.
pub fn check(program: &Path) -> io::Result<()> {
    fs::metadata(program).map(drop)
}

//! What the limited process does: reads a job, loads mutants one after the other, and notes each.
//!
//! Standard output is a file with one byte for each mutant of the job: 0 before it, [`RUNNING`] while
//! it is loaded, its class plus one afterwards. Standard error gets an [`Event`] a line for what is
//! worth telling, and whatever the process says when it dies.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::evolution::registry::CODECS;
use super::judge::{self, Judgement};
use super::plan::Plan;
use super::reader::Reader;
use super::{BOUNDS, HostileError, limited, readers};
use crate::base::hostility::{Change, Class, Column};

/// The byte of a mutant that is being loaded.
pub const RUNNING: u8 = 255;
/// Events of one class that are told; the others are only counted.
const TOLD: u32 = 4;

/// What to load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// Id of the format.
    pub format: String,
    /// Which loader of it.
    pub column: Column,
    /// Seed of the run.
    pub seed: u64,
    /// The files.
    pub work: Work,
}

/// Which files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// The mutants from the first number on, up to the second one, which is not among them. The file
    /// of classes begins at the third.
    Mutants(u64, u64, u64),
    /// These files in base64, changes of the mutant of this number; the first one that ends in this
    /// class is the last that is loaded.
    Files(u64, Vec<String>, Class),
    /// What readers of two versions of a type make of each other's files; the format is the id of a
    /// codec. True where the old one reads what the new one writes.
    Versions(Change, bool),
}

/// Something worth telling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Number of the mutant, or place of the file.
    pub mutant: u64,
    /// How it ended.
    pub class: Class,
    /// What was being done.
    pub phase: String,
    /// What was said.
    pub message: String,
    /// True where validation refuses what is silently wrong.
    pub refused: bool,
}

/// The byte of a class.
pub fn code(class: Class, refused: bool) -> u8 {
    let place = Class::ALL.iter().position(|other| *other == class).unwrap_or_default();
    place as u8 + 1 + if refused { REFUSED } else { 0 }
}

/// Added to the byte of what is silently wrong and refused by validation.
const REFUSED: u8 = 100;

/// The class of a byte, and whether validation refused; `None` where no class was noted.
pub fn class_of(code: u8) -> Option<(Class, bool)> {
    let (code, refused) = match code {
        RUNNING | 0 => return None,
        code if code > REFUSED => (code - REFUSED, true),
        code => (code, false),
    };
    Class::ALL.get(usize::from(code) - 1).map(|class| (*class, refused))
}

/// Does one job: reads it from standard input, enters the limits, and loads.
///
/// # Errors
/// When the job cannot be read, the limits not be set, or the file of classes not be written.
pub fn run() -> Result<(), HostileError> {
    let job: Job = serde_json::from_reader(io::stdin().lock())?;
    let classes = own_output()?;
    judge::remember_panics();
    // A thread of its own: with the stack that threads get, not that of the first one.
    let thread = std::thread::Builder::new()
        .name("load".into())
        .stack_size(BOUNDS.stack_bytes as usize)
        .spawn(move || -> Result<(), HostileError> {
            if let Work::Versions(change, old_reads_new) = job.work {
                return versions(&job.format, change, old_reads_new, &classes);
            }
            let reader = readers::find(&job.format, job.column)?;
            let plan = Plan::of(&*reader, job.seed)?;
            limited::enter(&BOUNDS)?;
            match &job.work {
                Work::Mutants(from, to, first) => {
                    mutants(&*reader, &plan, &classes, [*from, *to, *first])
                }
                Work::Files(mutant, files, until) => {
                    let holds = plan.mutant(*mutant).map(|mutant| mutant.seed);
                    let seed = holds.unwrap_or_default();
                    each_file(&*reader, &plan, seed, &classes, files, *until)
                }
                Work::Versions(..) => Ok(()),
            }
        })?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the loading thread panicked").into()))
}

#[cfg(unix)]
fn own_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(not(unix))]
fn own_output() -> io::Result<File> {
    Err(io::Error::other("changed files are loaded on Unix alone"))
}

#[cfg(unix)]
fn note(classes: &File, place: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(classes, bytes, place)
}

#[cfg(not(unix))]
fn note(_: &File, _: u64, _: &[u8]) -> io::Result<()> {
    Err(io::Error::other("changed files are loaded on Unix alone"))
}

fn mutants(
    reader: &dyn Reader,
    plan: &Plan,
    classes: &File,
    [from, to, first]: [u64; 3],
) -> Result<(), HostileError> {
    let mut told = Told::default();
    note(classes, from - first, &[RUNNING])?;
    for number in from..to {
        let Some(mutant) = plan.mutant(number) else { break };
        let judgement = judge::judge(reader, mutant.bytes, plan.holds(mutant.seed));
        let code = code(judgement.class, judgement.refused_by_validation);
        // What was noted and what begins, in one write: half the calls.
        let next = [code, RUNNING];
        let noted = if number + 1 < to { &next[..] } else { &next[..1] };
        note(classes, number - first, noted)?;
        told.tell(number, judgement)?;
    }
    Ok(())
}

fn each_file(
    reader: &dyn Reader,
    plan: &Plan,
    seed: usize,
    classes: &File,
    files: &[String],
    until: Class,
) -> Result<(), HostileError> {
    let mut told = Told::default();
    for (place, file) in files.iter().enumerate() {
        note(classes, place as u64, &[RUNNING])?;
        let bytes = STANDARD.decode(file).map_err(io::Error::other)?;
        let judgement = judge::judge(reader, bytes, plan.holds(seed));
        let class = judgement.class;
        note(classes, place as u64, &[code(class, judgement.refused_by_validation)])?;
        if class == until {
            told.tell(place as u64, judgement)?;
            break;
        }
    }
    Ok(())
}

fn versions(
    codec: &str,
    change: Change,
    old_reads_new: bool,
    classes: &File,
) -> Result<(), HostileError> {
    let codec = CODECS.iter().find(|known| known.id == codec).ok_or_else(|| {
        HostileError::Unknown { format: codec.to_owned(), column: "evolution".into() }
    })?;
    limited::enter(&BOUNDS)?;
    note(classes, 0, &[RUNNING])?;
    let reading = (codec.read)(change, old_reads_new);
    let event = Event {
        mutant: 0,
        class: Class::Equal,
        phase: "decode".into(),
        message: serde_json::to_string(&reading)?,
        refused: false,
    };
    serde_json::to_writer(io::stderr().lock(), &event)?;
    Ok(note(classes, 0, &[code(Class::Equal, false)])?)
}

/// Events are told a few times each: a file that is wrong in a million ways is still one story.
#[derive(Default)]
struct Told(BTreeMap<(Class, String), u32>);

impl Told {
    fn tell(&mut self, mutant: u64, judgement: Judgement) -> io::Result<()> {
        if judgement.class <= Class::Equal {
            return Ok(());
        }
        let key = match judgement.class {
            // Differences are as many as there are files.
            Class::SilentWrong | Class::OverAllocation => String::new(),
            _ => signature(&judgement.message),
        };
        let times = self.0.entry((judgement.class, key)).or_default();
        *times += 1;
        if *times > TOLD {
            return Ok(());
        }
        let event = Event {
            mutant,
            class: judgement.class,
            phase: judgement.phase.to_owned(),
            message: judgement.message.chars().take(400).collect(),
            refused: judgement.refused_by_validation,
        };
        let mut line = serde_json::to_vec(&event)?;
        line.push(b'\n');
        io::stderr().lock().write_all(&line)
    }
}

/// A message without its numbers: by it, panics in one place of a crate are one.
pub fn signature(message: &str) -> String {
    // From the place on, numbers are lines.
    let (said, place) = message.rsplit_once(" at ").unwrap_or((message, ""));
    let plain: String = said.chars().filter(|c| !c.is_ascii_digit()).take(80).collect();
    match place.is_empty() {
        true => plain,
        false => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_survive_as_bytes() {
        for class in Class::ALL {
            assert_eq!(class_of(code(class, false)), Some((class, false)));
            assert_eq!(class_of(code(class, true)), Some((class, true)));
        }
        assert_eq!((class_of(0), class_of(RUNNING)), (None, None));
    }

    #[test]
    fn one_place_is_one_panic() {
        let (a, b) = ("index 7 at arrow-60/src/a.rs:12", "index 9 at arrow-60/src/a.rs:12");
        assert_eq!(signature(a), signature(b));
        assert_ne!(signature(a), signature("index 7 at arrow-60/src/a.rs:13"));
    }
}

//! Asks a helper process for one load. Nothing here clones, filters or changes the process that it
//! is called in, so a program with many threads may call it.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::request::Request;
use crate::base::detonation::Detonation;

/// What the supervisor needs beside the load itself.
const MARGIN: Duration = Duration::from_secs(20);
/// Longest record that is read.
const MAX_RECORD: u64 = 64 << 20;

/// Loads a file in the helper, which is this product's own program.
///
/// Whatever goes wrong, nothing is loaded without a supervisor: the record then says `not-run`.
pub fn detonate(helper: &Path, request: &Request) -> Detonation {
    let path = request.path.to_string_lossy().into_owned();
    match ask(helper, request) {
        Ok(mut detonation) => {
            detonation.path = path;
            detonation
        }
        Err(problem) => Detonation::not_run(&path, request.mode, &request.loader, problem),
    }
}

fn ask(helper: &Path, request: &Request) -> Result<Detonation, String> {
    let job = serde_json::to_vec(request).map_err(|error| error.to_string())?;
    let mut child = Command::new(helper)
        .args(["helper", "load"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the helper cannot be started: {error}"))?;
    let (Some(mut input), Some(output), Some(errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err("the helper has no pipes".into());
    };
    let answer = thread::spawn(move || read(output));
    let complaint = thread::spawn(move || read(errors));
    // A helper that does not read has died, and its words follow.
    let _ = input.write_all(&job);
    drop(input);
    let deadline = Instant::now() + Duration::from_millis(request.limits.wall_millis) + MARGIN;
    let mut pause = Duration::from_micros(500);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if Instant::now() < deadline => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(5));
            }
            Ok(None) | Err(_) => {
                // The loader goes with its supervisor.
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
        }
    };
    let answer = answer.join().unwrap_or_default();
    let complaint = complaint.join().unwrap_or_default();
    let Some(status) = status else {
        return Err("the supervisor hung, and was ended with all that it had started".into());
    };
    serde_json::from_slice(&answer).map_err(|_| {
        let words = String::from_utf8_lossy(&complaint);
        let words = match (words.trim(), status.code()) {
            // So the kernel ends a program that cannot be laid out in the memory that it may have.
            ("", None) => "a limit of memory that is too low for it does that",
            (words, _) => words,
        };
        format!(
            "the supervisor ended with {status} and no record{}{words}",
            if words.is_empty() { "" } else { ": " }
        )
    })
}

fn read(from: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What is cut off is no record, which is said.
    let _ = from.take(MAX_RECORD).read_to_end(&mut bytes);
    bytes
}

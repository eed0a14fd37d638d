//! One program run to its end, within limits of time and of output.
//!
//! For questions to an interpreter that may not be one, and for making an environment: nothing it
//! does can hang or fill this process. What it printed comes back; nothing reaches the terminal.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::base::system;

/// Longest piece that is handed on as one line.
const MAX_LINE_BYTES: u64 = 8 << 10;
/// Last lines that are kept of each stream.
const TAIL_LINES: usize = 12;
/// How often the end of the program is looked for.
const TICK: Duration = Duration::from_millis(20);
/// How long output is awaited after the end: something it started may still hold the pipe.
const GRACE: Duration = Duration::from_secs(1);

/// What a program may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From its start to its end.
    pub time: Duration,
    /// Bytes on standard output and standard error together.
    pub bytes: usize,
    /// Whether it gets a process group of its own, so that all it started ends with it, where the
    /// system has such groups. Ctrl-C at the terminal then reaches this process alone.
    pub group: bool,
}

/// A program that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub output: String,
    /// The last lines that are not empty: of standard output, then of standard error.
    pub tail: Vec<String>,
}

/// Why a program did not come to its end.
#[derive(Debug, Error)]
pub enum Failure {
    /// It could not be started.
    #[error("it cannot be started: {0}")]
    Start(#[from] io::Error),
    /// It was stopped, as it took too long.
    #[error("it did not end within {} s and was stopped", .0.as_secs())]
    Time(Duration),
    /// It was stopped, as it printed too much.
    #[error("it printed more than {0} bytes and was stopped")]
    Output(usize),
}

/// Runs `command` to its end; `line` is called with each line of standard output.
///
/// # Errors
/// [`Failure`] when it cannot be started or goes beyond a limit; it is then killed.
pub fn run(
    mut command: Command,
    limits: Limits,
    mut line: impl FnMut(&str),
) -> Result<Finished, Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if limits.group {
        system::set_own_group(&mut command);
    }
    let mut child = command.spawn()?;
    // Bounded, so that a program which floods its output waits for us.
    let (sender, lines) = sync_channel(64);
    if let Some(output) = child.stdout.take() {
        spawn_reader(output, true, sender.clone());
    }
    if let Some(errors) = child.stderr.take() {
        spawn_reader(errors, false, sender);
    }
    let start = Instant::now();
    let (mut bytes, mut output) = (0, String::new());
    let mut tails = [VecDeque::new(), VecDeque::new()];
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let mut closed = false;
    loop {
        match lines.recv_timeout(TICK) {
            Ok((of_output, text)) => {
                bytes += text.len();
                if bytes > limits.bytes {
                    kill(&mut child, limits.group);
                    return Err(Failure::Output(limits.bytes));
                }
                if of_output {
                    line(text.trim_end());
                    output.push_str(&text);
                }
                if !text.trim().is_empty() {
                    let [of_errors, of_outputs] = &mut tails;
                    let tail = if of_output { of_outputs } else { of_errors };
                    tail.push_back(text.trim_end().to_owned());
                    tail.drain(..tail.len().saturating_sub(TAIL_LINES));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                closed = true;
                thread::sleep(TICK);
            }
        }
        if ended.is_none() {
            ended = child.try_wait()?.map(|status| (status, Instant::now()));
        }
        match ended {
            Some((status, at)) if closed || at.elapsed() > GRACE => {
                if !closed && limits.group {
                    system::end_group(&mut child);
                }
                let [of_errors, of_outputs] = tails;
                let tail = of_outputs.into_iter().chain(of_errors).collect();
                return Ok(Finished { status, output, tail });
            }
            None if start.elapsed() > limits.time => {
                kill(&mut child, limits.group);
                return Err(Failure::Time(limits.time));
            }
            _ => {}
        }
    }
}

fn spawn_reader(
    stream: impl Read + Send + 'static,
    of_output: bool,
    sender: SyncSender<(bool, String)>,
) {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            match reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    if sender.send((of_output, text)).is_err() {
                        return;
                    }
                }
            }
        }
    });
}

/// A child that has ended already is no failure here.
fn kill(child: &mut Child, group: bool) {
    if group {
        system::end_group(child);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn limits(millis: u64) -> Limits {
        Limits { time: Duration::from_millis(millis), bytes: 100_000, group: true }
    }

    #[test]
    fn output_lines_tail_and_status_come_back() {
        let mut seen = Vec::new();
        let script = "for i in $(seq 20); do echo line $i; done; echo; echo wrong >&2; exit 3";
        let finished = run(shell(script), limits(20_000), |line| seen.push(line.to_owned()));
        let finished = finished.unwrap();
        assert_eq!(finished.status.code(), Some(3));
        assert_eq!(seen.len(), 21);
        assert!(finished.output.starts_with("line 1\nline 2\n"), "{}", finished.output);
        let expected = (9..=20).map(|i| format!("line {i}")).chain(["wrong".to_owned()]);
        assert_eq!(finished.tail, expected.collect::<Vec<_>>());
    }

    #[test]
    fn what_hangs_is_ended_with_everything_it_started() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let beats =
            format!("while :; do echo >> {}; sleep 0.02; done & wait", file.path().display());
        let start = Instant::now();
        let failure = run(shell(&beats), limits(2_000), |_| ()).unwrap_err();
        assert!(matches!(failure, Failure::Time(_)), "{failure}");
        assert!(start.elapsed() < Duration::from_secs(20));
        let length = || std::fs::metadata(file.path()).unwrap().len();
        // What the signal found at work may still finish its line.
        thread::sleep(Duration::from_millis(100));
        let before = length();
        assert!(before > 0, "it never ran");
        thread::sleep(Duration::from_millis(300));
        assert_eq!(length(), before, "what it started still runs");
    }

    #[test]
    fn a_flood_is_stopped() {
        let failure = run(shell("while :; do echo yes; done"), limits(60_000), |_| ()).unwrap_err();
        assert!(matches!(failure, Failure::Output(100_000)), "{failure}");
        // One line without an end is a flood as well.
        let endless = run(shell("cat /dev/zero"), limits(60_000), |_| ()).unwrap_err();
        assert!(matches!(endless, Failure::Output(100_000)), "{endless}");
    }

    #[test]
    fn a_pipe_that_outlives_the_program_does_not_hold_us_up() {
        let start = Instant::now();
        let finished = run(shell("sleep 60 & echo done"), limits(50_000), |_| ()).unwrap();
        assert_eq!(finished.output, "done\n");
        assert!(start.elapsed() < Duration::from_secs(40));
    }

    #[test]
    fn what_is_not_there_cannot_be_started() {
        let failure = run(Command::new("./no-such-program"), limits(1_000), |_| ()).unwrap_err();
        assert!(matches!(failure, Failure::Start(_)), "{failure}");
    }
}

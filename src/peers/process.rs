//! A Python process that answers one line of JSON for each line of JSON.
//!
//! It is started with the text of a script of ours, sees nothing but what we made, and is never
//! trusted to answer: each question has a time limit, an answer has a largest length, and a process
//! that dies, hangs or answers something else is ended and named with the last lines of its
//! standard error.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};
use thiserror::Error;

/// Longest line that a process may answer.
const MAX_ANSWER_BYTES: u64 = 64 << 20;
/// Lines of standard error that are kept.
const KEPT_LINES: usize = 12;
/// Longest of them.
const KEPT_LINE_BYTES: usize = 300;
/// How long a process that was asked to end may take for it.
const END_TIME: Duration = Duration::from_secs(2);

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeerError {
    /// It could not do what it was asked, and goes on.
    #[error("{0}")]
    Refused(String),
    /// It is gone: died, hung or answered something else.
    #[error("{0}")]
    Gone(String),
}

/// A running process.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<Option<String>>,
    errors: Arc<Mutex<VecDeque<String>>>,
    listener: Option<thread::JoinHandle<()>>,
    asked: u64,
}

impl Process {
    /// Starts `python` on the text of a script.
    ///
    /// # Errors
    /// [`PeerError::Gone`] when it cannot be started.
    pub fn start(python: &Path, script: &str) -> Result<Self, PeerError> {
        let mut child = Command::new(python)
            .args(["-I", "-B", "-u", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // One thread, as on the other side; and no colours or questions in what libraries print.
            .envs(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"].map(|n| (n, "1")))
            .envs([("NO_COLOR", "1"), ("TERM", "dumb")])
            .spawn()
            .map_err(|error| PeerError::Gone(format!("Python cannot be started: {error}")))?;
        let input = child.stdin.take();
        let (sender, answers) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                let mut output = BufReader::new(output);
                loop {
                    let line = read_line(&mut output);
                    let last = line.is_none();
                    if sender.send(line).is_err() || last {
                        return;
                    }
                }
            });
        }
        let errors = Arc::new(Mutex::new(VecDeque::new()));
        let listener = child.stderr.take().map(|output| {
            let errors = errors.clone();
            thread::spawn(move || keep_last_lines(output, &errors))
        });
        Ok(Process { child, input, answers, errors, listener, asked: 0 })
    }

    /// Asks `operation` with more members, and waits at most so long for the answer.
    ///
    /// # Errors
    /// [`PeerError::Refused`] when it says why it cannot; [`PeerError::Gone`] when it is of no use
    /// any more.
    pub fn ask(
        &mut self,
        operation: &str,
        mut request: Map<String, Value>,
        limit: Duration,
    ) -> Result<Map<String, Value>, PeerError> {
        self.asked += 1;
        request.insert("id".to_owned(), json!(self.asked));
        request.insert("op".to_owned(), json!(operation));
        let mut line = Value::Object(request).to_string();
        line.push('\n');
        let sent = self.input.as_mut().map(|input| input.write_all(line.as_bytes()));
        if !matches!(sent, Some(Ok(()))) {
            return Err(self.gone(operation, "ended before it was asked"));
        }
        let answer = match self.answers.recv_timeout(limit) {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(RecvTimeoutError::Disconnected) => {
                return Err(self.gone(operation, "ended without an answer"));
            }
            Err(RecvTimeoutError::Timeout) => {
                let what = format!("did not answer within {} s", limit.as_secs_f64());
                return Err(self.gone(operation, &what));
            }
        };
        let Ok(Value::Object(mut answer)) = serde_json::from_str(&answer) else {
            return Err(self.gone(operation, "answered what is no JSON object"));
        };
        if answer.get("id") != Some(&json!(self.asked)) {
            return Err(self.gone(operation, "answered another question"));
        }
        match (answer.remove("ok"), answer.remove("error")) {
            (Some(Value::Bool(true)), _) => Ok(answer),
            (Some(Value::Bool(false)), Some(Value::String(error))) => {
                Err(PeerError::Refused(error))
            }
            _ => Err(self.gone(operation, "answered neither with success nor with a reason")),
        }
    }

    /// The last lines of its standard error.
    pub fn complaints(&self) -> Vec<String> {
        self.errors.lock().map(|errors| errors.iter().cloned().collect()).unwrap_or_default()
    }

    /// Ends it and says what happened.
    fn gone(&mut self, operation: &str, what: &str) -> PeerError {
        self.end(Duration::from_millis(200));
        // Its last words are on their way; a child of its own may keep the pipe open for longer.
        for _ in 0..20 {
            if self.listener.as_ref().is_none_or(thread::JoinHandle::is_finished) {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let status = match self.child.try_wait() {
            Ok(Some(status)) => format!(" ({status})"),
            _ => String::new(),
        };
        let said = self.complaints().last().map(|line| format!(": {line}")).unwrap_or_default();
        PeerError::Gone(format!("Python {what} at {operation:?}{status}{said}"))
    }

    fn end(&mut self, patience: Duration) {
        self.input = None;
        let pauses = patience.as_millis() / 10;
        for _ in 0..pauses {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Without its input it ends by itself.
        self.end(END_TIME);
    }
}

/// A line of at most [`MAX_ANSWER_BYTES`]; `None` at the end, or when it is longer or no text.
fn read_line(output: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let read = output.take(MAX_ANSWER_BYTES).read_until(b'\n', &mut line).ok()?;
    (read > 0 && line.last() == Some(&b'\n')).then(|| String::from_utf8(line).ok())?
}

fn keep_last_lines(output: impl Read, kept: &Mutex<VecDeque<String>>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        // What has no ends of lines comes in pieces.
        let limit = 64 * KEPT_LINE_BYTES as u64;
        match output.by_ref().take(limit).read_until(b'\n', &mut line) {
            Ok(1..) => {}
            _ => return,
        }
        let text = String::from_utf8_lossy(&line);
        let text: String = text.trim_end().chars().take(KEPT_LINE_BYTES).collect();
        if let Ok(mut kept) = kept.lock()
            && !text.is_empty()
        {
            if kept.len() == KEPT_LINES {
                kept.pop_front();
            }
            kept.push_back(text);
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    /// A program in place of Python: it gets the same arguments and answers as it likes.
    fn fake(dir: &Path, body: &str) -> PathBuf {
        let path = dir.join("python");
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        path
    }

    fn answer(body: &str, limit: Duration) -> Result<Map<String, Value>, PeerError> {
        let dir = tempfile::tempdir().unwrap();
        let mut process = Process::start(&fake(dir.path(), body), "")?;
        process.ask("run", Map::new(), limit)
    }

    const LONG: Duration = Duration::from_secs(20);

    fn gone(body: &str, limit: Duration) -> String {
        match answer(body, limit) {
            Err(PeerError::Gone(reason)) => reason,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn an_answer_and_a_refusal_come_through() {
        let good =
            answer(r#"read x; echo '{"id": 1, "ok": true, "nanos": 7}'; read y"#, LONG).unwrap();
        assert_eq!(good.get("nanos"), Some(&json!(7)));
        let no = answer(r#"read x; echo '{"id": 1, "ok": false, "error": "no"}'; read y"#, LONG);
        assert_eq!(no, Err(PeerError::Refused("no".to_owned())));
    }

    #[test]
    fn who_dies_hangs_or_talks_nonsense_is_named_with_its_last_words() {
        let died = gone("read x; echo first >&2; echo no memory >&2; exit 3", LONG);
        assert!(died.contains("ended without an answer") && died.contains("no memory"), "{died}");
        let hung = gone("read x; exec sleep 60", Duration::from_millis(300));
        assert!(hung.contains("did not answer within 0.3 s"), "{hung}");
        for nonsense in
            ["echo hello", "echo '[1]'", r#"echo '{"id": 2, "ok": true}'"#, r#"echo '{"id": 1}'"#]
        {
            let reason = gone(&format!("read x; {nonsense}; read y"), LONG);
            assert!(reason.contains("answered"), "{reason}");
        }
        let missing = Process::start(Path::new("/nowhere/python"), "").err().unwrap();
        assert!(missing.to_string().contains("cannot be started"), "{missing}");
    }
}

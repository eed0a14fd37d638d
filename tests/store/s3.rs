//! The tests of any backend once more, on S3 as moto serves it on this machine.
//!
//! `scripts/provision_moto` makes the environment that moto runs in. Without it this is skipped with a word;
//! where `DEADWEIGHT_REQUIRE_S3` is set, it fails. The cargo feature `s3` is on in all tests.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::support::{URL, file, wide};

/// A server that ends with the test.
struct Moto {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Moto {
    /// What a client needs to know: the address, credentials, and a cache of its own.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let cache = self.folder.path().join("cache").to_str().unwrap().to_owned();
        vec![
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("DEADWEIGHT_CACHE", cache),
        ]
    }

    /// The lines of its log with all of these words: one line a request that was answered.
    fn answered(&self, words: &[&str]) -> usize {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        log.lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request(port: u16, method: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// The server; `None`, with a word, where there is none and none is required.
fn moto() -> Option<Moto> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/moto/bin/moto_server");
    if !program.exists() {
        let missing = "there is no moto_server; scripts/provision_moto makes it";
        match std::env::var_os("DEADWEIGHT_REQUIRE_S3") {
            Some(_) => panic!("{missing}"),
            None => eprintln!("skipped: {missing}"),
        }
        return None;
    }
    // Free now; whoever takes it meanwhile makes the test fail, not pass.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = TempDir::new().unwrap();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let child = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let moto = Moto { child, port, folder };
    let until = Instant::now() + Duration::from_secs(120);
    while Instant::now() < until {
        if request(port, "PUT", "/models").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
        {
            return Some(moto);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("moto did not begin to serve within two minutes");
}

#[test]
fn s3_keeps_what_a_directory_keeps() {
    if std::env::var_os(URL).is_some() {
        return;
    }
    let Some(moto) = moto() else { return };
    // A process of its own: credentials come from the environment, which is one for all tests.
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["any_backend::", "--test-threads", "2"])
        .env(URL, "s3://models/tests")
        .envs(moto.environment())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("running 0 tests"));
}

/// A store on the server, by the program.
struct Client<'a> {
    moto: &'a Moto,
    model: PathBuf,
}

impl Client<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deadweight"));
        command.args(["store", "--store", "s3://models/uploads"]).args(arguments);
        command.envs(self.moto.environment()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn put(&self) -> Command {
        self.command(&["put", self.model.to_str().unwrap(), "--name", "large"])
    }

    /// The lines of the one journal, once it has as many as asked for; none where there is no journal.
    fn journal(&self, lines: usize) -> Vec<Value> {
        let folder = self.moto.folder.path().join("cache/uploads");
        let files = std::fs::read_dir(folder).into_iter().flatten();
        let text = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let text = text.collect::<String>();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let found: Vec<Value> = whole.map(|line| serde_json::from_str(line).unwrap()).collect();
        if found.len() >= lines { found } else { Vec::new() }
    }

    /// Puts, and kills the writer when the backend has acknowledged two parts; what its journal says.
    fn killed(&self) -> Vec<Value> {
        let mut child = self.put().spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(120);
        while self.journal(3).is_empty() {
            assert!(Instant::now() < until && child.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success(), "it was done before it was killed");
        self.journal(3)
    }
}

/// Parts of 8 MiB that the model of [`an_upload_goes_on_where_it_was_killed`] has, all but a short last one.
const PARTS: usize = 15;

#[test]
fn an_upload_goes_on_where_it_was_killed() {
    let Some(moto) = moto() else { return };
    for (seed, is_ended) in [(1.0, false), (2.0, true)] {
        let model = file(moto.folder.path(), "large.dw", &wide(PARTS << 23, seed));
        let client = Client { moto: &moto, model };
        let journal = client.killed();
        let upload = journal[0]["upload"].as_str().unwrap();
        let place = journal[0]["plan"]["place"].as_str().unwrap();
        let acknowledged: Vec<u64> =
            journal[1..].iter().map(|line| line["part"].as_u64().unwrap()).collect();
        assert!(acknowledged.len() >= 2 && acknowledged.len() < PARTS, "{acknowledged:?}");
        if is_ended {
            // As a rule of the bucket does with uploads that nobody completes.
            let upload = upload.replace('/', "%2F");
            let path = format!("/models/uploads/{place}?uploadId={upload}");
            end_upload(&moto, &path);
        }
        let output = client.put().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(client.journal(1).is_empty(), "what is over has no journal");
        // Begun once, and once more where the first upload was ended from outside.
        let uploads = 1 + usize::from(is_ended);
        assert_eq!(moto.answered(&["POST", place, "?uploads"]), uploads);
        for part in 0..=PARTS as u64 {
            let number = format!("partNumber={}&", part + 1);
            let sent = moto.answered(&["PUT", place, &number, "\" 200 "]);
            match acknowledged.contains(&part) {
                true => assert_eq!(sent, uploads, "part {part} was acknowledged"),
                // One that was on its way may have come through.
                false => assert!((1..=2).contains(&sent), "part {part}: {sent}"),
            }
        }
        let output = client.command(&["verify"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let client = Client { moto: &moto, model: PathBuf::new() };
    let output = client.command(&["list", "large", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed["versions"].as_array().unwrap().len(), 2, "{listed}");
}

/// The server fails where a part of the killed client comes in just then; it is asked until the upload is gone.
fn end_upload(moto: &Moto, path: &str) {
    let mut answer = request(moto.port, "DELETE", path).unwrap();
    for _ in 0..20 {
        if !answer.starts_with("HTTP/1.1 500") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        answer = request(moto.port, "DELETE", path).unwrap();
        if answer.starts_with("HTTP/1.1 404") {
            return;
        }
    }
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_blob_larger_than_memory_goes_through_s3() {
    let Some(moto) = moto() else { return };
    super::memory::goes_in_and_comes_out("s3://models/memory", &moto.environment());
}

#[test]
fn a_backend_that_was_left_out_is_named() {
    use deadweight::store::{Store, StoreError};
    for (url, feature, built) in [
        ("s3://bucket/x", "s3", cfg!(feature = "s3")),
        ("gs://bucket/x", "gcs", cfg!(feature = "gcs")),
        ("az://container/x", "azure", cfg!(feature = "azure")),
    ] {
        if !built {
            let error = Store::open(url).err().unwrap();
            assert!(matches!(error, StoreError::Feature { .. }));
            assert!(error.to_string().contains(&format!("{feature:?}")), "{error}");
        }
    }
    for url in ["ftp://x/y", "file://x", ""] {
        assert!(matches!(Store::open(url), Err(StoreError::Url { .. })), "{url}");
    }
}

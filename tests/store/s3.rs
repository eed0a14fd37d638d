//! The tests of any backend once more, on S3 as moto serves it on this machine.
//!
//! `scripts/provision_moto` makes the environment that moto runs in. Without it this is skipped with a word;
//! where `DEADWEIGHT_REQUIRE_S3` is set, it fails. The cargo feature `s3` is on in all tests.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::support::URL;

/// A server that ends with the test.
struct Moto {
    child: Child,
    port: u16,
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

fn moto(program: &Path) -> Moto {
    // Free now; whoever takes it meanwhile makes the test fail, not pass.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let moto = Moto { child, port };
    let until = Instant::now() + Duration::from_secs(120);
    while Instant::now() < until {
        if request(port, "PUT", "/models").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
        {
            return moto;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("moto did not begin to serve within two minutes");
}

#[test]
fn s3_keeps_what_a_directory_keeps() {
    let missing = |what: &str| match std::env::var_os("DEADWEIGHT_REQUIRE_S3") {
        Some(_) => panic!("{what}"),
        None => eprintln!("skipped: {what}"),
    };
    if std::env::var_os(URL).is_some() {
        return;
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/moto/bin/moto_server");
    if !program.exists() {
        return missing("there is no moto_server; scripts/provision_moto makes it");
    }
    let moto = moto(&program);
    let endpoint = format!("http://127.0.0.1:{}", moto.port);
    // A process of its own: credentials come from the environment, which is one for all tests.
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["any_backend::", "--test-threads", "2"])
        .env(URL, "s3://models/tests")
        .env("AWS_ENDPOINT", &endpoint)
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("running 0 tests"));
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

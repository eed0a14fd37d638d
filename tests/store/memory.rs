//! Memory: a blob several times larger than all that a process may take goes in and comes out.

#![cfg(target_os = "linux")]

use std::process::{Command, Output};

use serde_json::Value;

use super::support::{file, place, wide};

/// What a process may take for data: since Linux 4.7 every private mapping that can be written counts, and
/// files that are mapped to be read do not.
const LIMIT: usize = 80 << 20;
const BLOB: usize = 4 * LIMIT;

/// Runs a subcommand of `store` with the limit.
fn limited(url: &str, environment: &[(&str, String)], arguments: &[&str]) -> Output {
    let script = format!("ulimit -d {} && exec \"$0\" \"$@\"", LIMIT >> 10);
    Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_deadweight"), "store", "--store", url])
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap()
}

/// Puts and gets the blob, and tries what needs all of it in memory, which must fail: the limit is one.
pub fn goes_in_and_comes_out(url: &str, environment: &[(&str, String)]) {
    let folder = tempfile::tempdir().unwrap();
    let model = file(folder.path(), "large.dw", &wide(BLOB, 1.0));
    let target = folder.path().join("large.safetensors");
    let [model, target] = [&model, &target].map(|path| path.to_str().unwrap());
    let run = |arguments: &[&str]| limited(url, environment, arguments);
    let document = |output: Output| -> Value {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let put = document(run(&["put", model, "--name", "large", "--json"]));
    let blob = &put["blobs"][0];
    assert!(blob["size"].as_u64().unwrap() >= BLOB as u64, "{blob}");
    // Read and compared, and not sent again.
    let again = document(run(&["put", model, "--name", "large", "--json"]));
    assert_eq!((&again["blobs"][0], &again["version"]), (blob, &2.into()));
    let got = document(run(&["get", "large", "--output", target, "--json"]));
    assert_eq!(got["sha256"], blob["sha256"]);
    let found = deadweight::base::digest::sha256_of_file(target.as_ref()).unwrap();
    assert_eq!(blob["sha256"], found);
    assert!(run(&["verify"]).status.success());
    let loaded = run(&["diff", "large", "1", "2"]);
    let said = String::from_utf8_lossy(&loaded.stderr);
    assert!(loaded.status.code() == Some(1) && said.contains("memory for it"), "{loaded:?}");
}

#[test]
fn a_blob_larger_than_memory_goes_through_a_directory() {
    let place = place();
    goes_in_and_comes_out(&place.url, &[]);
}

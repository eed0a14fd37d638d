//! A disk that is full, played by a limit on the size of files: what does not fit is an error, and the
//! store is as it was.

#![cfg(unix)]

use std::process::{Command, Output};

use deadweight::store::Store;

use super::support::{assert_sound, file, linear, name, place, wide};

/// Puts a file with at most `blocks` of 512 bytes in any file.
fn put_limited(url: &str, model: &std::path::Path, blocks: u32, ignore: bool) -> Output {
    let trap = if ignore { "trap '' XFSZ; " } else { "" };
    let script = format!(
        "{trap}ulimit -f {blocks} && exec \"$0\" store --store \"$1\" put \"$2\" --name churn"
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_deadweight"), url]).arg(model);
    command.output().unwrap()
}

#[test]
fn what_does_not_fit_is_an_error_and_nothing_else_is_lost() {
    let place = place();
    let folder = tempfile::tempdir().unwrap();
    let small = file(folder.path(), "small.dw", &linear(2.0, 0.0));
    for large in [wide(1 << 20, 1.0), wide(20 << 20, 2.0)] {
        let large = file(folder.path(), "large.dw", &large);
        let before = put_limited(&place.url, &small, 1000, true);
        assert!(before.status.success(), "{before:?}");
        // With an error of the write, and killed by the signal.
        for ignore in [true, false] {
            let failed = put_limited(&place.url, &large, 1000, ignore);
            assert!(!failed.status.success());
            if ignore {
                let said = String::from_utf8_lossy(&failed.stderr);
                assert_eq!(failed.status.code(), Some(1), "{said}");
                assert!(said.contains("cannot write it") && said.contains("the space"), "{said}");
            }
            let store = Store::open(&place.url).unwrap();
            assert_sound(&store);
        }
    }
    let store = Store::open(&place.url).unwrap();
    assert_eq!(store.latest(&name("churn")).unwrap(), 2);
    // The same put works once there is room.
    let large = folder.path().join("large.dw");
    assert!(put_limited(&place.url, &large, 1_000_000, true).status.success());
    assert_eq!(store.latest(&name("churn")).unwrap(), 3);
    assert_sound(&store);
}

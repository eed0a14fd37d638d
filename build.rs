//! Notes the compiler and the commit, so that every record can name them.

use std::process::Command;

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = output(&rustc, &["--version"]).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=DEADWEIGHT_RUSTC={version}");
    println!("cargo::rerun-if-changed=build.rs");
    // A package from an archive, or inside somebody else's checkout, is of no commit of ours.
    if !std::path::Path::new(".git").exists() {
        return;
    }
    // In a further work tree `.git` is a file, and a path that is not there would be always new.
    if let Some(log) = output("git", &["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rerun-if-changed=src");
    if let Some(commit) = output("git", &["rev-parse", "--short=12", "HEAD"]) {
        let dirty = output(
            "git",
            &["--no-optional-locks", "status", "--porcelain", "--untracked-files=no"],
        )
        .is_some_and(|changes| !changes.is_empty());
        let suffix = if dirty { "-dirty" } else { "" };
        println!("cargo::rustc-env=DEADWEIGHT_COMMIT={commit}{suffix}");
    }
}

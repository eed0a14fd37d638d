//! Notes the compiler and the commit, so that every record can name them, and whether the target is one
//! on which loads can be supervised.

use std::process::Command;

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Tells the sandbox whether it can be built for the target: it supervises by calls of Linux, whose
/// numbers `src/sandbox/filter.rs` knows for these machines.
fn supervised() {
    let target = |name: &str| std::env::var(name).unwrap_or_default();
    println!("cargo::rustc-check-cfg=cfg(supervised)");
    let machine = matches!(target("CARGO_CFG_TARGET_ARCH").as_str(), "x86_64" | "aarch64");
    // The x32 programs of x86-64 have 32 bits and numbers of their own.
    let wide = target("CARGO_CFG_TARGET_POINTER_WIDTH") == "64";
    if target("CARGO_CFG_TARGET_OS") == "linux" && machine && wide {
        println!("cargo::rustc-cfg=supervised");
    }
}

fn main() {
    supervised();
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

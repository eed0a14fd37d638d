//! What the kernel lets the loader read and execute, whatever its paths are when it is asked.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::paths::Allowed;
use super::system::landlock_version;
use crate::base::detonation::Strength;

/// The newest version whose rules are written here. Older kernels enforce what they know.
const NEWEST: ABI = ABI::V6;

/// Restricts this thread and what it becomes: read below `allowed`, execute `executable` and the
/// program loader, nothing else of files; no TCP; no abstract sockets and signals out of it.
/// Sets no_new_privs.
///
/// # Errors
/// In words, when not even the oldest version is enforced.
pub fn restrict(allowed: &Allowed, executable: &Path) -> Result<(Strength, String), String> {
    let failed = |error: landlock::RulesetError| error.to_string();
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    for path in allowed.paths() {
        let Ok(descriptor) = PathFd::new(path) else { continue };
        let access = match path.is_dir() {
            true => AccessFs::ReadFile | AccessFs::ReadDir,
            false => AccessFs::ReadFile.into(),
        };
        ruleset = ruleset.add_rule(PathBeneath::new(descriptor, access)).map_err(failed)?;
    }
    let interpreters = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].map(Path::new);
    let musl = ["/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"].map(Path::new);
    for path in std::iter::once(executable).chain(interpreters).chain(musl) {
        let Ok(descriptor) = PathFd::new(path) else { continue };
        let access = AccessFs::Execute | AccessFs::ReadFile;
        ruleset = ruleset.add_rule(PathBeneath::new(descriptor, access)).map_err(failed)?;
    }
    let status = ruleset.restrict_self().map_err(failed)?;
    let version = landlock_version();
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("Landlock is not enforced by this kernel".into()),
        RulesetStatus::FullyEnforced => Ok((Strength::Full, format!("Landlock version {version}"))),
        RulesetStatus::PartiallyEnforced => Ok((
            Strength::Partial,
            format!(
                "Landlock version {version} of 6: {}",
                match version {
                    ..4 =>
                        "TCP, ioctl of devices, abstract sockets and signals are left to seccomp",
                    _ => "ioctl of devices, abstract sockets and signals are left to seccomp",
                }
            ),
        )),
    }
}

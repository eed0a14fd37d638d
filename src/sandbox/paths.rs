//! Which paths are the loader's business.

use std::path::{Component, Path, PathBuf};

/// What every program reads while it starts: libraries, their cache, time zones, a few devices.
/// Those that a system does not have are left out.
pub const SYSTEM: &[&str] = &[
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib32",
    "/lib",
    "/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/dev/random",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup/cpu.max",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/self/maps",
    "/proc/self/status",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/kernel/cap_last_cap",
];

/// A set of paths, directories with all below them.
#[derive(Debug, Clone)]
pub struct Allowed {
    paths: Vec<PathBuf>,
}

impl Allowed {
    /// The system's paths and these, each as it is named and as it is once its links are followed;
    /// those that are not there are left out.
    pub fn new(readable: &[PathBuf]) -> Self {
        let mut paths: Vec<PathBuf> = Vec::new();
        let named = SYSTEM.iter().map(PathBuf::from).chain(readable.iter().cloned());
        for path in named.filter(|path| path.is_absolute() && path.exists()) {
            // A link of the process's own leads elsewhere for this process.
            let own = path.starts_with("/proc/self");
            let real = path.canonicalize().ok().filter(|real| !own && *real != path);
            if !own {
                paths.extend(links(&path));
            }
            paths.push(path);
            paths.extend(real);
        }
        paths.sort();
        paths.dedup();
        // An outer directory is sorted before what is in it.
        let mut kept: Vec<PathBuf> = Vec::new();
        for path in paths {
            if !kept.iter().any(|outer| path.starts_with(outer)) {
                kept.push(path);
            }
        }
        Allowed { paths: kept }
    }

    /// The outermost of them.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// True for what may be read.
    pub fn contains(&self, path: &Path) -> bool {
        self.paths.iter().any(|allowed| path.starts_with(allowed))
    }

    /// True for what may be read and for the directories above it, which are asked for when links are
    /// followed.
    pub fn contains_or_leads_to(&self, path: &Path) -> bool {
        self.contains(path) || self.paths.iter().any(|allowed| allowed.starts_with(path))
    }
}

/// The links that a link leads to before it leads to what is none: an interpreter of a virtual environment
/// is often a link to a link.
fn links(path: &Path) -> Vec<PathBuf> {
    /// As many as the kernel follows.
    const MOST: usize = 40;
    let mut links = Vec::new();
    let mut at = path.to_owned();
    while let (Ok(to), true) = (at.read_link(), links.len() < MOST) {
        at = followed(&at.parent().unwrap_or(Path::new("/")).join(to));
        links.push(at.clone());
    }
    links
}

/// The path without `.`, `..` and empty parts, by its text alone.
pub fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir => {
                normal.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    normal
}

/// Where the kernel begins to look for a path: it follows a link before it goes up from it, so that
/// `link/..` is the directory above what `link` leads to. A link of `/proc` is its caller's and not followed
/// here: such a path is returned with its dots, and is nobody's business.
pub fn followed(path: &Path) -> PathBuf {
    let parts: Vec<Component<'_>> = path.components().collect();
    let Some(last) = parts.iter().rposition(|part| *part == Component::ParentDir) else {
        return normal(path);
    };
    let mut real = PathBuf::from("/");
    for (at, part) in parts.iter().enumerate() {
        match part {
            Component::Normal(name) => {
                real.push(name);
                if at < last && real.is_symlink() {
                    if real.starts_with("/proc") {
                        return path.to_owned();
                    }
                    real = real.canonicalize().unwrap_or(real);
                }
            }
            Component::ParentDir => {
                real.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    real
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_hold_what_is_below_them_and_neighbours_are_others() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        let allowed = Allowed::new(&[directory.path().into(), inside.clone()]);
        assert!(allowed.contains(&inside.join("a/b")));
        assert!(!allowed.contains(&directory.path().with_extension("other")));
        assert!(!allowed.contains(directory.path().parent().unwrap()));
        assert!(allowed.contains_or_leads_to(directory.path().parent().unwrap()));
        assert!(!allowed.paths().contains(&inside), "it is inside another");
    }

    #[test]
    fn a_path_with_dots_is_what_it_leads_to() {
        assert_eq!(normal(Path::new("/usr/lib/../../etc/./passwd")), Path::new("/etc/passwd"));
        assert_eq!(normal(Path::new("/../..")), Path::new("/"));
    }

    #[test]
    fn every_link_on_the_way_to_a_program_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path().canonicalize().unwrap();
        std::fs::create_dir(at.join("bin")).unwrap();
        std::fs::write(at.join("bin/python3.11"), "").unwrap();
        std::os::unix::fs::symlink("python3.11", at.join("bin/python3")).unwrap();
        std::os::unix::fs::symlink(at.join("bin/python3"), at.join("python")).unwrap();
        let allowed = Allowed::new(&[at.join("python")]);
        for name in ["python", "bin/python3", "bin/python3.11"] {
            assert!(allowed.contains(&at.join(name)), "{name}");
        }
        // A link that leads to itself is not there, and ends.
        std::os::unix::fs::symlink(at.join("loop"), at.join("loop")).unwrap();
        assert_eq!(links(&at.join("loop")).len(), 40);
    }

    #[test]
    fn a_link_is_followed_before_it_is_gone_up_from() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path().canonicalize().unwrap();
        std::fs::create_dir_all(at.join("far/away")).unwrap();
        std::fs::create_dir(at.join("near")).unwrap();
        std::os::unix::fs::symlink(at.join("far/away"), at.join("near/link")).unwrap();
        assert_eq!(followed(&at.join("near/link/../x")), at.join("far/x"));
        assert_eq!(followed(&at.join("near/link/x")), at.join("near/link/x"));
        assert_eq!(followed(&at.join("near/../far/./y")), at.join("far/y"));
        assert_eq!(followed(&at.join("near/none/../x")), at.join("near/x"));
        assert_eq!(followed(Path::new("/../..")), Path::new("/"));
        let own = Path::new("/proc/self/cwd/../cpuinfo");
        assert_eq!(followed(own), own);
    }
}

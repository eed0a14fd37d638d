//! A root directory of one's own, with nothing in it but what the loader may read.
//!
//! Made inside new user and mount namespaces: what may be read is cloned as detached mounts, which are
//! attached below a fresh tmpfs, and the tmpfs becomes the root (mount_setattr(2), pivot_root(2),
//! Linux 5.12). The host sees nothing of it, and nothing is left when the namespace is gone.

use std::ffi::{CStr, CString};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where the new root is put together. Any directory would do: the mount is seen in here alone.
const PLACE: &str = "/tmp";

/// A part of the host's tree.
struct Part {
    path: PathBuf,
    mount: OwnedFd,
    directory: bool,
}

fn check(step: &'static str, result: libc::c_long) -> Result<libc::c_long, String> {
    if result < 0 { Err(format!("{step}: {}", io::Error::last_os_error())) } else { Ok(result) }
}

fn text(path: &Path) -> Result<CString, String> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| "a path with a NUL in it".to_owned())
}

/// Makes the root and moves into it. `readable` are shown read-only; with `writable` the root itself
/// may be written, for an aquarium. `programs` may be executed too.
///
/// # Errors
/// In words; the process then still has the root that it had, and may go on with it.
pub fn enter(readable: &[PathBuf], writable: bool) -> Result<(), String> {
    // What happens to mounts here stays here.
    mount(None, Path::new("/"), None, libc::MS_REC | libc::MS_PRIVATE, None)?;
    let mut parts = Vec::new();
    for path in readable {
        // Some are in /proc, which is mounted anew.
        if path.starts_with("/proc") {
            continue;
        }
        if let Some(part) = clone_part(path)? {
            parts.push(part);
        }
    }
    let place = Path::new(PLACE);
    let options = c"size=67108864,mode=0755";
    mount(Some(c"tmpfs"), place, Some(c"tmpfs"), libc::MS_NOSUID | libc::MS_NODEV, Some(options))?;
    for part in &parts {
        attach(part, place)?;
    }
    let process = place.join("proc");
    fs::create_dir_all(&process).map_err(|error| format!("proc: {error}"))?;
    // Not to be written: a supervisor that is root would have root's way to the kernel's switches in
    // there, capabilities or not.
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC | libc::MS_RDONLY;
    // Refused where the host's own is partly hidden, as in containers; the loader does without.
    let _ = mount(Some(c"proc"), &process, Some(c"proc"), flags, None);
    if writable {
        terminals(place)?;
        for directory in ["tmp", "dev/shm", "etc"] {
            fs::create_dir_all(place.join(directory))
                .map_err(|error| format!("{directory}: {error}"))?;
        }
    }
    pivot(place)?;
    if !writable {
        let empty = c"/";
        set_attributes(libc::AT_FDCWD, empty, 0, libc::MOUNT_ATTR_RDONLY)?;
    }
    Ok(())
}

/// Terminals of its own, for what wants one.
fn terminals(place: &Path) -> Result<(), String> {
    let directory = place.join("dev/pts");
    fs::create_dir_all(&directory).map_err(|error| format!("dev/pts: {error}"))?;
    let options = c"newinstance,ptmxmode=0666,mode=0620";
    let flags = libc::MS_NOSUID | libc::MS_NOEXEC;
    mount(Some(c"devpts"), &directory, Some(c"devpts"), flags, Some(options))?;
    std::os::unix::fs::symlink("pts/ptmx", place.join("dev/ptmx"))
        .map_err(|error| format!("dev/ptmx: {error}"))
}

fn mount(
    source: Option<&CStr>,
    target: &Path,
    kind: Option<&CStr>,
    flags: libc::c_ulong,
    options: Option<&CStr>,
) -> Result<(), String> {
    let target_text = text(target)?;
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: every pointer is null or a text that lives until the call is over.
    let result = unsafe {
        libc::mount(
            pointer(source),
            target_text.as_ptr(),
            pointer(kind),
            flags,
            pointer(options).cast(),
        )
    };
    check("mount", result.into())
        .map(drop)
        .map_err(|error| format!("{}: {error}", target.display()))
}

/// A read-only clone of what is at the path; `None` when nothing is.
fn clone_part(path: &Path) -> Result<Option<Part>, String> {
    const OPEN_TREE_CLONE: u32 = 1;
    let Ok(metadata) = fs::metadata(path) else { return Ok(None) };
    let flags = OPEN_TREE_CLONE | libc::O_CLOEXEC as u32 | libc::AT_RECURSIVE as u32;
    let name = text(path)?;
    // SAFETY: the text lives until the call is over.
    let tree = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, name.as_ptr(), flags) };
    let tree = check("open_tree", tree).map_err(|error| format!("{}: {error}", path.display()))?;
    // SAFETY: it was just made.
    let mount = unsafe { OwnedFd::from_raw_fd(tree as RawFd) };
    // Devices must stay devices, so only what is under the system's /dev keeps them.
    let flags = (libc::AT_EMPTY_PATH | libc::AT_RECURSIVE) as u32;
    let mut attributes = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID;
    if !path.starts_with("/dev") {
        attributes |= libc::MOUNT_ATTR_NODEV;
    }
    set_attributes(mount.as_raw_fd(), c"", flags, attributes)?;
    Ok(Some(Part { path: path.into(), mount, directory: metadata.is_dir() }))
}

fn set_attributes(directory: RawFd, path: &CStr, flags: u32, set: u64) -> Result<(), String> {
    let attributes = libc::mount_attr { attr_set: set, attr_clr: 0, propagation: 0, userns_fd: 0 };
    // SAFETY: the call reads a text and one `mount_attr`, whose size it is told.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            directory,
            path.as_ptr(),
            flags,
            &attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    check("mount_setattr", result).map(drop)
}

fn attach(part: &Part, place: &Path) -> Result<(), String> {
    let inside = part.path.strip_prefix("/").unwrap_or(&part.path);
    let target = place.join(inside);
    let made = if part.directory {
        fs::create_dir_all(&target)
    } else {
        let outer = target.parent().map_or(Ok(()), fs::create_dir_all);
        outer.and_then(|()| fs::write(&target, ""))
    };
    made.map_err(|error| format!("{}: {error}", part.path.display()))?;
    const MOVE_MOUNT_F_EMPTY_PATH: u32 = 4;
    let name = text(&target)?;
    // SAFETY: both texts live until the call is over.
    let result = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            part.mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            name.as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH,
        )
    };
    check("move_mount", result)
        .map(drop)
        .map_err(|error| format!("{}: {error}", part.path.display()))
}

/// The directory becomes the root, and the old root is gone.
fn pivot(place: &Path) -> Result<(), String> {
    std::env::set_current_dir(place).map_err(|error| format!("chdir: {error}"))?;
    let here = c".";
    // SAFETY: the texts are constants. With both the same, the old root is stacked upon the new one
    // (pivot_root(2), "pivot_root(".", ".")"), from where it is unmounted.
    let result = unsafe { libc::syscall(libc::SYS_pivot_root, here.as_ptr(), here.as_ptr()) };
    check("pivot_root", result)?;
    // SAFETY: as above.
    let result = unsafe { libc::umount2(here.as_ptr(), libc::MNT_DETACH) };
    check("umount2", result.into())?;
    std::env::set_current_dir("/").map_err(|error| format!("chdir: {error}"))
}

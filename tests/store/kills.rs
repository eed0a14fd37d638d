//! Writers that are killed: the store can be read afterwards, and what was acknowledged is there.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use deadweight::base::Array;
use deadweight::formats::npy;
use deadweight::store::Store;

use super::support::{Place, alias, assert_sound, file, linear, name, place, slope, version};

/// Names the store that a writer works on until it is killed.
const WRITER: &str = "DEADWEIGHT_TEST_WRITER";

/// How a traced process ended.
#[derive(Debug, PartialEq)]
enum End {
    Killed,
    Exited(i32),
}

/// True for a call that changes a file, a folder or what is on the disk. A file that is made is written
/// next, and a kill before that finds it empty; the making itself is not counted, since it is tried under
/// one name after the other where earlier writers were killed.
fn changes(information: &libc::ptrace_syscall_info) -> bool {
    // SAFETY: the field is the one of an entry, which `op` says it is.
    let entry = unsafe { information.u.entry };
    let number = entry.nr as libc::c_long;
    match number {
        libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev | libc::SYS_pwritev => true,
        libc::SYS_linkat | libc::SYS_renameat2 | libc::SYS_unlinkat | libc::SYS_mkdirat => true,
        libc::SYS_ftruncate | libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_utimensat => true,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_link
        | libc::SYS_rename
        | libc::SYS_unlink
        | libc::SYS_mkdir
        | libc::SYS_renameat => true,
        _ => false,
    }
}

fn wait(pid: i32) -> i32 {
    let mut status = 0;
    // SAFETY: `status` is valid for the call.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, libc::__WALL) }, pid);
    status
}

/// Runs a command and kills it before the `number`-th call that changes something. `None` when the
/// system lets nobody trace.
fn run_until(mut command: Command, number: usize) -> Option<End> {
    // SAFETY: one system call, which is allowed between fork and exec.
    unsafe {
        command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
    let child = match command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => child,
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => return None,
        Err(error) => panic!("{error}"),
    };
    let pid = child.id() as i32;
    let mut status = wait(pid);
    let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
    // SAFETY: the child is stopped, and this thread traces it.
    unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, pid, 0, options) };
    let mut seen = 0;
    loop {
        if libc::WIFEXITED(status) {
            return Some(End::Exited(libc::WEXITSTATUS(status)));
        }
        if libc::WIFSIGNALED(status) {
            return Some(End::Killed);
        }
        let mut signal = 0;
        match libc::WSTOPSIG(status) {
            stopped if stopped == libc::SIGTRAP | 0x80 => {
                // SAFETY: plain numbers, for which zeros are valid.
                let mut information: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
                let size = size_of_val(&information);
                // SAFETY: `information` has `size` bytes, and the child is stopped.
                unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, &mut information) };
                if information.op == libc::PTRACE_SYSCALL_INFO_ENTRY && changes(&information) {
                    seen += 1;
                    if seen == number {
                        // SAFETY: the child is ours and was not waited for to its end.
                        unsafe { libc::kill(pid, libc::SIGKILL) };
                        status = wait(pid);
                        continue;
                    }
                }
            }
            libc::SIGTRAP => {}
            other => signal = other,
        }
        // SAFETY: as above.
        unsafe { libc::ptrace(libc::PTRACE_SYSCALL, pid, 0, signal) };
        status = wait(pid);
    }
}

fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deadweight"));
    command.args(["store", "--store", &place.url]).args(arguments);
    command
}

/// Kills a command before each of its writes, and looks at the store after each; how many there are.
fn kill_at_every_write(
    arguments: impl Fn(usize) -> Vec<String>,
    place: &Place,
    look: impl Fn(&Store, &End),
) -> usize {
    for number in 1.. {
        let arguments = arguments(number);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let Some(end) = run_until(command(place, &arguments), number) else {
            eprintln!("skipped: this system lets no process trace another");
            return 0;
        };
        if let Ok(store) = Store::open(&place.url) {
            assert_sound(&store);
            let listed = command(place, &["list"]).output().unwrap();
            assert!(listed.status.success(), "write {number}: {listed:?}");
            look(&store, &end);
        }
        match end {
            End::Killed => {}
            End::Exited(0) => return number - 1,
            End::Exited(code) => panic!("{arguments:?} ended with {code} at write {number}"),
        }
    }
    0
}

/// A promotion from version 1 to the newest, again and again: each kill leaves the alias on one of them.
fn kill_at_every_promotion(
    store: &Store,
    place: &Place,
    folder: &std::path::Path,
    kept: &dyn Fn(&Store),
) -> usize {
    let write = |file: &str, values: &[f64], shape: &[usize]| {
        let array = Array::from_vec(values.to_vec(), shape).unwrap();
        std::fs::write(folder.join(file), npy::write(&array).unwrap()).unwrap();
        folder.join(file).to_str().unwrap().to_owned()
    };
    let data = write("X.npy", &[1.0, 2.0], &[2, 1]);
    let labels = write("y.npy", &[77.0, 154.0], &[2]);
    let (churn, production) = (name("churn"), alias("production"));
    let newest = store.latest(&churn).unwrap();
    let condition = "mae < 0.5 and mae < production.mae";
    let promote = |_| {
        store.set_alias(&churn, &production, 1).unwrap();
        let words = ["promote", "churn", "--to", "production", "--if", condition, "--data", &data];
        words.into_iter().chain(["--labels", &labels]).map(str::to_owned).collect()
    };
    kill_at_every_write(promote, place, |store, end| {
        kept(store);
        let standing = store.alias(&churn, &production).unwrap().unwrap();
        // The move is there with its reason, or is not there.
        match standing.reason {
            None => assert_eq!((standing.version, end), (1, &End::Killed)),
            Some(reason) => {
                assert_eq!((standing.version, reason.others["production"].version), (newest, 1));
            }
        }
    })
}

/// A signature of a new version, again and again: each kill leaves it whole or not at all.
fn kill_at_every_signature(store: &Store, place: &Place, kept: &dyn Fn(&Store)) -> usize {
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/signing/test_only.pem");
    let churn = name("churn");
    let sign = |_| {
        let number = store.put(version("churn", 77.0)).unwrap().version;
        ["sign", &format!("churn@{number}"), "--key", key].map(str::to_owned).to_vec()
    };
    kill_at_every_write(sign, place, |store, end| {
        kept(store);
        // That it is whole and of this version, `verify` has said.
        let signature = store.signature(&churn, store.latest(&churn).unwrap()).unwrap();
        assert!(signature.is_some() || *end == End::Killed);
        let number = store.latest(&churn).unwrap().to_string();
        let mut again = command(place, &["sign", &format!("churn@{number}"), "--key", key]);
        assert!(again.output().unwrap().status.success(), "it can be signed after all");
    })
}

#[test]
fn a_kill_at_any_write_loses_nothing() {
    let place = place();
    let folder = tempfile::tempdir().unwrap();
    let path = |number: usize| {
        let model = linear(number as f64 + 1.0, 0.5);
        file(folder.path(), &format!("{number}.dw"), &model).to_str().unwrap().to_owned()
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    // Into a store that is not there yet: made, blob, manifest, alias. A new blob each time.
    let put = |number| words(&["put", &path(number), "--name", "churn", "--alias", "candidate"]);
    let writes = kill_at_every_write(put, &place, |store, end| {
        if *end == End::Exited(0) {
            assert!(store.latest(&name("churn")).unwrap() >= 1);
            store.load("churn", "candidate").unwrap();
        }
    });
    if writes == 0 {
        return;
    }
    assert!(writes >= 10, "{writes} writes of put");
    let store = Store::open(&place.url).unwrap();
    let versions = store.latest(&name("churn")).unwrap();
    store.put(version("churn", 77.0)).unwrap();
    let kept = |store: &Store| {
        for number in 1..=versions {
            store.load("churn", &number.to_string()).unwrap();
        }
        assert_eq!(slope(&store.load("churn", &(versions + 1).to_string()).unwrap()), 77.0);
    };
    // Each kill leaves the alias where it was or where it goes.
    let newest = (versions + 1).to_string();
    let moved = kill_at_every_write(
        |_| words(&["alias", "churn", &newest, "production"]),
        &place,
        |store, end| {
            kept(store);
            if *end == End::Exited(0) {
                assert_eq!(slope(&store.load("churn", "production").unwrap()), 77.0);
            }
        },
    );
    // One that was killed may have gone back already: it is to go back once more.
    let from_the_first = |_| {
        store.set_alias(&name("churn"), &alias("production"), 1).unwrap();
        words(&["rollback", "churn", "production"])
    };
    let back = kill_at_every_write(from_the_first, &place, |store, _| {
        kept(store);
        store.load("churn", "production").unwrap();
    });
    let promoted = kill_at_every_promotion(&store, &place, folder.path(), &kept);
    let signed = kill_at_every_signature(&store, &place, &kept);
    // The kills above left blobs without a version, which a collection deletes one after the other.
    let unreferenced = store.verify(&|_, _| ()).unwrap().unreferenced;
    assert!(unreferenced > 0);
    let collected = kill_at_every_write(
        |_| words(&["gc", "--grace-hours", "0"]),
        &place,
        |store, _| kept(store),
    );
    println!(
        "killed at {writes} writes of put, {moved} of alias, {back} of rollback, {promoted} of promote, {signed} of sign, {collected} of gc"
    );
    for writes in [moved, back, promoted, signed, collected] {
        assert!(writes >= 3, "{writes}");
    }
    let verified = store.verify(&|_, _| ()).unwrap();
    assert_eq!((verified.unreferenced, verified.leftovers, verified.problems.len()), (0, 0, 0));
}

/// The writer: puts, moves aliases and collects, and tells each thing that is done.
#[test]
#[ignore = "the process that many_kills kills"]
fn writer() {
    let Ok(url) = std::env::var(WRITER) else { return };
    let store = Store::create(&url).unwrap();
    let (churn, production) = (name("churn"), alias("production"));
    let tell = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{line}").unwrap();
        out.flush().unwrap();
    };
    for round in 0u64.. {
        // Some blobs come again.
        let slope = 1.0 + (round % 5) as f64 + f64::from(std::process::id() % 97);
        let manifest = store.put(version("churn", slope)).unwrap();
        tell(format!("put {} {slope}", manifest.version));
        let entry = store.set_alias(&churn, &production, manifest.version).unwrap();
        tell(format!("moved {} {}", entry.number, entry.version));
        if round % 3 == 0 {
            let entry = store.rollback(&churn, &production);
            if let Ok(entry) = entry {
                tell(format!("moved {} {}", entry.number, entry.version));
            }
        }
        if round % 4 == 1 {
            store.collect(Duration::ZERO, false).unwrap();
        }
    }
}

/// What a writer said was done before it was killed.
fn killed_after(url: &str, milliseconds: u64) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "kills::writer", "--nocapture", "--test-threads", "1"])
        .env(WRITER, url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let mut lines = out.lines();
    // The time counts from the first thing that was done.
    let first = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("put "));
    std::thread::sleep(Duration::from_millis(milliseconds));
    child.kill().unwrap();
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    child.wait().unwrap();
    first
        .into_iter()
        .chain(rest)
        .filter(|line| line.starts_with("put ") || line.starts_with("moved "))
        .collect()
}

fn kill_often(kills: u64) {
    let place = place();
    let started = Instant::now();
    let mut done = 0;
    for kill in 0..kills {
        // Spread over what a round takes, and never the same.
        let said = killed_after(&place.url, kill * 7 % 31);
        let store = Store::open(&place.url).unwrap();
        for line in &said {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["put", version, expected] => {
                    let loaded = store.load("churn", version).unwrap();
                    assert_eq!(slope(&loaded), expected.parse::<f64>().unwrap());
                }
                ["moved", number, version] => {
                    let number = number.parse().unwrap();
                    let entry = store.alias_entry(&name("churn"), &alias("production"), number);
                    let entry = entry.unwrap();
                    assert_eq!(entry.version.to_string(), *version);
                }
                _ => panic!("{line}"),
            }
        }
        done += said.len();
        if kill % 50 == 49 || kill + 1 == kills {
            assert_sound(&store);
        }
    }
    let store = Store::open(&place.url).unwrap();
    let (versions, seconds) = (store.latest(&name("churn")).unwrap(), started.elapsed().as_secs());
    println!(
        "{kills} kills, {done} acknowledged writes, {versions} versions, nothing lost, {seconds} s"
    );
    assert!(done as u64 >= kills);
}

#[test]
fn a_few_kills_at_any_time_lose_nothing() {
    kill_often(12);
}

#[test]
#[ignore = "some minutes"]
fn many_kills_lose_nothing() {
    kill_often(500);
}

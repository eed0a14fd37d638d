//! Each layer taken away lets something through that it stops; so each is there for a reason.
//!
//! | layer | attack of the registry that gets through without it |
//! |---|---|
//! | seccomp | `file-chmod`: the mode of a key is changed, which Landlock has no say in |
//! | landlock | `path-race`: the key is opened although the supervisor let another path go on |
//! | namespaces | `host-name`: it is known what this computer is called; and `exfiltrate-udp`, where seccomp is gone, too |
//! | private-root | `path-probe`: it is known which files are there |
//! | limits | `memory-bomb`: it has all the memory that it asked for |
//!
//! Most of what namespaces do seccomp does, too: network, signals, other processes. There they stand behind it,
//! and are seen only where it is gone. Of the computer's name and of the private root that is not so: asking for
//! the name is no harm that a filter could see, and Landlock does not ask about paths that are only looked at.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use deadweight::attacks::{KEY, UDP_PORT};
use deadweight::base::detonation::{Detonation, Effect, EventKind, Outcome, Strength};
use deadweight::demo::LoaderPython;
use deadweight::sandbox::{self, Ablation, Request};

use crate::support::{Named, Scene, attempt, helper, not_tested, python, request};

/// Without namespaces, so that the scene's directory is there to be attacked.
fn bare(python: &LoaderPython, scene: &Scene, ablation: Option<Ablation>) -> Request {
    Request { without_namespaces: true, ablation, ..request(python, &scene.file) }
}

fn run(python: &LoaderPython, scene: &Scene, ablation: Option<Ablation>) -> Detonation {
    sandbox::detonate(helper(), &bare(python, scene, ablation))
}

#[test]
fn without_seccomp_modes_change_and_packets_leave_while_landlock_stops_the_write() {
    let Some(python) = python() else { return };
    let scene = Scene::empty();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let port = socket.local_addr().unwrap().port();
    scene.write(&format!(
        "
import os, socket
def attempt(name, what):
    try:
        what(); print(name, 'got through')
    except OSError as error:
        print(name, error.errno)
attempt('write', lambda: open(D + '/written', 'w'))
attempt('chmod', lambda: os.chmod(D + '/canary', 0o600))
packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt('packet', lambda: packets.sendto(b'gone', ('127.0.0.1', {port})))
"
    ));
    let canary = scene.path("canary");
    fs::write(&canary, "alive").unwrap();
    let mode = || fs::metadata(&canary).unwrap().permissions().mode() & 0o777;
    let mut bytes = [0; 16];

    fs::set_permissions(&canary, fs::Permissions::from_mode(0o644)).unwrap();
    let whole = run(python, &scene, None);
    assert_eq!(whole.outcome, Outcome::Loaded, "{whole:#?}");
    assert_eq!(mode(), 0o644);
    assert!(socket.recv(&mut bytes).is_err(), "a packet left");
    for kind in [EventKind::FileWrite, EventKind::FileChange, EventKind::Send] {
        assert!(attempt(&whole, kind).denied);
    }

    let open = run(python, &scene, Some(Ablation::Seccomp));
    assert_eq!(open.layers["seccomp"], Strength::None);
    assert_eq!(mode(), 0o600, "{open:#?}");
    assert_eq!(socket.recv(&mut bytes).unwrap(), 4, "{open:#?}");
    assert!(!scene.path("written").exists());
    assert!(open.output.contains("write 13"), "Landlock: {}", open.output);
}

/// Opens a path by number of call while other threads change the path.
const RACE: &str = "
import ctypes, os, threading, time
number = {'x86_64': 257, 'aarch64': 56}[os.uname().machine]
library = ctypes.CDLL(None)
allowed = b'/usr/lib/os-release'
hidden = (D + '/secret').encode()
buffer = ctypes.create_string_buffer(200)
buffer.value = allowed
on = [True]
def flip():
    while on[0]:
        buffer.value = hidden
        buffer.value = allowed
threads = [threading.Thread(target=flip, daemon=True) for _ in range(2)]
for thread in threads:
    thread.start()
tries = opened = won = 0
end = time.monotonic() + 1.5
while time.monotonic() < end:
    tries += 1
    descriptor = library.syscall(number, -100, buffer, 0, 0)
    if descriptor >= 0:
        opened += 1
        try:
            won += b'forbidden content' in os.read(descriptor, 100)
        except IsADirectoryError:  # a name that was half written
            pass
        os.close(descriptor)
on[0] = False
for thread in threads:
    thread.join()
print('tries', tries, 'opened', opened, 'won', won)
";

/// Tries, opened, won.
fn race(detonation: &Detonation) -> [u64; 3] {
    let line = detonation.output.split("\\n").find(|line| line.starts_with("tries"));
    let line = line.unwrap_or_else(|| panic!("{detonation:#?}"));
    let numbers = line.split(' ').filter_map(|word| word.parse().ok());
    numbers.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn a_race_for_a_path_is_won_without_landlock_and_never_with_it() {
    let Some(python) = python() else { return };
    let scene = Scene::new(RACE);
    fs::write(scene.path("secret"), "forbidden content").unwrap();

    // How often it is won is chance; that it can be won is not.
    let mut lost = Vec::new();
    let won = (0..8).any(|_| {
        let figures = race(&run(python, &scene, Some(Ablation::Landlock)));
        lost.push(figures);
        figures[2] > 0
    });
    assert!(won, "{lost:?}");
    let open: u64 = lost.iter().map(|figures| figures[1]).sum();

    let (mut opened, mut rounds, mut seen) = (0, 0, 0);
    // As many openings as it took, and more.
    while opened < 2 * open && rounds < 16 {
        let whole = run(python, &scene, None);
        let figures = race(&whole);
        assert_eq!(figures[2], 0, "{figures:?}");
        attempt(&whole, EventKind::Thread);
        // What Landlock stops the supervisor does not see: it saw the other path.
        seen += u64::from(whole.armed().any(|event| event.mentions("/secret")));
        opened += figures[1];
        rounds += 1;
    }
    eprintln!(
        "without Landlock {lost:?} (tries, opened, won); with it 0 of {opened} opened, \
         the hidden path seen in {seen} of {rounds} rounds"
    );
    assert!(opened >= open, "{opened} of {open}");
}

#[test]
fn without_limits_more_memory_is_had() {
    let Some(python) = python() else { return };
    let scene = Scene::new("blocks = [bytearray(300 << 20) for _ in range(4)]\nprint('had it')\n");
    let mut asked = bare(python, &scene, None);
    asked.limits.address_bytes = 1 << 30;
    let whole = sandbox::detonate(helper(), &asked);
    assert_eq!(whole.outcome, Outcome::Failed, "{whole:#?}");
    assert!(whole.reason.as_deref().unwrap().contains("MemoryError"), "{whole:#?}");
    asked.ablation = Some(Ablation::Limits);
    let open = sandbox::detonate(helper(), &asked);
    assert_eq!(open.outcome, Outcome::Loaded, "{open:#?}");
    assert!(open.output.contains("had it"));
    assert_eq!(open.layers["limits"], Strength::None);
}

#[test]
fn without_a_clean_environment_secrets_in_it_are_seen() {
    let Some(python) = python() else { return };
    let scene = Scene::new("import os\nprint(sorted(os.environ.items()))\n");
    let starter = scene.wrapper("#!/bin/sh\nSECRET_OF_THE_HOST=seven exec {} \"$@\"\n");
    let whole = sandbox::detonate(&starter, &bare(python, &scene, None));
    assert_eq!(whole.outcome, Outcome::Loaded, "{whole:#?}");
    assert!(!whole.output.contains("SECRET_OF_THE_HOST"), "{}", whole.output);
    let open = sandbox::detonate(&starter, &bare(python, &scene, Some(Ablation::Environment)));
    assert!(open.output.contains("SECRET_OF_THE_HOST"), "{open:#?}");
}

#[test]
fn without_namespaces_it_is_seen_that_a_file_is_there() {
    let Some(python) = python() else { return };
    let scene =
        Scene::new("import os\nprint('there:', os.path.exists(D + '/canary'), os.getppid() < 2)\n");
    fs::write(scene.path("canary"), "").unwrap();
    let whole = sandbox::detonate(helper(), &request(python, &scene.file));
    assert!(whole.output.contains("there: False True"), "{whole:#?}");
    attempt(&whole, EventKind::Probe);
    let open = run(python, &scene, None);
    assert!(open.output.contains("there: True False"), "{open:#?}");
    attempt(&open, EventKind::Probe);
}

/// An attack of the registry with every other layer in force, and its planted things shown.
fn named(python: &LoaderPython, attack: &Named, ablation: Option<Ablation>) -> Detonation {
    let planted = Some(attack.planted.clone());
    let asked = Request { planted, ablation, ..request(python, &attack.scene.file) };
    sandbox::detonate(helper(), &asked)
}

#[test]
fn without_seccomp_file_chmod_gets_through() {
    let Some(python) = python() else { return };
    let attack = Named::new("file-chmod");
    let whole = run(python, &attack.scene, None);
    assert!(attempt(&whole, EventKind::FileChange).denied);
    assert_eq!(attack.harm(), []);
    let open = run(python, &attack.scene, Some(Ablation::Seccomp));
    assert_ne!(open.layers["landlock"], Strength::None);
    assert_eq!(attack.harm(), [Effect::Changed { path: attack.path(KEY) }], "{open:#?}");
}

#[test]
fn without_namespaces_host_name_gets_through() {
    let Some(python) = python() else { return };
    let attack = Named::new("host-name");
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    // The root of its own goes with the namespaces; what it keeps away are paths, and no path is named.
    let whole = sandbox::detonate(helper(), &request(python, &attack.scene.file));
    if whole.layers["namespaces"] == Strength::None {
        return not_tested("the system gives no namespaces");
    }
    assert!(whole.output.contains("host sandbox"), "{whole:#?}");
    let open = run(python, &attack.scene, None);
    for layer in ["seccomp", "limits"] {
        assert_eq!(open.layers[layer], Strength::Full, "{layer}");
    }
    assert_ne!(open.layers["landlock"], Strength::None);
    assert!(open.output.contains(&format!("host {name}")), "{name}: {open:#?}");
    for load in [&whole, &open] {
        assert!(attempt(load, EventKind::FileWrite).denied);
    }
    assert_eq!(attack.harm(), []);
}

/// The port of the registry's attacks, once no other test has it.
fn listener() -> UdpSocket {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match UdpSocket::bind(("127.0.0.1", UDP_PORT)) {
            Ok(socket) => return socket,
            Err(error) => assert!(Instant::now() < end, "port {UDP_PORT}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn without_seccomp_and_namespaces_exfiltrate_udp_gets_through() {
    let Some(python) = python() else { return };
    let attack = Named::new("exfiltrate-udp");
    let socket = listener();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut bytes = [0; 400];
    let mut load = |without_namespaces, ablation| {
        let asked = request(python, &attack.scene.file);
        let load = sandbox::detonate(helper(), &Request { without_namespaces, ablation, ..asked });
        (load, socket.recv(&mut bytes).ok())
    };
    let seccomp = Some(Ablation::Seccomp);
    let (whole, left) = load(true, None);
    assert!(attempt(&whole, EventKind::Send).denied);
    assert_eq!(left, None, "seccomp alone: {whole:#?}");
    let (alone, left) = load(false, seccomp);
    if alone.layers["namespaces"] == Strength::None {
        return not_tested("the system gives no namespaces");
    }
    assert_eq!(left, None, "namespaces alone: {alone:#?}");
    // Not the key itself: Landlock still keeps that.
    let (open, left) = load(true, seccomp);
    assert_eq!(left, Some("unreadable\n".len()), "{open:#?}");
}

/// How many of so many loads won.
fn won(
    python: &LoaderPython,
    attack: &Named,
    ablation: Option<Ablation>,
    most: usize,
) -> [usize; 2] {
    let (mut rounds, mut won) = (0, 0);
    while rounds < most && (won == 0 || ablation.is_none()) {
        let load = named(python, attack, ablation);
        assert_eq!(load.outcome, Outcome::Loaded, "{load:#?}");
        assert_eq!(load.layers["landlock"] == Strength::None, ablation.is_some());
        let said = load.output.split("won ").nth(1).unwrap_or_else(|| panic!("{load:#?}"));
        won += usize::from(said.starts_with('1'));
        rounds += 1;
    }
    [rounds, won]
}

#[test]
fn without_landlock_path_race_gets_through() {
    let Some(python) = python() else { return };
    let attack = Named::new("path-race");
    // It keeps what it won in a file, which seccomp still stops: the race is only to read.
    let [needed, lost] = won(python, &attack, Some(Ablation::Landlock), 8);
    assert_eq!(lost, 1, "in {needed} rounds");
    let [rounds, lost] = won(python, &attack, None, needed * 2);
    assert_eq!(lost, 0, "in {rounds} rounds");
    assert_eq!(attack.harm(), []);
}

#[test]
fn without_the_private_root_path_probe_gets_through() {
    let Some(python) = python() else { return };
    let attack = Named::new("path-probe");
    // Not shown: in a root of its own the planted things are not there.
    let load = |ablation| {
        let asked = request(python, &attack.scene.file);
        sandbox::detonate(helper(), &Request { ablation, ..asked })
    };
    let whole = load(None);
    if whole.layers["private-root"] == Strength::None {
        return not_tested("the system gives no root of its own");
    }
    assert!(whole.output.contains("found 0"), "{whole:#?}");
    let open = load(Some(Ablation::PrivateRoot));
    assert_eq!(open.layers["private-root"], Strength::None);
    for layer in ["seccomp", "namespaces", "limits"] {
        assert_eq!(open.layers[layer], Strength::Full, "{layer}");
    }
    assert_ne!(open.layers["landlock"], Strength::None);
    assert!(open.output.contains("found 1"), "{open:#?}");
    assert!(attempt(&open, EventKind::Probe).mentions(KEY));
    assert_eq!(attack.harm(), []);
}

#[test]
fn without_limits_memory_bomb_gets_through() {
    let Some(python) = python() else { return };
    let attack = Named::new("memory-bomb");
    let whole = named(python, &attack, None);
    assert_eq!(whole.outcome, Outcome::Failed, "{whole:#?}");
    assert!(whole.reason.as_deref().unwrap().contains("MemoryError"), "{whole:#?}");
    let open = named(python, &attack, Some(Ablation::Limits));
    assert_eq!(open.outcome, Outcome::Loaded, "{open:#?}");
    assert_eq!(open.layers["limits"], Strength::None);
}

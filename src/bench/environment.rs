//! The machine, the software and how quiet it was. What the system does not tell is absent.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::OnceLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::clock::Clock;
use super::collected::Collected;
use crate::base::record::{Environment, Noise};
use crate::base::system;
use crate::formats::registry::FORMATS;

/// Above this spread of the spin loop small differences should not be trusted.
const NOISY_SPREAD: f64 = 0.10;

/// Where more windows than this share are disturbed, the others were hardly quiet.
const NOISY_SHARE: f64 = 0.25;

/// The version of a dependency as Cargo.lock pins it.
pub fn crate_version(name: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    static LOCK: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let lock = LOCK.get_or_init(|| {
        let lock: Option<Lock> = toml::from_str(include_str!("../../Cargo.lock")).ok();
        let packages = lock.map(|lock| lock.package).unwrap_or_default();
        packages.into_iter().map(|package| (package.name, package.version)).collect()
    });
    lock.get(name).cloned()
}

/// Describes the machine this process runs on.
pub fn describe() -> Environment {
    let crates = FORMATS
        .iter()
        .filter_map(|format| format.descriptor().crate_name)
        .chain(["zstd", "lz4_flex", "xxhash-rust", "ndarray", "linfa"])
        .filter_map(|name| Some((name.to_owned(), crate_version(name)?)))
        .collect();
    Environment {
        cpu: cpu_model(),
        cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
        memory_bytes: field_kib("/proc/meminfo", "MemTotal:").unwrap_or(0),
        kernel: format!("{} {}", system::kernel(), system::machine()),
        host_id: host_id(),
        governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        huge_pages: line("/sys/kernel/mm/transparent_hugepage/enabled"),
        free_memory: free_memory(),
        virtualization: virtualization(),
        rustc: env!("DEADWEIGHT_RUSTC").to_owned(),
        commit: option_env!("DEADWEIGHT_COMMIT").map(str::to_owned),
        crates,
    }
}

/// What a reader of figures must know where the host takes memory back.
fn free_memory() -> Option<String> {
    reports_free_pages(Path::new("/sys/bus/virtio/devices")).then(|| {
        "given back to the host, which is waited for when it is needed again: before samples of large models memory is taken and freed, so that fewer of them wait"
            .to_owned()
    })
}

/// True where a memory balloon among the devices of virtio has agreed to free page reporting: bit 5 of its features, in
/// the text of `features` the sixth digit ("Virtual I/O Device", version 1.2, 5.5.3).
fn reports_free_pages(devices: &Path) -> bool {
    const BALLOON: &str = "0x0005";
    const REPORTING: usize = 5;
    let Ok(devices) = std::fs::read_dir(devices) else { return false };
    devices.flatten().any(|device| {
        let read = |name| std::fs::read_to_string(device.path().join(name)).unwrap_or_default();
        read("device").trim() == BALLOON
            && read("features").as_bytes().get(REPORTING) == Some(&b'1')
    })
}

/// The identifier of machine-id(5), which is not to be shown to others as it is: hashed with a word of
/// our own, as that page advises.
fn host_id() -> Option<String> {
    let id = line("/etc/machine-id")?;
    let hash = Sha256::digest(format!("deadweight host {id}"));
    Some(hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

fn line(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn cpuinfo(field: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with(field))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn cpu_model() -> String {
    cpuinfo("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn virtualization() -> Option<String> {
    let flags = cpuinfo("flags").unwrap_or_default();
    let hypervisor = flags.split(' ').any(|flag| flag == "hypervisor");
    let container = std::path::Path::new("/.dockerenv").exists();
    match (hypervisor, container) {
        (true, true) => Some("virtual machine, container".to_owned()),
        (true, false) => Some("virtual machine".to_owned()),
        (false, true) => Some("container".to_owned()),
        (false, false) => None,
    }
}

/// A field of a `/proc` file that counts in KiB, in bytes.
pub(super) fn field_kib(path: &str, field: &str) -> Option<u64> {
    field_number(path, field)?.checked_mul(1024)
}

/// The first number after a field's name in a `/proc` file.
pub(super) fn field_number(path: &str, field: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The one-minute load average.
pub fn load_average() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Involuntary context switches of this process so far.
pub fn context_switches() -> u64 {
    field_number("/proc/self/status", "nonvoluntary_ctxt_switches:").unwrap_or(0)
}

/// Nanoseconds that the host took away so far, from each processor of this machine on average: field 8
/// of the line `cpu` of /proc/stat(5), counted in hundredths of a second. `None` where it is not told.
pub fn stolen_nanos() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let ticks: u64 = text.lines().next()?.split_whitespace().nth(8)?.parse().ok()?;
    let is_processor = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
    let processors = text.lines().filter(is_processor).count() as u64;
    ticks.checked_mul(10_000_000)?.checked_div(processors)
}

/// Times a loop that needs no memory: what differs between its runs is the machine, not us.
pub fn spin_loop(clock: &dyn Clock) -> u64 {
    spin(clock, 2_000_000)
}

/// The same over as many iterations, of about a nanosecond each.
pub fn spin(clock: &dyn Clock, iterations: u32) -> u64 {
    let start = clock.now_nanos();
    let mut state = black_box(0x9e37_79b9_7f4a_7c15u64);
    for _ in 0..iterations {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
    clock.now_nanos().saturating_sub(start)
}

/// Sums up the spin loops, windows and context switches of all processes.
pub(super) fn noise(collected: &Collected, load_before: Option<f64>) -> Noise {
    let (median, spread) = spread(&collected.spins);
    let watched = &collected.watched;
    let disturbed: u64 = watched.disturbed.values().sum();
    let share = disturbed as f64 / watched.windows.max(1) as f64;
    Noise {
        loop_median_nanos: median,
        loop_spread: spread,
        context_switches: collected.switches,
        load_before,
        noisy: spread > NOISY_SPREAD || share > NOISY_SHARE,
        windows: watched.windows,
        disturbed: watched.disturbed.clone(),
        dropped_samples: watched.dropped,
        kept_samples: watched.kept,
    }
}

/// The median of the loops, and (slowest - fastest) / median; zeros without loops.
fn spread(loops: &[u64]) -> (f64, f64) {
    let mut sorted: Vec<f64> = loops.iter().map(|nanos| *nanos as f64).collect();
    match (super::stats::median(&mut sorted), sorted.first(), sorted.last()) {
        (Some(median), Some(first), Some(last)) if median > 0.0 => {
            (median, (last - first) / median)
        }
        _ => (0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock_file() {
        assert_eq!(crate_version("bincode").as_deref(), Some("2.0.1"));
        assert_eq!(crate_version("no-such-crate"), None);
    }

    #[test]
    fn a_balloon_that_reports_free_pages_is_noticed() {
        let devices = tempfile::tempdir().unwrap();
        let device = |name: &str, kind: &str, features: &str| {
            let path = devices.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("device"), kind).unwrap();
            std::fs::write(path.join("features"), features).unwrap();
        };
        device("virtio0", "0x0002\n", "1111111111\n");
        assert!(!reports_free_pages(devices.path()));
        device("virtio1", "0x0005\n", "0110000000\n");
        assert!(!reports_free_pages(devices.path()));
        device("virtio1", "0x0005\n", "0110010000\n");
        assert!(reports_free_pages(devices.path()));
        assert!(!reports_free_pages(&devices.path().join("none")));
    }

    #[test]
    fn noise_is_the_spread_of_the_loop() {
        let of = |loops: &[u64]| {
            noise(&Collected { spins: loops.to_vec(), ..Collected::default() }, None)
        };
        let quiet = of(&[100, 101, 102]);
        assert_eq!((quiet.loop_median_nanos, quiet.noisy), (101.0, false));
        assert!((quiet.loop_spread - 2.0 / 101.0).abs() < 1e-12);
        assert!(of(&[100, 100, 150]).noisy);
        assert_eq!(of(&[]), Noise::default());
    }

    #[test]
    fn a_machine_whose_windows_are_disturbed_is_noisy() {
        let mut collected = Collected { spins: vec![100; 3], ..Collected::default() };
        collected.watched.windows = 100;
        collected.watched.disturbed.insert("stolen-time".to_owned(), 5);
        assert!(!noise(&collected, None).noisy);
        collected.watched.disturbed.insert("slow-loop".to_owned(), 40);
        assert!(noise(&collected, None).noisy);
    }
}

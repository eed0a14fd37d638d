//! What the C library's allocator is told where time is taken: in rounds, in the other program that takes part in
//! them, and in `cargo bench`.

use super::memory;

/// Variables of the environment that a process reads before `main`.
///
/// Left alone, the allocator maps large blocks at first, and from the first large release on it keeps them: the
/// memory of a format that allocates for itself would be warm, and that of an arena fresh. With a fixed
/// threshold all large blocks are fresh, and it asks for huge pages as an arena does. Allocators that do
/// not know the variable ignore it.
pub const SETTINGS: [(&str, &str); 1] = [(
    "GLIBC_TUNABLES",
    "glibc.malloc.mmap_threshold=2097152:glibc.malloc.trim_threshold=67108864:glibc.malloc.hugetlb=1",
)];

/// The least block that is mapped afresh.
const MAPPED_BYTES: usize = 2 << 20;

/// The most free memory that is kept with small models, as [`SETTINGS`] say it.
const KEPT_BYTES: usize = 64 << 20;

/// Counts how often this program was started anew.
#[cfg(target_os = "linux")]
const ATTEMPTS: &str = "DEADWEIGHT_ALLOCATOR_ATTEMPTS";

/// So often a start is tried: where half of them are in vain, one in a million processes goes on without.
#[cfg(target_os = "linux")]
const MOST_ATTEMPTS: u32 = 20;

/// Starts this program anew, with the same arguments and streams, until it has the [`SETTINGS`] and they are in effect.
///
/// glibc 2.36 reads what the system says of huge pages and compares it with other text before it has an end
/// (`__malloc_thp_mode`, sysdeps/unix/sysv/linux/malloc-hugepages.c), so that whether it asks for them depends on
/// what lay behind it: in this program on half of the starts. Encoding 10 MB takes 1.4 ms on one start and
/// 4.6 ms on another then. Where no start helps, as before 2.35, which does not know the setting, the program goes on,
/// and the record of a run says so.
///
/// Must be called before anything of the input was read.
pub fn start_until_in_effect() {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        let attempts =
            std::env::var(ATTEMPTS).ok().and_then(|count| count.parse().ok()).unwrap_or(0);
        // Other C libraries do not know the settings.
        let helps = cfg!(target_env = "gnu") && lacks_huge_pages();
        if attempts >= MOST_ATTEMPTS || are_set() && !helps {
            return;
        }
        let Ok(program) = std::env::current_exe() else { return };
        let mut anew = std::process::Command::new(program);
        anew.args(std::env::args_os().skip(1)).envs(SETTINGS);
        // Comes back only where it cannot be done.
        let _ = anew.env(ATTEMPTS, (attempts + 1).to_string()).exec();
    }
}

/// True when this process was started with the [`SETTINGS`].
pub fn are_set() -> bool {
    SETTINGS.iter().all(|(name, value)| std::env::var_os(name).is_some_and(|set| set == *value))
}

/// True where the system gives huge pages to who asks for them, and the C library's allocator does not ask.
pub(super) fn lacks_huge_pages() -> bool {
    #[cfg(target_os = "linux")]
    let lacks = large_block_lacks_huge_pages();
    #[cfg(not(target_os = "linux"))]
    let lacks = false;
    lacks
}

#[cfg(target_os = "linux")]
fn large_block_lacks_huge_pages() -> bool {
    let policy = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    if !policy.is_ok_and(|policy| policy.contains("[madvise]")) {
        return false;
    }
    let block = std::hint::black_box(Vec::<u8>::with_capacity(2 * MAPPED_BYTES));
    let Ok(maps) = std::fs::read_to_string("/proc/self/smaps") else { return false };
    asks_for_huge_pages(&maps, block.as_ptr() as usize) == Some(false)
}

/// True where the map that holds an address has the flag `hg`, of `MADV_HUGEPAGE`: proc_pid_smaps(5).
#[cfg(target_os = "linux")]
fn asks_for_huge_pages(maps: &str, address: usize) -> Option<bool> {
    let holds = |line: &str| {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        Some((number(start)?..number(end)?).contains(&address))
    };
    let of_map = maps.lines().skip_while(|line| holds(line) != Some(true));
    let flags = of_map.into_iter().find_map(|line| line.strip_prefix("VmFlags:"))?;
    Some(flags.split_whitespace().any(|flag| flag == "hg"))
}

/// What a reader of figures must know where so many processes went on without huge pages.
pub(super) fn note(processes: u32) -> Option<String> {
    (processes > 0).then(|| {
        format!(
            "the C library's allocator did not ask for huge pages in {processes} of the measuring processes: with large models, formats that allocate for themselves are slower for it than those that fill an arena"
        )
    })
}

/// True when a block of so many bytes is mapped afresh.
pub(super) fn is_mapped(bytes: usize) -> bool {
    bytes >= MAPPED_BYTES
}

/// How much free memory at the end of its heap the allocator may keep while a model of so many bytes is measured.
///
/// Of a large one, less than a mapped block: it would be taken from there, warm or not. Of a small one, more than the
/// results that are kept while the clock runs ([`most_iterations`](crate::base::case::most_iterations)): each
/// sample would find fresh pages.
pub fn most_free(model_bytes: usize) -> usize {
    if is_mapped(model_bytes) { MAPPED_BYTES } else { KEPT_BYTES }
}

/// Has the C library's allocator keep [`most_free`] for a model of so many bytes, and give back the rest.
pub fn keep_for(model_bytes: usize) {
    memory::keep_at_most(most_free(model_bytes));
}

/// Blocks in the gaps of the heap and at its end, while a large sample is taken. Else a block would go where something
/// was freed before, into memory that is warm, or not, as the samples before left it.
///
/// Gaps of less than 64 KiB stay free, and 128 KiB at the end: nothing has to be asked of the system for a few names.
pub(super) struct Filled {
    _blocks: Vec<Vec<u8>>,
}

impl Filled {
    /// The smallest block that is put into gaps, in bytes.
    const LEAST: usize = 64 << 10;
    /// Free bytes at the end of the heap that stay, about.
    const END: usize = 128 << 10;
    /// So many blocks may have come from elsewhere than the end.
    const ELSEWHERE: usize = 32;
    /// Blocks at most. As many of the largest would be a gigabyte.
    const MOST: usize = 1024;

    /// Fills the heap of the main thread, where the C library's allocator has it.
    pub(super) fn new() -> Self {
        let mut blocks = Vec::with_capacity(Self::MOST);
        // Below the least block that is mapped.
        let mut size = MAPPED_BYTES / 2;
        while size >= Self::LEAST && blocks.len() < Self::MOST {
            let Some((_, free)) = memory::end_of_heap() else { break };
            let block = std::hint::black_box(Vec::<u8>::with_capacity(size));
            let is_in_gap = memory::end_of_heap()
                .is_some_and(|(end, still)| still == free && (block.as_ptr() as usize) < end);
            if is_in_gap {
                blocks.push(block);
            } else {
                // It was cut from the end of the heap, so no gap has so much; or it is of a thread's own heap.
                size /= 2;
            }
        }
        Self::fill_end(&mut blocks);
        Filled { _blocks: blocks }
    }

    fn fill_end(blocks: &mut Vec<Vec<u8>>) {
        let free = || usize::try_from(memory::end_of_heap()?.1).ok();
        let Some(mut left) = free() else { return };
        let mut elsewhere = 0;
        while left > Self::END && blocks.len() < Self::MOST && elsewhere < Self::ELSEWHERE {
            // Below the least block that is mapped.
            let size = (left - Self::END).min(MAPPED_BYTES / 2);
            blocks.push(std::hint::black_box(Vec::with_capacity(size)));
            let Some(still) = free() else { return };
            // Small ones may go into a gap that was left, all of them into a thread's own heap.
            elsewhere += usize::from(still >= left);
            left = still;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_of_the_settings() {
        let settings = SETTINGS[0].1;
        assert!(settings.contains(&format!("mmap_threshold={MAPPED_BYTES}:")));
        assert!(settings.contains(&format!("trim_threshold={KEPT_BYTES}:")));
    }

    #[test]
    fn processes_without_huge_pages_are_counted_and_named() {
        let mut collected = crate::bench::collected::Collected::default();
        assert_eq!(note(collected.without_huge_pages), None);
        for process in 0..2 {
            collected.take(crate::bench::protocol::Event::WithoutHugePages, process);
        }
        assert!(note(collected.without_huge_pages).unwrap().contains("in 2 of the measuring"));
    }

    #[test]
    fn what_is_kept_is_less_than_a_mapped_block_or_more_than_the_results_of_a_sample() {
        use crate::base::case::most_iterations;
        for bytes in [1u64, 1000, 434_000, (2 << 20) - 1] {
            assert!(bytes * most_iterations(bytes) < most_free(bytes as usize) as u64, "{bytes}");
        }
        for bytes in [2 << 20, 10_000_000] {
            assert!(is_mapped(bytes) && most_free(bytes) <= MAPPED_BYTES, "{bytes}");
        }
    }

    /// In a process of its own, where all threads share the heap of the main one.
    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn a_block_goes_into_no_gap_while_they_are_filled() {
        const INSIDE: &str = "DEADWEIGHT_TEST_FILLED";
        if std::env::var_os(INSIDE).is_none() {
            let name = "bench::allocator::tests::a_block_goes_into_no_gap_while_they_are_filled";
            let output = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name, "--test-threads", "1"])
                .env(SETTINGS[0].0, format!("{}:glibc.malloc.arena_max=1", SETTINGS[0].1))
                .env(INSIDE, "1")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        const BYTES: usize = 300 << 10;
        let block = || Vec::<u8>::with_capacity(BYTES);
        // The last one is kept: what lies before the end of the heap is no gap.
        let mut kept: Vec<Vec<u8>> = (0..64).map(|_| block()).collect();
        // So much is free behind it then.
        drop(std::hint::black_box(Vec::<u8>::with_capacity(MAPPED_BYTES / 4 * 3)));
        let mut number = 0;
        let gaps: Vec<Vec<u8>> = kept
            .extract_if(.., |_| {
                number += 1;
                number % 2 == 1
            })
            .collect();
        let addresses: Vec<usize> = gaps.iter().map(|gap| gap.as_ptr() as usize).collect();
        drop(gaps);
        let is_in_gap = |block: &Vec<u8>| {
            addresses.iter().any(|gap| block.as_ptr() as usize / 4096 == gap / 4096)
        };
        assert!(is_in_gap(&block()));
        let (_, free_before) = memory::end_of_heap().unwrap();
        let filled = Filled::new();
        assert!(filled._blocks.len() >= addresses.len());
        let (_, free) = memory::end_of_heap().unwrap();
        assert!(free_before as usize >= MAPPED_BYTES / 2, "{free_before}");
        // The thread that runs the tests may have freed a little at the end meanwhile.
        assert!((free as usize) < Filled::END + Filled::LEAST, "{free}");
        assert!(!is_in_gap(&block()));
        drop(filled);
        assert!(is_in_gap(&block()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn flags_are_those_of_the_map_that_holds_the_address() {
        let maps = "7f0000000000-7f0000200000 rw-p 00000000 00:00 0 \nSize: 2048 kB\nVmFlags: rd wr ac \n\
                    7f0000400000-7f0000600000 rw-p 00000000 00:00 0 \nSize: 2048 kB\nVmFlags: rd wr hg \n";
        let asks = |address| asks_for_huge_pages(maps, address);
        assert_eq!(asks(0x7f00_0000_0000), Some(false));
        assert_eq!(asks(0x7f00_0050_0000), Some(true));
        assert_eq!((asks(0x7f00_0030_0000), asks(0x7f00_0060_0000)), (None, None));
        let mine = std::fs::read_to_string("/proc/self/smaps").unwrap();
        assert!(asks_for_huge_pages(&mine, maps.as_ptr() as usize).is_some());
    }
}

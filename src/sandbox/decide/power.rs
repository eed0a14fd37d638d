//! What would change what the process may do, or go around the supervisor.

use serde_json::json;

use super::super::decode::{Memory, printable};
use super::super::notify::Call;
use super::{DENY, Decision, GO_ON, Situation};
use crate::base::detonation::EventKind;

/// Users, groups, capabilities, limits, filters, keys, and the system as a whole.
const PRIVILEGE: &[&str] = &[
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "setgroups",
    "capset",
    "seccomp",
    "setrlimit",
    "prlimit64",
    "setpriority",
    "sched_setaffinity",
    "sched_setscheduler",
    "landlock_create_ruleset",
    "landlock_add_rule",
    "landlock_restrict_self",
    "keyctl",
    "add_key",
    "request_key",
    "bpf",
    "userfaultfd",
    "personality",
    "sethostname",
    "setdomainname",
    "reboot",
    "kexec_load",
    "init_module",
    "finit_module",
    "delete_module",
    "swapon",
    "acct",
    "settimeofday",
    "clock_settime",
    "iopl",
    "ioperm",
];

/// Everything that would change what the process may do, or go around the supervisor.
pub fn power(
    name: &str,
    call: &Call,
    memory: Memory,
    situation: &Situation<'_>,
) -> Option<Decision> {
    let a = &call.arguments;
    let harmless = !(situation.strict && situation.armed);
    Some(match name {
        "io_uring_setup" | "io_uring_enter" | "io_uring_register" => {
            Decision::noted(DENY, EventKind::IoUring, name, json!({}))
        }
        "mount" | "umount2" | "pivot_root" | "chroot" | "move_mount" | "fsopen" | "fsmount"
        | "open_tree" | "mount_setattr" => {
            let text = |address| memory.text(address, 256).map(|text| printable(&text));
            let (path, from) = match name {
                "mount" => (text(a[1]), text(a[0])),
                "open_tree" | "move_mount" | "mount_setattr" => (text(a[1]), None),
                "fsmount" => (None, None),
                _ => (text(a[0]), None),
            };
            Decision::noted(DENY, EventKind::Mount, name, json!({"path": path, "from": from}))
        }
        "unshare" | "setns" => {
            Decision::noted(DENY, EventKind::Mount, name, json!({"flags": format!("{:#x}", a[0])}))
        }
        // Names of threads and of memory, the parent's death: nothing that opens a way.
        "prctl" if prctl_is_harmless(a) && harmless => Decision::quiet(GO_ON),
        "prctl" => Decision::noted(DENY, EventKind::Privilege, name, json!({"option": a[0]})),
        name if PRIVILEGE.contains(&name) => {
            let arguments = [a[0] as i64, a[1] as i64];
            Decision::noted(DENY, EventKind::Privilege, name, json!({"arguments": arguments}))
        }
        // CPython and its libraries ask these of themselves.
        "eventfd2"
        | "timerfd_create"
        | "getcpu"
        | "sched_get_priority_max"
        | "sched_get_priority_min"
        | "sched_getattr"
        | "capget"
            if harmless =>
        {
            Decision::quiet(GO_ON)
        }
        _ => return None,
    })
}

fn prctl_is_harmless(a: &[u64; 6]) -> bool {
    const PR_SET_VMA: i32 = 0x5356_4d41;
    matches!(
        a[0] as i32,
        libc::PR_SET_NAME
            | libc::PR_GET_NAME
            | libc::PR_GET_DUMPABLE
            | libc::PR_CAPBSET_READ
            | libc::PR_GET_NO_NEW_PRIVS
            | libc::PR_GET_SECCOMP
            | PR_SET_VMA
    )
}

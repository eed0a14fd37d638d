//! The seccomp filter: an allow-list of calls; every other goes to the supervisor.
//!
//! A filter is a program for the kernel's classic BPF machine over `struct seccomp_data`: the call's
//! number, the architecture, six arguments of 64 bits, read as halves of 32. It cannot follow
//! pointers, so calls whose pointers matter are never decided here.

use libc::{c_long, sock_filter};

/// Requests of at least this many bytes at once are shown to the supervisor.
pub const LARGE_BYTES: u32 = 512 << 20;

/// `SECCOMP_RET_ALLOW`.
const ALLOW: u32 = 0x7fff_0000;
/// `SECCOMP_RET_USER_NOTIF`.
const NOTIFY: u32 = 0x7fc0_0000;
/// `SECCOMP_RET_ERRNO`.
const ERRNO: u32 = 0x0005_0000;

/// `AUDIT_ARCH_*` of this system.
#[cfg(target_arch = "x86_64")]
pub const ARCHITECTURE: u32 = 0xC000_003E;
/// `AUDIT_ARCH_*` of this system.
#[cfg(target_arch = "aarch64")]
pub const ARCHITECTURE: u32 = 0xC000_00B7;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const fn low(argument: u32) -> u32 {
    16 + 8 * argument
}
const fn high(argument: u32) -> u32 {
    20 + 8 * argument
}

const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

/// A program in the making.
struct Filter(Vec<sock_filter>);

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn jump(code: u32, k: u32, then: u8, otherwise: u8) -> sock_filter {
    let code = (libc::BPF_JMP | code | libc::BPF_K) as u16;
    sock_filter { code, jt: then, jf: otherwise, k }
}

impl Filter {
    /// `body` decides this call, whatever way it takes.
    fn decide(&mut self, number: c_long, body: &[sock_filter]) {
        self.0.push(statement(LOAD, NUMBER));
        self.0.push(jump(libc::BPF_JEQ, number as u32, 0, body.len() as u8));
        self.0.extend_from_slice(body);
    }

    /// Allowed when the low half of an argument is one of these and the high half is zero.
    fn allow_values(&mut self, number: c_long, argument: u32, values: &[u32]) {
        let count = values.len() as u8;
        let mut body = vec![statement(LOAD, high(argument)), jump(libc::BPF_JEQ, 0, 0, count + 1)];
        body.push(statement(LOAD, low(argument)));
        for (at, value) in values.iter().enumerate() {
            body.push(jump(libc::BPF_JEQ, *value, count - at as u8, 0));
        }
        body.push(statement(RETURN, NOTIFY));
        body.push(statement(RETURN, ALLOW));
        self.decide(number, &body);
    }

    /// Allowed when a length is below [`LARGE_BYTES`] and a protection asks for no execution.
    fn allow_memory(&mut self, number: c_long, length: u32, protection: Option<u32>) {
        let mut body = vec![
            statement(LOAD, high(length)),
            jump(libc::BPF_JEQ, 0, 1, 0),
            statement(RETURN, NOTIFY),
            statement(LOAD, low(length)),
            jump(libc::BPF_JGE, LARGE_BYTES, 0, 1),
            statement(RETURN, NOTIFY),
        ];
        if let Some(protection) = protection {
            body.push(statement(LOAD, low(protection)));
            body.push(jump(libc::BPF_JSET, libc::PROT_EXEC as u32, 0, 1));
            body.push(statement(RETURN, NOTIFY));
        }
        body.push(statement(RETURN, ALLOW));
        self.decide(number, &body);
    }

    /// Allowed when both halves of an argument are zero.
    fn allow_null(&mut self, number: c_long, argument: u32) {
        self.allow_values(number, argument, &[0]);
    }
}

/// The filter's program.
pub fn program() -> Vec<sock_filter> {
    let mut filter = Filter(vec![
        statement(LOAD, ARCH),
        jump(libc::BPF_JEQ, ARCHITECTURE, 1, 0),
        statement(RETURN, NOTIFY),
    ]);
    // glibc then falls back to clone, whose flags stand in a register.
    filter.decide(libc::SYS_clone3, &[statement(RETURN, ERRNO | libc::ENOSYS as u32)]);
    filter.allow_memory(libc::SYS_mmap, 1, Some(2));
    filter.allow_memory(libc::SYS_mremap, 2, None);
    filter.allow_memory(libc::SYS_mprotect, 1, Some(2));
    filter.allow_null(libc::SYS_prlimit64, 2);
    // FIONBIO is what settimeout asks for: unlisted, it would hide the connect that follows.
    filter.allow_values(
        libc::SYS_ioctl,
        1,
        &[
            libc::TCGETS as u32,
            libc::FIOCLEX as u32,
            libc::FIONREAD as u32,
            0x5413,
            libc::FIONBIO as u32,
        ],
    );
    filter.allow_values(
        libc::SYS_fcntl,
        1,
        &[
            libc::F_DUPFD as u32,
            libc::F_GETFD as u32,
            libc::F_SETFD as u32,
            libc::F_GETFL as u32,
            libc::F_SETFL as u32,
            libc::F_DUPFD_CLOEXEC as u32,
        ],
    );
    let allowed = [ALLOWED, ALLOWED_HERE].concat();
    filter.0.push(statement(LOAD, NUMBER));
    for (at, number) in allowed.iter().enumerate() {
        filter.0.push(jump(libc::BPF_JEQ, *number as u32, (allowed.len() - at) as u8, 0));
    }
    filter.0.push(statement(RETURN, NOTIFY));
    filter.0.push(statement(RETURN, ALLOW));
    filter.0
}

/// Calls that act on the process itself and on descriptors that it was given, whatever their
/// arguments.
const ALLOWED: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_fadvise64,
    libc::SYS_getdents64,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_munmap,
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_membarrier,
    libc::SYS_get_mempolicy,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_restart_syscall,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_getcpu,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getppid,
    libc::SYS_getpgid,
    libc::SYS_getsid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_umask,
    libc::SYS_getcwd,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getitimer,
    libc::SYS_setitimer,
    libc::SYS_getrandom,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_shutdown,
];

/// Those of them that only this architecture has.
#[cfg(target_arch = "x86_64")]
const ALLOWED_HERE: &[c_long] = &[
    libc::SYS_arch_prctl,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_wait,
    libc::SYS_epoll_create,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_getpgrp,
    libc::SYS_time,
    libc::SYS_alarm,
    libc::SYS_pause,
    libc::SYS_getrlimit,
];
/// Those of them that only this architecture has.
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_HERE: &[c_long] = &[];

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel's machine does with the few instructions that are used here.
    fn run(program: &[sock_filter], number: c_long, architecture: u32, arguments: [u64; 6]) -> u32 {
        let word = |offset: u32| match offset {
            0 => number as u32,
            4 => architecture,
            16.. => {
                let argument = arguments[((offset - 16) / 8) as usize];
                if (offset - 16).is_multiple_of(8) {
                    argument as u32
                } else {
                    (argument >> 32) as u32
                }
            }
            other => panic!("offset {other}"),
        };
        let (mut at, mut accumulator) = (0usize, 0u32);
        loop {
            let step = program[at];
            at += 1;
            let code = u32::from(step.code);
            if code == LOAD {
                accumulator = word(step.k);
            } else if code == RETURN {
                return step.k;
            } else {
                let holds = match code & 0xf0 {
                    libc::BPF_JEQ => accumulator == step.k,
                    libc::BPF_JGE => accumulator >= step.k,
                    libc::BPF_JSET => accumulator & step.k != 0,
                    other => panic!("jump {other:#x}"),
                };
                at += usize::from(if holds { step.jt } else { step.jf });
            }
        }
    }

    fn native(number: c_long, arguments: [u64; 6]) -> u32 {
        run(&program(), number, ARCHITECTURE, arguments)
    }

    #[test]
    fn what_is_listed_runs_and_all_else_is_shown() {
        assert_eq!(native(libc::SYS_read, [0; 6]), ALLOW);
        assert_eq!(native(libc::SYS_shutdown, [0; 6]), ALLOW);
        for number in [libc::SYS_openat, libc::SYS_execve, libc::SYS_connect, libc::SYS_clone, 9999]
        {
            assert_eq!(native(number, [0; 6]), NOTIFY, "{number}");
        }
        assert_eq!(native(libc::SYS_clone3, [0; 6]), ERRNO | libc::ENOSYS as u32);
    }

    #[test]
    fn another_architecture_is_shown_even_for_calls_that_are_listed() {
        assert_eq!(run(&program(), libc::SYS_read, 0x4000_0003, [0; 6]), NOTIFY);
        // x32: the number has bit 30 set.
        assert_eq!(native(libc::SYS_read | 0x4000_0000, [0; 6]), NOTIFY);
    }

    #[test]
    fn memory_is_shown_when_it_is_large_or_executable() {
        let read_write = (libc::PROT_READ | libc::PROT_WRITE) as u64;
        assert_eq!(native(libc::SYS_mmap, [0, 4096, read_write, 0, 0, 0]), ALLOW);
        assert_eq!(native(libc::SYS_mmap, [0, 512 << 20, read_write, 0, 0, 0]), NOTIFY);
        assert_eq!(native(libc::SYS_mmap, [0, 1 << 32, read_write, 0, 0, 0]), NOTIFY);
        assert_eq!(native(libc::SYS_mmap, [0, 4096, 7, 0, 0, 0]), NOTIFY);
        assert_eq!(native(libc::SYS_mprotect, [0, 4096, 5, 0, 0, 0]), NOTIFY);
        assert_eq!(native(libc::SYS_mprotect, [0, 4096, 1, 0, 0, 0]), ALLOW);
        assert_eq!(native(libc::SYS_mremap, [0, 4096, 1 << 30, 0, 0, 0]), NOTIFY);
    }

    #[test]
    fn only_questions_of_ioctl_fcntl_and_prlimit_run() {
        assert_eq!(native(libc::SYS_ioctl, [0, libc::FIONBIO, 0, 0, 0, 0]), ALLOW);
        assert_eq!(native(libc::SYS_ioctl, [0, libc::TIOCSTI, 0, 0, 0, 0]), NOTIFY);
        assert_eq!(native(libc::SYS_ioctl, [0, libc::FIONBIO | 1 << 32, 0, 0, 0, 0]), NOTIFY);
        assert_eq!(native(libc::SYS_fcntl, [0, libc::F_SETOWN as u64, 0, 0, 0, 0]), NOTIFY);
        assert_eq!(native(libc::SYS_prlimit64, [0, 7, 0, 0, 0, 0]), ALLOW);
        assert_eq!(native(libc::SYS_prlimit64, [0, 7, 1 << 40, 0, 0, 0]), NOTIFY);
    }
}

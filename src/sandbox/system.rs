//! The system calls that no crate offers safely, each in a function that can be reasoned about.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use libc::sock_filter;

/// Reads the last error when a call says -1.
fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Operation and flag of `seccomp`.
const SET_MODE_FILTER: u32 = 1;
const NEW_LISTENER: u64 = 1 << 3;

/// What this kernel lacks.
pub fn missing() -> Vec<String> {
    let mut missing = Vec::new();
    if !has_notifications() {
        missing.push("seccomp's user notifications (Linux 5.0, not hidden by a container)".into());
    }
    if landlock_version() == 0 {
        missing.push("Landlock (Linux 5.13, enabled at boot, not hidden by a container)".into());
    }
    missing
}

/// The version of Landlock of this kernel; zero where there is none.
pub fn landlock_version() -> i64 {
    /// `LANDLOCK_CREATE_RULESET_VERSION`.
    const ASK_VERSION: u32 = 1;
    // SAFETY: with this flag the call takes no pointer and only returns a number.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<libc::c_void>(),
            0usize,
            ASK_VERSION,
        )
    };
    version.max(0)
}

/// That the kernel knows the action does not say that it gives a listener. With a filter that is no
/// address it looks at the flags first, and says EFAULT when it knows them (seccomp(2)).
fn has_notifications() -> bool {
    const GET_ACTION_AVAILABLE: u32 = 2;
    let action: u32 = 0x7fc0_0000;
    // SAFETY: the call reads one u32 that lives on.
    let known =
        unsafe { libc::syscall(libc::SYS_seccomp, GET_ACTION_AVAILABLE, 0u32, &action) == 0 };
    let nowhere = std::ptr::null::<libc::c_void>();
    // SAFETY: there is no filter at the null address, so that none is installed.
    let asked =
        check(unsafe { libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, NEW_LISTENER, nowhere) });
    known && asked.is_err_and(|error| error.raw_os_error() == Some(libc::EFAULT))
}

/// A process like this one. Only in a single-threaded process: the other has one thread, with a copy
/// of everything. Zero is returned to the new one.
pub fn fork_with(flags: i32) -> io::Result<i32> {
    // SAFETY: without CLONE_VM and with a null stack this is fork. The process has one thread (see
    // `supervisor::serve`), so no lock can be held by a thread that is not there any more.
    let process = unsafe {
        libc::syscall(
            libc::SYS_clone,
            (flags | libc::SIGCHLD) as libc::c_ulong,
            0usize,
            0usize,
            0usize,
            0usize,
        )
    };
    check(process).map(|process| process as i32)
}

/// Ends this process without any clean-up.
pub fn leave(code: i32) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { libc::_exit(code) }
}

/// `prctl` with one number.
pub fn process_option(option: i32, value: u64) -> io::Result<()> {
    // SAFETY: the options used here take plain numbers.
    check(unsafe { libc::prctl(option, value as libc::c_ulong, 0, 0, 0) }.into()).map(drop)
}

/// A session of its own.
pub fn new_session() -> io::Result<()> {
    // SAFETY: it takes nothing.
    check(unsafe { libc::setsid() }.into()).map(drop)
}

/// A pipe: the end to read from, the end to write to.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(io::Error::from)
}

/// Two connected sockets that keep messages apart and say who sent them.
pub fn socket_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: the call writes two descriptors into an array of two.
    check(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) }.into())?;
    let on: i32 = 1;
    // SAFETY: `on` is the four bytes that the option has.
    let set = unsafe {
        libc::setsockopt(
            ends[0],
            libc::SOL_SOCKET,
            libc::SO_PASSCRED,
            std::ptr::from_ref(&on).cast(),
            size_of::<i32>() as u32,
        )
    };
    // SAFETY: both were just made and belong to nobody else.
    let pair = unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) };
    check(set.into())?;
    Ok(pair)
}

/// Room for the control messages of one descriptor and of credentials.
type Control = [u64; 16];

/// Sends a descriptor with a byte.
pub fn send_descriptor(socket: RawFd, descriptor: RawFd) -> io::Result<()> {
    let byte = 1u8;
    let mut vector =
        libc::iovec { iov_base: std::ptr::from_ref(&byte).cast_mut().cast(), iov_len: 1 };
    let mut control: Control = [0; 16];
    // SAFETY: zero is a value of `msghdr`; the pointers set below live until the call is over; the
    // control buffer is aligned and larger than CMSG_SPACE of one descriptor.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut vector;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(4) as _;
        let header = libc::CMSG_FIRSTHDR(&message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(4) as _;
        std::ptr::write_unaligned(libc::CMSG_DATA(header).cast(), descriptor);
        check(libc::sendmsg(socket, &message, 0) as _).map(drop)
    }
}

/// Receives a descriptor, and the number of the process that sent it.
pub fn receive_descriptor(socket: RawFd) -> io::Result<Option<(i32, OwnedFd)>> {
    let mut bytes = [0u8; 16];
    let mut vector = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    let mut control: Control = [0; 16];
    // SAFETY: as in `send_descriptor`; a control message is read only where the kernel wrote one, and
    // a descriptor that arrives belongs to nobody else.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut vector;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of::<Control>() as _;
        if check(libc::recvmsg(socket, &mut message, libc::MSG_CMSG_CLOEXEC) as _)? == 0 {
            return Ok(None);
        }
        let (mut process, mut descriptor) = (0, None);
        let mut header = libc::CMSG_FIRSTHDR(&message);
        while !header.is_null() {
            let data = libc::CMSG_DATA(header);
            match (*header).cmsg_type {
                libc::SCM_CREDENTIALS => {
                    process = std::ptr::read_unaligned(data.cast::<libc::ucred>()).pid;
                }
                libc::SCM_RIGHTS => {
                    let number = std::ptr::read_unaligned(data.cast::<i32>());
                    descriptor = Some(OwnedFd::from_raw_fd(number));
                }
                _ => {}
            }
            header = libc::CMSG_NXTHDR(&message, header);
        }
        Ok(descriptor.map(|descriptor| (process, descriptor)))
    }
}

/// Puts the filter on this thread; its listener is what comes back.
pub fn install_filter(program: &[sock_filter]) -> io::Result<OwnedFd> {
    /// Only signals that kill interrupt a call that waits for its answer; since Linux 5.19.
    const WAIT_KILLABLE: u64 = 1 << 5;
    let filter =
        libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
    // SAFETY: `filter` describes `program`, which lives until the call is over and is only read.
    let install = |flags: u64| unsafe {
        check(libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, flags, &filter))
    };
    let listener = match install(NEW_LISTENER | WAIT_KILLABLE) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => install(NEW_LISTENER),
        other => other,
    }?;
    // SAFETY: the descriptor was just made.
    Ok(unsafe { OwnedFd::from_raw_fd(listener as i32) })
}

/// Gives up every capability, for good.
pub fn drop_capabilities() -> io::Result<()> {
    for capability in 0..64 {
        // Those that the kernel does not have are an error, and no loss. Without CAP_SETPCAP there is
        // nothing to drop from the bounding set that could be gained under no_new_privs.
        let _ = process_option(libc::PR_CAPBSET_DROP, capability);
    }
    const VERSION_3: u32 = 0x2008_0522;
    let header = [VERSION_3, 0];
    let none = [[0u32; 3]; 2];
    // SAFETY: the call reads the header of eight bytes and two sets of twelve.
    check(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) }).map(drop)
}

/// Sets a limit, both what holds and what may be asked for. Who started this process may have set a
/// lower one, which nobody without a capability can raise: it stays.
pub fn limit(resource: libc::__rlimit_resource_t, soft: u64, hard: u64) -> io::Result<()> {
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call writes one rlimit.
    check(unsafe { libc::getrlimit(resource, &mut before) }.into())?;
    let limit =
        libc::rlimit { rlim_cur: soft.min(before.rlim_max), rlim_max: hard.min(before.rlim_max) };
    // SAFETY: the call reads one rlimit.
    check(unsafe { libc::setrlimit(resource, &limit) }.into()).map(drop)
}

/// Makes `from` the descriptor `to`, which stays open in the next program.
pub fn place_descriptor(from: RawFd, to: RawFd) -> io::Result<()> {
    // SAFETY: descriptors are numbers to the kernel; what `to` was before is one that this process does
    // not use any more.
    check(unsafe { libc::dup2(from, to) }.into()).map(drop)
}

/// A copy of a descriptor with a number of at least twenty.
pub fn high_copy(descriptor: &OwnedFd) -> io::Result<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC takes a number and makes a new descriptor.
    let copy = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 20) };
    // SAFETY: it was just made.
    check(copy.into()).map(|copy| unsafe { OwnedFd::from_raw_fd(copy as i32) })
}

/// Closes every descriptor from this one on.
pub fn close_from(first: u32) {
    // SAFETY: what is closed is not used any more: the next call is execve.
    unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0u32) };
}

/// The program and its arguments, or its environment, as the kernel wants them.
pub fn text_list(texts: impl IntoIterator<Item = String>) -> Option<Vec<CString>> {
    texts.into_iter().map(|text| CString::new(text).ok()).collect()
}

/// Becomes another program. Returns only when that failed.
pub fn become_program(path: &CString, arguments: &[CString], environment: &[CString]) -> io::Error {
    let pointers = |texts: &[CString]| {
        let ends = texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]);
        ends.collect::<Vec<_>>()
    };
    let (arguments, environment) = (pointers(arguments), pointers(environment));
    // SAFETY: both lists end with a null pointer and their texts outlive the call.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// A child that ended: its status, its processor time in microseconds, its largest
/// resident size in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// As `wait` tells it.
    pub status: i32,
    /// Processor time of it and of what it waited for.
    pub cpu_micros: u64,
    /// Most that was resident.
    pub resident_bytes: u64,
}

/// Waits for a child; `None` when there is none, or none has ended and `block` is false.
pub fn wait(process: i32, block: bool) -> Option<Ended> {
    let options = if block { 0 } else { libc::WNOHANG };
    loop {
        let mut status = 0;
        // SAFETY: zero is a value of `rusage`; the call writes both.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        let ended = unsafe { libc::wait4(process, &mut status, options, &mut usage) };
        if ended > 0 {
            let micros = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
            return Some(Ended {
                status,
                cpu_micros: micros(usage.ru_utime) + micros(usage.ru_stime),
                resident_bytes: usage.ru_maxrss as u64 * 1024,
            });
        }
        if ended == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
            return None;
        }
    }
}

/// Ends a process, or with a negative number a group of them.
pub fn kill(process: i32) {
    // SAFETY: it takes numbers.
    unsafe { libc::kill(process, libc::SIGKILL) };
}

/// Waits until one of the descriptors has something, at most so long. Negative ones are left out.
/// For each: it can be read, it was closed on the other side.
pub fn poll<const N: usize>(descriptors: [RawFd; N], millis: i32) -> [(bool, bool); N] {
    let mut list = descriptors.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    // SAFETY: the list has N entries and lives until the call is over.
    unsafe { libc::poll(list.as_mut_ptr(), N as libc::nfds_t, millis) };
    list.map(|entry| {
        let closed = entry.revents & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0;
        (entry.revents & libc::POLLIN != 0, closed)
    })
}

/// Turns the loopback interface on, in a network of its own.
pub fn loopback_up() -> io::Result<()> {
    // SAFETY: plain numbers; the descriptor is closed when it is dropped.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    let socket = check(socket.into()).map(|fd| unsafe { OwnedFd::from_raw_fd(fd as i32) })?;
    // SAFETY: zero is a value of `ifreq`; both requests read and write one.
    unsafe {
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as libc::c_char;
        request.ifr_name[1] = b'o' as libc::c_char;
        request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as i16;
        check(libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &request).into()).map(drop)
    }
}

/// Descriptor 3, which a supervised program gets.
pub fn descriptor_three() -> io::Result<std::fs::File> {
    // SAFETY: F_GETFD takes a number and changes nothing.
    check(unsafe { libc::fcntl(3, libc::F_GETFD) }.into())?;
    // SAFETY: it is open, and the supervised program was started with it for this one use.
    Ok(unsafe { std::fs::File::from_raw_fd(3) })
}

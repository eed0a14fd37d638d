//! Sockets.

use serde_json::json;

use super::super::decode::{MAX_DATA, Memory, dns_name, printable};
use super::super::notify::{Answer, Call};
use super::{DENY, Decision, GO_ON, Situation};
use crate::base::detonation::EventKind;

/// A connection to a name server seems to succeed, so that the query is seen.
pub fn network(
    name: &str,
    call: &Call,
    memory: Memory,
    situation: &Situation<'_>,
) -> Option<Decision> {
    let a = &call.arguments;
    Some(match name {
        "socket" => {
            // Another protocol would have the kernel load its module.
            let usual = matches!(a[0] as i32, libc::AF_INET | libc::AF_INET6 | libc::AF_UNIX)
                && matches!(a[1] as i32 & 0xff, libc::SOCK_STREAM | libc::SOCK_DGRAM)
                && matches!(a[2] as i32, 0 | libc::IPPROTO_TCP | libc::IPPROTO_UDP);
            if usual && !(situation.strict && situation.armed) {
                return Some(Decision::quiet(GO_ON));
            }
            let detail = json!({"family": a[0], "type": a[1] & 0xff, "protocol": a[2] as i32});
            Decision::noted(DENY, EventKind::Socket, name, detail)
        }
        "socketpair" if a[0] as i32 == libc::AF_UNIX && !situation.strict => Decision::quiet(GO_ON),
        "socketpair" => Decision::noted(DENY, EventKind::Socket, name, json!({"family": a[0]})),
        "connect" => {
            let to = memory.address(a[1], a[2]);
            let answer = match &to {
                Some(to) if to.ends_with(":53") => Answer::Value(0),
                _ => Answer::Error(libc::ECONNREFUSED),
            };
            Decision::noted(answer, EventKind::Connect, name, json!({"address": to}))
        }
        "bind" => {
            let detail = json!({"address": memory.address(a[1], a[2])});
            Decision::noted(Answer::Error(libc::EACCES), EventKind::Bind, name, detail)
        }
        "listen" | "accept" | "accept4" => {
            Decision::noted(Answer::Error(libc::EACCES), EventKind::Bind, name, json!({}))
        }
        "sendto" => {
            let to = if a[4] == 0 { None } else { memory.address(a[4], a[5]) };
            let wanted = usize::try_from(a[2]).unwrap_or(usize::MAX).min(MAX_DATA);
            sent(name, to, &memory.bytes(a[1], wanted), Some(a[2]))
        }
        "sendmsg" | "sendmmsg" => {
            let (to, data) = memory.message(a[1]);
            sent(name, to, &data, None)
        }
        "recvmsg" | "recvmmsg" => Decision::quiet(GO_ON),
        "setsockopt" if is_plain_option(a) && !(situation.strict && situation.armed) => {
            Decision::quiet(GO_ON)
        }
        // Those of other levels speak to the network by themselves (joining a group of multicast), or
        // to the packet filter.
        "setsockopt" => {
            let detail = json!({"level": a[1] as i32, "option": a[2] as i32});
            Decision::noted(DENY, EventKind::Socket, name, detail)
        }
        _ => return None,
    })
}

/// True for options that set how a socket waits and how large it is.
fn is_plain_option(a: &[u64; 6]) -> bool {
    match a[1] as i32 {
        libc::SOL_SOCKET => matches!(
            a[2] as i32,
            libc::SO_REUSEADDR
                | libc::SO_REUSEPORT
                | libc::SO_KEEPALIVE
                | libc::SO_BROADCAST
                | libc::SO_LINGER
                | libc::SO_SNDBUF
                | libc::SO_RCVBUF
                | libc::SO_SNDTIMEO
                | libc::SO_RCVTIMEO
        ),
        libc::IPPROTO_TCP => matches!(
            a[2] as i32,
            libc::TCP_NODELAY | libc::TCP_KEEPIDLE | libc::TCP_KEEPINTVL | libc::TCP_KEEPCNT
        ),
        _ => false,
    }
}

fn sent(name: &str, to: Option<String>, data: &[u8], bytes: Option<u64>) -> Decision {
    let detail = json!({
        "address": to,
        "query": dns_name(data),
        "bytes": bytes,
        "data": printable(data.get(..data.len().min(256)).unwrap_or_default()),
    });
    Decision::noted(DENY, EventKind::Send, name, detail)
}

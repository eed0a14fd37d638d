//! Those who listen inside an aquarium, so that what is sent away can be seen to arrive.
//!
//! They live in a process of their own within the namespaces, which answers nothing but "no such name"
//! and tells what arrived as JSON lines. In their network there is nobody else.

use std::io::{self, Read};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::thread;
use std::time::Duration;

use super::decode::{dns_name, printable};
use super::request::Listener;
use super::system;
use crate::base::detonation::Effect;

/// Most bytes of one message that are told.
const MAX_TOLD: usize = 512;
/// A sender that is connected and sends nothing must not keep the others waiting.
const PATIENCE: Duration = Duration::from_millis(300);

/// Everybody listens when this returns; what arrives is written to `tell` by a process of its own,
/// whose number comes back.
pub fn start(listeners: &[Listener], tell: &OwnedFd) -> io::Result<i32> {
    let mut bound: Vec<Box<dyn FnOnce(OwnedFd) + Send>> = Vec::new();
    for listener in listeners {
        bound.push(match listener {
            Listener::Tcp { port } => {
                let socket = TcpListener::bind(("127.0.0.1", *port))?;
                Box::new(move |tell| {
                    streams("tcp", &tell, || {
                        let (stream, _) = socket.accept()?;
                        stream.set_read_timeout(Some(PATIENCE)).map(|()| stream)
                    })
                })
            }
            Listener::Unix { name } => {
                let address = SocketAddr::from_abstract_name(name)?;
                let socket = UnixListener::bind_addr(&address)?;
                Box::new(move |tell| {
                    streams("unix", &tell, || {
                        let (stream, _) = socket.accept()?;
                        stream.set_read_timeout(Some(PATIENCE)).map(|()| stream)
                    })
                })
            }
            Listener::Udp { port } => {
                let socket = UdpSocket::bind(("127.0.0.1", *port))?;
                Box::new(move |tell| packets(&socket, &tell))
            }
            Listener::Dns { port } => {
                let socket = UdpSocket::bind(("127.0.0.1", *port))?;
                Box::new(move |tell| queries(&socket, &tell))
            }
        });
    }
    let process = system::fork_with(0)?;
    if process != 0 {
        return Ok(process);
    }
    let _ = system::process_option(libc::PR_SET_PDEATHSIG, libc::SIGKILL as u64);
    let threads: Vec<_> = bound
        .into_iter()
        .filter_map(|listen| Some((listen, tell.try_clone().ok()?)))
        .map(|(listen, tell)| thread::spawn(move || listen(tell)))
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
    system::leave(0)
}

/// One line for one arrival. Lines are shorter than what a pipe takes at once, so that those of
/// several threads do not mix.
fn tell(to: &OwnedFd, listener: &str, data: String) {
    let effect = Effect::Received { listener: listener.into(), data };
    if let Ok(mut line) = serde_json::to_vec(&effect) {
        line.push(b'\n');
        let _ = rustix::io::write(to, &line);
    }
}

fn streams<S: Read>(name: &str, to: &OwnedFd, mut accept: impl FnMut() -> io::Result<S>) {
    while let Ok(mut stream) = accept() {
        let mut data = Vec::new();
        let mut bytes = [0u8; 4096];
        while data.len() < MAX_TOLD {
            match stream.read(&mut bytes) {
                Ok(count) if count > 0 => data.extend(bytes.iter().take(count)),
                _ => break,
            }
        }
        data.truncate(MAX_TOLD);
        tell(to, name, printable(&data));
    }
}

fn packets(socket: &UdpSocket, to: &OwnedFd) {
    let mut bytes = [0u8; 4096];
    while let Ok((count, _)) = socket.recv_from(&mut bytes) {
        tell(to, "udp", printable(bytes.get(..count.min(MAX_TOLD)).unwrap_or_default()));
    }
}

fn queries(socket: &UdpSocket, to: &OwnedFd) {
    let mut bytes = [0u8; 4096];
    while let Ok((count, from)) = socket.recv_from(&mut bytes) {
        let Some(query) = bytes.get_mut(..count) else { continue };
        if let Some(name) = dns_name(query) {
            tell(to, "dns", name);
        }
        // The same message as an answer that there is no such name (RFC 1035, 4.1.1).
        if let Some([flags_high, flags_low]) = query.get_mut(2..4) {
            *flags_high |= 0x80;
            *flags_low = 0x83;
            let _ = socket.send_to(query, from);
        }
    }
}

/// Waits a little for what is still on its way.
pub fn settle() {
    thread::sleep(Duration::from_millis(50));
}

//! Ports for servers that are restarted.

use std::net::TcpListener;

/// Finds a free port below those that the system gives to outgoing connections: one of them would take the port of a
/// server that is down for a moment.
pub(crate) fn free_port() -> u16 {
    loop {
        let random = uuid::Uuid::new_v4().as_u128() % 12_000;
        let port = 20_000 + u16::try_from(random).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

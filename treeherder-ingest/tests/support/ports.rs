//! Ports for servers that are restarted.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Mutex;

/// Finds a free port below those that the system gives to outgoing connections: one of them would take the port of a
/// server that is down for a moment.
///
/// No port is found twice: a server may need several, and until it has started all of them are free.
pub(crate) fn free_port() -> u16 {
    static FOUND: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let random = uuid::Uuid::new_v4().as_u128() % 12_000;
        let port = 20_000 + u16::try_from(random).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && FOUND.lock().unwrap().insert(port) {
            return port;
        }
    }
}

//! What a server that speaks TLS needs.

/// An address of this machine that counts as another one: only `127.0.0.1` and `localhost` are spoken to in the clear.
pub(crate) const ELSEWHERE: &str = "127.0.0.2";

/// Who a server says that it is, in PEM.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

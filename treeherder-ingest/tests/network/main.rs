//! Behaviour of everything that fetches, against servers on 127.0.0.1.

mod http_client;
mod server;

//! Behaviour of the listener and of the sources inside the process.

mod listener;
mod replay;
mod support;

//! Behaviour of the listener and of the sources inside the process.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

mod listener;
mod replay;
mod support;

//! Logs as CI jobs write them, made up line by line, with the truth about what is in them.
//!
//! A [`LogSpec`] says what kind of log to write, how large, and what to plant in it. [`LogSpec::write_to`]
//! and [`LogReader`] produce the bytes as a stream of any length; both end with the [`Truth`]: which lines a
//! parser must report (`spec/ingest.md` §5.5), known because the generator planted them itself.
//! All other lines are ordinary: they match none of the rules, though many come near.

mod failure;
mod generator;
mod pack;
mod plant;
mod preset;
mod profile;
mod reader;
mod script;
mod spec;
mod stock;
mod words;

pub use failure::FailureKind;
pub use pack::{Packing, pack};
pub use plant::{Decoy, PerfLine, Plant};
pub use preset::Preset;
pub use profile::Profile;
pub use reader::LogReader;
pub use spec::{ErrorLine, LogSpec, MAX_STORED_ERRORS, Oddities, Truth};
pub(crate) use words::DIRS;

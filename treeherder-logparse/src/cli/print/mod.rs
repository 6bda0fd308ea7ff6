//! What is written about an input: text for people, JSON for programs.

mod context;
mod json;
mod list;
mod text;

use std::io::{self, Write};

use crate::{Event, Summary};

pub(super) use json::JsonPrinter;
pub(super) use list::List;
pub(super) use text::{Style, TextPrinter, write_line};

/// Writes about one input while it is parsed.
pub(super) trait Printer {
    /// Takes what the parser found; the line itself comes by [`decoded`](Self::decoded) afterwards.
    fn event(&mut self, event: Event<'_>, out: &mut dyn Write) -> io::Result<()>;

    /// Takes the piece of the log that the parser has just taken.
    fn decoded(&mut self, _piece: &[u8], _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Takes the end of the input.
    fn end(&mut self, sums: &Sums<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// What a log came to.
pub(super) struct Sums<'a> {
    pub(super) summary: Summary,
    /// The gzip data ends too early.
    pub(super) truncated: bool,
    /// Why it could not be read to its end.
    pub(super) error: Option<&'a str>,
}

//! An input that is a log: failure lines and performance data.

use std::{
    cell::Cell,
    io::{self, Write},
};

use super::{
    parse::{Command, Consumer, Ending, Halt},
    print::{JsonPrinter, Printer, Sums, TextPrinter},
    source::Source,
    told::Told,
};
use crate::{Event, Parser};

/// A log under way.
pub(super) struct Log<'a> {
    /// Problems are no part of the text; JSON has a place for them.
    told: Option<Told<'a>>,
    parser: Parser,
    printer: Box<dyn Printer>,
    found: &'a Cell<bool>,
}

impl<'a> Log<'a> {
    /// Sets `found` when there is a failure line.
    pub(super) fn new(
        command: &'a Command,
        source: &'a Source,
        parser: Parser,
        found: &'a Cell<bool>,
    ) -> Self {
        let printer: Box<dyn Printer> = match command.style {
            Some(style) => Box::new(TextPrinter::new(source.to_string(), style)),
            None => Box::new(JsonPrinter::new(source.argument())),
        };
        let told = command.style.is_some().then(|| Told::new(&command.progress, source));
        Self { told, parser, printer, found }
    }
}

impl Consumer for Log<'_> {
    fn decoded(&mut self, text: &[u8], out: &mut dyn Write) -> Result<(), Halt> {
        let Self { told, parser, printer, found } = self;
        let mut written = Ok(());
        parser.feed(text, &mut |event| print(told, found, event, &mut **printer, &mut written, out));
        written?;
        Ok(printer.decoded(text, out)?)
    }

    fn end(self: Box<Self>, ending: Ending, out: &mut dyn Write) -> io::Result<Option<String>> {
        let Self { mut told, parser, mut printer, found } = *self;
        let mut written = Ok(());
        let summary =
            parser.finish(&mut |event| print(&mut told, found, event, &mut *printer, &mut written, out));
        written?;
        if let Some(told) = told {
            told.end();
        }
        let sums = Sums { summary, truncated: ending.truncated, error: ending.error.as_deref() };
        printer.end(&sums, out)?;
        Ok(ending.error)
    }
}

/// Prints an event.
fn print(
    told: &mut Option<Told<'_>>,
    found: &Cell<bool>,
    event: Event<'_>,
    printer: &mut dyn Printer,
    written: &mut io::Result<()>,
    out: &mut dyn Write,
) {
    match (&event, told) {
        (Event::Failure(_), _) => found.set(true),
        (Event::Problem(problem), Some(told)) => told.tell(problem.line_number, &problem.kind),
        _ => {}
    }
    if written.is_ok() {
        *written = printer.event(event, out);
    }
}

//! An input that is a log: failure lines and performance data.

use std::io::{self, Write};

use super::{
    parse::{Command, Consumer, Ended, Ending, Halt},
    print::{JsonPrinter, Printer, Sums, TextPrinter},
    source::Source,
};
use crate::{Event, Parser};

/// A log under way.
pub(super) struct Log<'a> {
    command: &'a Command,
    source: &'a Source,
    parser: Parser,
    printer: Box<dyn Printer>,
}

impl<'a> Log<'a> {
    pub(super) fn new(command: &'a Command, source: &'a Source, parser: Parser) -> Self {
        let printer: Box<dyn Printer> = match command.style {
            Some(style) => Box::new(TextPrinter::new(source.to_string(), style)),
            None => Box::new(JsonPrinter::new(source.argument())),
        };
        Self { command, source, parser, printer }
    }
}

impl Consumer for Log<'_> {
    fn decoded(&mut self, text: &[u8], out: &mut dyn Write) -> Result<(), Halt> {
        let Self { command, source, parser, printer } = self;
        let mut written = Ok(());
        parser.feed(text, &mut |event| print(command, source, event, &mut **printer, &mut written, out));
        written?;
        Ok(printer.decoded(text, out)?)
    }

    fn end(self: Box<Self>, ending: Ending, out: &mut dyn Write) -> io::Result<Ended> {
        let Self { command, source, parser, mut printer } = *self;
        let mut written = Ok(());
        let summary =
            parser.finish(&mut |event| print(command, source, event, &mut *printer, &mut written, out));
        written?;
        let sums = Sums { summary, truncated: ending.truncated, error: ending.error.as_deref() };
        printer.end(&sums, out)?;
        Ok(Ended { failures: summary.failure_lines > 0, error: ending.error })
    }
}

/// Prints an event; problems are no part of the text, so they are told apart from it.
fn print(
    command: &Command,
    source: &Source,
    event: Event<'_>,
    printer: &mut dyn Printer,
    written: &mut io::Result<()>,
    out: &mut dyn Write,
) {
    if let Event::Problem(problem) = &event
        && command.style.is_some()
    {
        command.progress.say(&format!("{source}:{}: {}", problem.line_number + 1, problem.kind));
    }
    if written.is_ok() {
        *written = printer.event(event, out);
    }
}

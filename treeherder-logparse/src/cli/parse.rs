//! One input from its first byte to its last.

use std::io::{self, ErrorKind, Write};

use super::{
    print::{Ending, JsonPrinter, Printer, Style, TextPrinter},
    progress::Progress,
    source::{Opened, Source},
};
use crate::{Decoded, Decoder, Event, Parser, ParserBuilder};

/// Inputs are read in pieces of this size.
pub(super) const PIECE: usize = 64 << 10;

/// What all inputs of a command have in common.
pub(super) struct Command {
    pub(super) parser: ParserBuilder,
    /// `None` for JSON.
    pub(super) style: Option<Style>,
    /// Write what is found at once: somebody is looking.
    pub(super) at_once: bool,
    /// The only input tells the progress bar its size.
    pub(super) single: bool,
    pub(super) progress: Progress,
}

/// What came of an input.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    /// Failure lines were found.
    pub(super) failures: bool,
    /// It could not be read to its end.
    pub(super) trouble: bool,
}

impl Command {
    /// Parses one input and writes about it.
    ///
    /// # Errors
    /// Only when the output cannot be written; what is wrong with the input is told and is in the outcome.
    pub(super) fn parse(&self, source: &Source, out: &mut dyn Write) -> io::Result<Outcome> {
        let name = source.to_string();
        let printer: Box<dyn Printer> = match self.style {
            Some(style) => Box::new(TextPrinter::new(name.clone(), style)),
            None => Box::new(JsonPrinter::new(source.argument())),
        };
        let parser = self.parser.clone().build();
        let mut log = Log { command: self, name, parser, printer, out, written: Ok(()) };
        let mut decoder = Decoder::new();
        let error = match source.open() {
            Ok(opened) => log.read(opened, &mut decoder)?,
            Err(error) => Some(error.to_string()),
        };
        let decoded = decoder.finish(&mut |text| log.decoded(text));
        log.end(&decoded, error.as_deref())
    }
}

/// An input under way.
struct Log<'a> {
    command: &'a Command,
    name: String,
    parser: Parser,
    printer: Box<dyn Printer>,
    out: &'a mut dyn Write,
    /// The first error of the output: it must pass through the parser's callbacks.
    written: io::Result<()>,
}

impl Log<'_> {
    /// Reads the input to its end; returns what is wrong with it.
    fn read(&mut self, mut opened: Opened, decoder: &mut Decoder) -> io::Result<Option<String>> {
        let progress = &self.command.progress;
        if let Some(size) = opened.size.filter(|_| self.command.single) {
            progress.size_is(size);
        }
        let mut piece = vec![0; PIECE];
        let mut position: u64 = 0;
        loop {
            let length = match opened.reader.read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Some(format!("cannot be read on after {position} bytes: {error}"))),
            };
            position += length as u64;
            progress.read(length);
            let decoded = decoder.push(&piece[..length], &mut |text| self.decoded(text));
            self.take_written()?;
            if self.command.at_once {
                progress.aside(|| self.out.flush())?;
            }
            if let Err(error) = decoded {
                return Ok(Some(error.to_string()));
            }
        }
    }

    /// Takes a piece of the decoded log.
    fn decoded(&mut self, text: &[u8]) {
        let Self { command, name, parser, printer, out, written } = self;
        parser.feed(text, &mut |event| command.found(name, event, &mut **printer, written, out));
        if written.is_ok() {
            *written = printer.decoded(text, out);
        }
    }

    fn take_written(&mut self) -> io::Result<()> {
        std::mem::replace(&mut self.written, Ok(()))
    }

    /// Lets the parser look at the last line, and ends what is written.
    fn end(self, decoded: &Decoded, error: Option<&str>) -> io::Result<Outcome> {
        let Self { command, name, parser, mut printer, out, mut written } = self;
        let summary = parser.finish(&mut |event| command.found(&name, event, &mut *printer, &mut written, out));
        written?;
        let truncated = decoded.truncated && error.is_none();
        if let Some(error) = error {
            command.progress.say(&format!("{name}: {error}"));
        } else if truncated {
            let offset = decoded.compressed_bytes;
            command.progress.say(&format!("{name}: its gzip data ends too early, at byte {offset}; parsed up to there"));
        }
        printer.end(&Ending { summary, truncated, error }, out)?;
        Ok(Outcome { failures: summary.failure_lines > 0, trouble: error.is_some() })
    }
}

impl Command {
    fn found(
        &self,
        name: &str,
        event: Event<'_>,
        printer: &mut dyn Printer,
        written: &mut io::Result<()>,
        out: &mut dyn Write,
    ) {
        if let Event::Problem(problem) = &event
            && self.style.is_some()
        {
            self.progress.say(&format!("{name}:{}: {}", problem.line_number + 1, problem.kind));
        }
        if written.is_ok() {
            *written = printer.event(event, out);
        }
    }
}

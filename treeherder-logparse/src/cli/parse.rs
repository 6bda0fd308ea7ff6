//! One input from its first byte to its last.

use std::io::{self, ErrorKind, Write};

use super::{
    progress::Progress,
    report::{Ending, JsonReport, Report, Style, TextReport},
    source::{Opened, Source},
};
use crate::{Decoder, Event, Parser, ParserBuilder, Problem};

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
        let mut report: Box<dyn Report> = match self.style {
            Some(style) => Box::new(TextReport::new(source.to_string(), style)),
            None => Box::new(JsonReport::new(source.to_string())),
        };
        let mut parser = self.parser.clone().build();
        let mut decoder = Decoder::new();
        let input_error = match source.open() {
            Ok(opened) => self.read(source, opened, &mut decoder, &mut parser, &mut *report, out)?,
            Err(error) => Some(error.to_string()),
        };
        let mut written = Ok(());
        let summary = parser.finish(&mut |event| self.found(source, event, &mut *report, &mut written, out));
        written?;
        let decoded = decoder.finish();
        if let Some(error) = &input_error {
            self.progress.say(&format!("{source}: {error}"));
        } else if decoded.truncated {
            let offset = decoded.compressed_bytes;
            self.progress.say(&format!("{source}: ends in the middle of its gzip data, after {offset} bytes; parsed so far"));
        }
        let ending = Ending { summary, truncated: decoded.truncated, error: input_error.as_deref() };
        report.end(&ending, out)?;
        Ok(Outcome { failures: summary.failure_lines > 0, trouble: input_error.is_some() })
    }

    /// Reads an input to its end; returns what is wrong with it.
    fn read(
        &self,
        source: &Source,
        mut opened: Opened,
        decoder: &mut Decoder,
        parser: &mut Parser,
        report: &mut dyn Report,
        out: &mut dyn Write,
    ) -> io::Result<Option<String>> {
        if let Some(size) = opened.size.filter(|_| self.single) {
            self.progress.size_is(size);
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
            self.progress.read(length);
            let mut written = Ok(());
            let decoded = decoder.push(&piece[..length], &mut |text| {
                parser.feed(text, &mut |event| self.found(source, event, report, &mut written, out));
                if written.is_ok() {
                    written = report.decoded(text, out);
                }
            });
            written?;
            if self.at_once {
                self.progress.aside(|| out.flush())?;
            }
            if let Err(error) = decoded {
                return Ok(Some(error.to_string()));
            }
        }
    }

    fn found(
        &self,
        source: &Source,
        event: Event<'_>,
        report: &mut dyn Report,
        written: &mut io::Result<()>,
        out: &mut dyn Write,
    ) {
        if let Event::Problem(problem) = &event
            && self.style.is_some()
        {
            self.warn(source, problem);
        }
        if written.is_ok() {
            *written = report.event(event, out);
        }
    }

    fn warn(&self, source: &Source, problem: &Problem) {
        self.progress.say(&format!("{source}:{}: {}", problem.line_number + 1, problem.kind));
    }
}

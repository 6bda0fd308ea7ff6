//! One input from its first byte to its last.

use std::{
    cell::Cell,
    io::{self, ErrorKind, Write},
};

use super::{
    errorsummary::SummaryFile,
    log::Log,
    print::Style,
    progress::Progress,
    source::{Opened, Source, chain},
};
use crate::{Decoder, ParserBuilder};

/// Inputs are read in pieces of this size.
pub(super) const PIECE: usize = 64 << 10;

/// What all inputs of a command have in common.
pub(super) struct Command {
    pub(super) content: Content,
    /// `None` for JSON.
    pub(super) style: Option<Style>,
    /// Write what is found at once: somebody is looking.
    pub(super) at_once: bool,
    /// The only input tells the progress bar its size.
    pub(super) single: bool,
    pub(super) progress: Progress,
}

/// What the inputs are.
pub(super) enum Content {
    Log(ParserBuilder),
    /// Structured error summaries, with the number of failure lines that are taken.
    ErrorSummary(u64),
}

/// What came of an input.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    /// Failures were found.
    pub(super) failures: bool,
    /// It could not be read to its end.
    pub(super) trouble: bool,
}

/// Takes the decoded text of one input and writes about it.
pub(super) trait Consumer {
    fn decoded(&mut self, text: &[u8], out: &mut dyn Write) -> Result<(), Halt>;

    /// Takes the end; returns why the input could not be read to its end, the consumer's own reason included.
    fn end(self: Box<Self>, ending: Ending, out: &mut dyn Write) -> io::Result<Option<String>>;
}

/// Why no more text is wanted.
#[derive(Debug)]
pub(super) enum Halt {
    /// The output cannot be written: the command ends.
    Output(io::Error),
    /// The input is not what it should be.
    Input(String),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// How the raw input ended.
pub(super) struct Ending {
    /// Decoded bytes.
    pub(super) bytes: u64,
    /// The gzip data ends too early.
    pub(super) truncated: bool,
    /// Why it could not be read to its end.
    pub(super) error: Option<String>,
}

/// An output that knows whether it was written to.
struct Noticed<'a> {
    out: &'a mut dyn Write,
    written: bool,
}

impl Write for Noticed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written = true;
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.written = false;
        self.out.flush()
    }
}

impl Command {
    /// Parses one input and writes about it.
    ///
    /// The error is that the output cannot be written, which leaves what was found until then; what is wrong with the
    /// input is told and is in the outcome.
    pub(super) fn parse(&self, source: &Source, out: &mut dyn Write) -> (Outcome, io::Result<()>) {
        let found = Cell::new(false);
        let parsed = self.parse_whole(source, &found, &mut Noticed { out, written: false });
        let outcome = Outcome { failures: found.get(), trouble: *parsed.as_ref().unwrap_or(&false) };
        (outcome, parsed.map(drop))
    }

    /// Parses one input; tells whether it could not be read to its end.
    fn parse_whole(&self, source: &Source, found: &Cell<bool>, out: &mut Noticed<'_>) -> io::Result<bool> {
        let mut consumer: Box<dyn Consumer + '_> = match &self.content {
            Content::Log(parser) => Box::new(Log::new(self, source, parser.clone().build(), found)),
            Content::ErrorSummary(max) => Box::new(SummaryFile::new(self, source, *max, found)),
        };
        let mut decoder = Decoder::new();
        let error = match source.open() {
            Ok(opened) => self.read(opened, &mut decoder, &mut *consumer, out)?,
            Err(error) => Some(error.to_string()),
        };
        let mut taken = Ok(());
        let decoded = decoder.finish(&mut |text| take(&mut taken, &mut *consumer, text, out));
        let error = error.or(input_error(taken)?);
        let truncated = decoded.truncated && error.is_none();
        let error = consumer.end(Ending { bytes: decoded.decoded_bytes, truncated, error }, out)?;
        self.show(out)?;
        if let Some(error) = &error {
            self.progress.say(&format!("{source}: {error}"));
        } else if truncated {
            let offset = decoded.compressed_bytes;
            self.progress.say(&format!(
                "{source}: its gzip data ends too early, at byte {offset}; parsed up to there"
            ));
        }
        Ok(error.is_some())
    }

    /// Reads an input to its end; returns what is wrong with it.
    fn read(
        &self,
        mut opened: Opened,
        decoder: &mut Decoder,
        consumer: &mut dyn Consumer,
        out: &mut Noticed<'_>,
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
                Err(error) => {
                    let reason = chain(&error);
                    return Ok(Some(format!("cannot be read on after {position} bytes: {reason}")));
                }
            };
            position += length as u64;
            self.progress.read(length);
            let mut taken = Ok(());
            let decoded = decoder.push(&piece[..length], &mut |text| take(&mut taken, consumer, text, out));
            let error = input_error(taken)?.or(decoded.err().map(|error| error.to_string()));
            self.show(out)?;
            if error.is_some() {
                return Ok(error);
            }
        }
    }

    /// Lets a person who looks on see what was found so far.
    fn show(&self, out: &mut Noticed<'_>) -> io::Result<()> {
        if self.at_once && out.written { self.progress.aside(|| out.flush()) } else { Ok(()) }
    }
}

/// Hands text on until the consumer wants no more.
fn take(taken: &mut Result<(), Halt>, consumer: &mut dyn Consumer, text: &[u8], out: &mut dyn Write) {
    if taken.is_ok() {
        *taken = consumer.decoded(text, out);
    }
}

/// Tells what is wrong with the input apart from what is wrong with the output.
fn input_error(taken: Result<(), Halt>) -> io::Result<Option<String>> {
    match taken {
        Ok(()) => Ok(None),
        Err(Halt::Input(error)) => Ok(Some(error)),
        Err(Halt::Output(error)) => Err(error),
    }
}

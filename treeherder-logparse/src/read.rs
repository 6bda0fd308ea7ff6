//! Drives a parser from any `std::io::Read`.

use std::io::{self, Read};

use crate::{DecodeError, Event, LogParser, Parser, Report};

/// Bytes read at once.
const READ_LEN: usize = 64 << 10;

/// Why a log could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct ReadError {
    /// What was found before.
    pub report: Report,
    /// What went wrong.
    pub source: ReadErrorKind,
}

/// What can go wrong while a log is read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The reader failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The data cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// Parses a log, gzipped or plain, from a reader to its end.
///
/// ```
/// use treeherder_logparse::{Event, Parser, parse_reader};
///
/// let log = "one\nabort: two\n".as_bytes();
/// let mut count = 0;
/// let report = parse_reader(log, Parser::new(), &mut |event| count += usize::from(matches!(event, Event::Failure(_))))?;
/// assert_eq!((report.summary.lines, count), (2, 1));
/// # Ok::<(), Box<treeherder_logparse::ReadError>>(())
/// ```
///
/// # Errors
/// When the reader fails or the data is corrupt; the error has the sums of what was found before.
pub fn parse_reader(
    mut reader: impl Read,
    parser: Parser,
    sink: &mut dyn FnMut(Event<'_>),
) -> Result<Report, Box<ReadError>> {
    let mut log = LogParser::new(parser);
    let mut buffer = vec![0; READ_LEN];
    let error: ReadErrorKind = loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(log.finish(sink)),
            Ok(len) => {
                if let Err(error) = log.feed(&buffer[..len], sink) {
                    break error.into();
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break error.into(),
        }
    };
    Err(Box::new(ReadError { report: log.finish(sink), source: error }))
}

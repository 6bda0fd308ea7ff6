//! Drives a parser from an asynchronous stream of chunks, on any runtime.

use std::{future::poll_fn, pin::pin};

use bytes::Bytes;
use futures_core::Stream;

use crate::{DecodeError, Event, LogParser, Parser, Report};

/// Why a log could not be streamed to its end.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct StreamError<E: std::error::Error + 'static> {
    /// What was found before.
    pub report: Report,
    /// What went wrong.
    pub source: StreamErrorKind<E>,
}

/// What can go wrong while a log is streamed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamErrorKind<E: std::error::Error + 'static> {
    /// The stream failed.
    #[error(transparent)]
    Stream(E),
    /// The data cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// Parses a log, gzipped or plain, from a stream of its bytes to its end.
///
/// The work is done where the future is polled. A service that must not hold up its other tasks hands the chunks to a
/// [`LogParser`] on a thread of its own instead.
///
/// # Errors
/// When the stream fails or the data is corrupt; the error has the sums of what was found before.
pub async fn parse_stream<E: std::error::Error + 'static>(
    stream: impl Stream<Item = Result<Bytes, E>>,
    parser: Parser,
    mut sink: impl FnMut(Event<'_>),
) -> Result<Report, Box<StreamError<E>>> {
    let mut log = LogParser::new(parser);
    let mut stream = pin!(stream);
    let error = loop {
        match poll_fn(|context| stream.as_mut().poll_next(context)).await {
            None => return Ok(log.finish(&mut sink)),
            Some(Ok(chunk)) => {
                if let Err(error) = log.feed(&chunk, &mut sink) {
                    break error.into();
                }
            }
            Some(Err(error)) => break StreamErrorKind::Stream(error),
        }
    };
    Err(Box::new(StreamError { report: log.finish(&mut sink), source: error }))
}

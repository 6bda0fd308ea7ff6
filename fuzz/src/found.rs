//! What a parser finds, in a form that can be compared.

use treeherder_logparse::{DecodeError, Event, LogParser, Parser, Report, Summary};

/// Events in their order, as text, and the sums.
#[derive(Debug, PartialEq)]
pub struct Found<T> {
    /// The events.
    pub events: Vec<String>,
    /// What the end of the log came to.
    pub end: T,
}

/// Cuts the rest of `data` by its first bytes: returns the input and how to chunk it.
pub fn chunks(data: &[u8]) -> Option<(&[u8], impl Iterator<Item = &[u8]> + Clone)> {
    let (&[first, second], input) = data.split_first_chunk()?;
    let sizes = [usize::from(first) + 1, (usize::from(second) + 1) * 8];
    let mut rest = input;
    let mut turn = 0;
    let chunks = std::iter::from_fn(move || {
        turn += 1;
        let (chunk, behind) = rest.split_at(sizes[turn % 2].min(rest.len()));
        rest = behind;
        (!chunk.is_empty()).then_some(chunk)
    });
    Some((input, chunks))
}

/// Parses a decoded log.
pub fn parse<'a>(mut parser: Parser, chunks: impl Iterator<Item = &'a [u8]>) -> Found<Summary> {
    let mut events = Vec::new();
    let mut sink = |event: Event<'_>| events.push(format!("{event:?}"));
    for chunk in chunks {
        parser.feed(chunk, &mut sink);
    }
    let end = parser.finish(&mut sink);
    Found { events, end }
}

/// Parses a log as it comes, with where it stops being readable.
pub fn parse_raw<'a>(
    parser: Parser,
    chunks: impl Iterator<Item = &'a [u8]>,
) -> Found<(Report, Option<DecodeError>)> {
    let mut events = Vec::new();
    let mut sink = |event: Event<'_>| events.push(format!("{event:?}"));
    let mut log = LogParser::new(parser);
    let mut error = None;
    for chunk in chunks {
        if let Err(new) = log.feed(chunk, &mut sink) {
            error = Some(new);
            break;
        }
    }
    let end = (log.finish(&mut sink), error);
    Found { events, end }
}

//! What a parser hands out, in a form that can be compared and printed.

use treeherder_logparse::{Event, LogParser, Parser, Report, Summary};

/// One event: line number, offset, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Failure(u64, u64, String),
    Performance(u64, u64, String),
    Problem(u64, u64, String),
}

impl Seen {
    pub fn new(event: Event<'_>) -> Self {
        match event {
            Event::Failure(line) => Self::Failure(line.line_number, line.offset, line.text.to_owned()),
            Event::Performance(line) => {
                Self::Performance(line.line_number, line.offset, format!("{:?}", line.data))
            }
            Event::Problem(problem) => {
                Self::Problem(problem.line_number, problem.offset, problem.kind.to_string())
            }
            other => panic!("{other:?} is new"),
        }
    }
}

/// All events in their order, and the sums.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub events: Vec<Seen>,
    pub summary: Summary,
}

impl Found {
    /// The failure lines alone.
    pub fn failures(&self) -> Vec<(u64, u64, String)> {
        let failure = |seen: &Seen| match seen {
            Seen::Failure(number, offset, text) => Some((*number, *offset, text.clone())),
            _ => None,
        };
        self.events.iter().filter_map(failure).collect()
    }

    /// All but the failure lines.
    pub fn rest(&self) -> Vec<Seen> {
        self.events.iter().filter(|seen| !matches!(seen, Seen::Failure(..))).cloned().collect()
    }
}

/// Cuts `data` into pieces of these lengths, over and over.
pub fn pieces<'a>(mut data: &'a [u8], lengths: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut lengths = lengths.iter().cycle();
    std::iter::from_fn(move || {
        let length = (*lengths.next()?).clamp(1, data.len().max(1)).min(data.len());
        let (piece, rest) = data.split_at(length);
        data = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Parses a decoded log in pieces of these lengths.
pub fn parse(mut parser: Parser, log: &[u8], lengths: &[usize]) -> Found {
    let mut events = Vec::new();
    let mut sink = |event: Event<'_>| events.push(Seen::new(event));
    for piece in pieces(log, lengths) {
        parser.feed(piece, &mut sink);
    }
    let summary = parser.finish(&mut sink);
    Found { events, summary }
}

/// Parses a raw log in pieces of these lengths; it must be readable.
pub fn parse_raw(parser: Parser, raw: &[u8], lengths: &[usize]) -> (Vec<Seen>, Report) {
    let mut events = Vec::new();
    let mut sink = |event: Event<'_>| events.push(Seen::new(event));
    let mut log = LogParser::new(parser);
    for piece in pieces(raw, lengths) {
        log.feed(piece, &mut sink).unwrap();
    }
    let report = log.finish(&mut sink);
    (events, report)
}

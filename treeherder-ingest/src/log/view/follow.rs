//! A log that is still being written: its lines and failure lines as they come.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use treeherder_logparse::{DecodeError, Decoder, Event, LineCollector, LogLine, Parser};

use super::ViewError;
use super::source::{LogSource, Whole};
use crate::http::{Client, StreamLimits};
use crate::log::ParsePool;
use crate::store::failures::ErrorLine;

/// Longest silence of a task that still runs.
const IDLE_TIME: Duration = Duration::from_secs(3600);
/// Most bytes of a log that are followed.
const MOST_BYTES: u64 = 4 << 30;
/// Raw bytes that are decoded at once: what a step hands out is bounded by it, whatever the compression.
const STEP: usize = 2 << 10;

/// What came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Followed {
    /// Lines that have ended, in order.
    pub lines: Vec<LogLine>,
    /// Those of them that are failure lines.
    pub failure_lines: Vec<ErrorLine>,
    /// Whether the log has ended.
    pub is_end: bool,
}

/// Follows a log from its start. Nothing is fetched that nobody takes: a slow reader slows the source down.
pub struct LogFollower {
    whole: Whole,
    pool: ParsePool,
    /// What has come and is not decoded.
    pieces: VecDeque<Bytes>,
    state: Option<Box<State>>,
}

/// What moves from thread to thread.
struct State {
    decoder: Decoder,
    parser: Parser,
    lines: LineCollector,
}

impl std::fmt::Debug for LogFollower {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LogFollower").field("pieces", &self.pieces.len()).finish_non_exhaustive()
    }
}

impl LogFollower {
    /// Opens the log at `url`, which may still be written.
    pub(super) async fn open(
        client: &Client,
        url: &str,
        pool: ParsePool,
        parser: Parser,
        from: u64,
    ) -> Result<Self, ViewError> {
        let limits = StreamLimits { max_bytes: MOST_BYTES, idle_timeout: IDLE_TIME, total_timeout: None };
        let body = client.get(url).stream(limits).await?.body;
        Ok(Self::new(Whole::Remote(Box::new(body)), pool, parser, from))
    }

    /// Follows a log that is complete.
    pub(super) async fn of(
        source: LogSource,
        pool: ParsePool,
        parser: Parser,
        from: u64,
    ) -> Result<Self, ViewError> {
        Ok(Self::new(source.open().await?, pool, parser, from))
    }

    fn new(whole: Whole, pool: ParsePool, parser: Parser, from: u64) -> Self {
        let lines = LineCollector::new(0, from..u64::MAX);
        let state = State { decoder: Decoder::new(), parser, lines };
        Self { whole, pool, pieces: VecDeque::new(), state: Some(Box::new(state)) }
    }

    /// Waits for more of the log; nothing after its end.
    ///
    /// # Errors
    /// When the log breaks off or cannot be decoded; nothing comes after that.
    pub async fn next(&mut self) -> Result<Option<Followed>, ViewError> {
        loop {
            if self.state.is_none() {
                return Ok(None);
            }
            let piece = match self.pieces.pop_front() {
                Some(piece) => Some(piece),
                None => self.whole.chunk().await?,
            };
            let Some(mut piece) = piece else {
                return Ok(self.state.take().map(|state| state.finish()));
            };
            let step = piece.split_to(piece.len().min(STEP));
            if !piece.is_empty() {
                self.pieces.push_front(piece);
            }
            let Some(state) = self.state.take() else { return Ok(None) };
            let (state, followed) = self.pool.run(move || state.step(&step)).await?;
            self.state = Some(state);
            if !followed.lines.is_empty() || !followed.failure_lines.is_empty() {
                return Ok(Some(followed));
            }
        }
    }
}

impl State {
    fn step(mut self: Box<Self>, raw: &[u8]) -> Result<(Box<Self>, Followed), DecodeError> {
        let mut failure_lines = Vec::new();
        let Self { decoder, parser, lines } = &mut *self;
        decoder.push(raw, &mut |text| {
            lines.feed(text);
            parser.feed(text, &mut |event| take(&mut failure_lines, &event));
        })?;
        let followed = Followed { lines: lines.take(), failure_lines, is_end: false };
        Ok((self, followed))
    }

    fn finish(self: Box<Self>) -> Followed {
        let mut failure_lines = Vec::new();
        let Self { decoder, mut parser, mut lines } = *self;
        decoder.finish(&mut |text| {
            lines.feed(text);
            parser.feed(text, &mut |event| take(&mut failure_lines, &event));
        });
        parser.finish(&mut |event| take(&mut failure_lines, &event));
        Followed { lines: lines.finish(), failure_lines, is_end: true }
    }
}

fn take(failure_lines: &mut Vec<ErrorLine>, event: &Event<'_>) {
    if let Event::Failure(line) = event {
        failure_lines.push(ErrorLine { line_number: line.line_number, line: line.text.to_owned() });
    }
}

//! Parsing a raw log while it is fetched (§5.2–5.6): never a whole log in memory.

use bytes::Bytes;
use thiserror::Error;
use treeherder_logparse::perf::PerformanceData;
use treeherder_logparse::{
    DecodeError, DecodeErrorKind, Event, IndexOptions, LogIndex, LogParser, Parser, Report, Rules,
};

use super::fetch::{LogFetchOptions, LogStream, open_log};
use super::fetch_error::FetchError;
use super::parse_pool::ParsePool;
use crate::http::{Client, redact_url};
use crate::job::LogStatus;
use crate::perf::{Allowed, Origin, may_be_stored};
use crate::store::failures::ErrorLine;

/// Compressed bytes that are gathered before a thread is asked for: fewer switches than network packets.
const GATHERED_BYTES: usize = 64 << 10;
/// Problems with performance data that are logged for one log.
const LOGGED_PROBLEMS: u64 = 10;
/// Values (suites, subtests, replicates) of performance data that are kept for one log.
const KEPT_VALUES: usize = 200_000;

/// What a log says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParsedLog {
    /// Its failure lines, as many as the rules report at most.
    pub failure_lines: Vec<ErrorLine>,
    /// The performance data that was to be kept.
    pub performance: Vec<PerformanceData>,
    /// Sums of the log and how it was decoded.
    pub report: Report,
    /// Where its lines are; with checkpoints only if it is large.
    pub index: LogIndex,
}

/// How a log is parsed.
#[derive(Clone, Copy, Debug)]
pub struct ParseLogOptions<'a> {
    /// Limits of fetching.
    pub fetch: &'a LogFetchOptions,
    /// Rules; Treeherder's own when absent.
    pub rules: Option<&'a Rules>,
    /// Whose performance data is kept; all other is validated and dropped (§6.3).
    pub text_log_performance: &'a [Allowed],
}

/// A log could not be parsed to its end; nothing of it counts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseLogError {
    /// It cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its compressed data is damaged, or it is longer than the limit.
    #[error("cannot decode the log at {url}: {source}")]
    Decode {
        /// Where it came from, without secrets.
        url: String,
        /// What is wrong, and where.
        source: DecodeError,
    },
}

impl ParseLogError {
    /// The status the log gets (§5.2); `None` leaves it as it is.
    #[must_use]
    pub fn status(&self) -> Option<LogStatus> {
        match self {
            Self::Fetch(error) => error.status(),
            Self::Decode { source, .. } if is_too_long(source) => Some(LogStatus::SkippedSize),
            Self::Decode { .. } => Some(LogStatus::Failed),
        }
    }

    /// Tells whether the work item is to be retried: damaged data may have been damaged on its way.
    #[must_use]
    pub fn is_retried(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_retried(),
            Self::Decode { source, .. } => !is_too_long(source),
        }
    }
}

fn is_too_long(error: &DecodeError) -> bool {
    matches!(error.kind(), DecodeErrorKind::TooLong(_))
}

/// Fetches the log at `url` and parses it on the way.
///
/// What it takes in memory is bounded whatever the log: some pieces as they came, the decoder's window, an unfinished
/// line, what was found.
///
/// # Errors
/// [`ParseLogError`] tells which status the log gets and whether to retry. A compressed log that ends early is none.
pub async fn parse_log(
    client: &Client,
    url: &str,
    options: ParseLogOptions<'_>,
    pool: &ParsePool,
) -> Result<ParsedLog, ParseLogError> {
    let mut log = open_log(client, url, options.fetch).await?;
    let mut scan = Box::new(Scan::new(url, options));
    loop {
        let (pieces, is_last) = gather(&mut log).await?;
        let fed = pool.run(move || {
            let fed = pieces.iter().try_for_each(|piece| scan.feed(piece));
            match (fed, is_last) {
                (Err(error), _) => Err(error),
                (Ok(()), true) => Ok(Fed::Done(scan.finish())),
                (Ok(()), false) => Ok(Fed::More(scan)),
            }
        });
        match fed.await {
            Ok(Fed::More(unfinished)) => scan = unfinished,
            Ok(Fed::Done(parsed)) => return Ok(parsed),
            Err(source) => return Err(ParseLogError::Decode { url: log.url().to_owned(), source }),
        }
    }
}

/// Waits for some pieces of the log; true when they are the last ones.
async fn gather(log: &mut LogStream) -> Result<(Vec<Bytes>, bool), FetchError> {
    let mut pieces = Vec::new();
    let mut bytes = 0;
    while bytes < GATHERED_BYTES {
        let Some(piece) = log.chunk().await? else { return Ok((pieces, true)) };
        bytes += piece.len();
        pieces.push(piece);
    }
    Ok((pieces, false))
}

/// What a piece of work leads to.
enum Fed {
    More(Box<Scan>),
    Done(ParsedLog),
}

/// A log being parsed; it moves from thread to thread.
pub(super) struct Scan {
    parser: LogParser,
    found: Found,
}

/// What was found so far.
struct Found {
    url: String,
    text_log_performance: Vec<Allowed>,
    failure_lines: Vec<ErrorLine>,
    performance: Vec<PerformanceData>,
    values: usize,
    problems: u64,
}

impl Scan {
    pub(super) fn new(url: &str, options: ParseLogOptions<'_>) -> Self {
        let parser = Parser::builder();
        let parser = match options.rules {
            Some(rules) => parser.rules(rules.clone()),
            None => parser,
        };
        let parser = LogParser::new(parser.build())
            .max_decoded_bytes(options.fetch.max_decompressed)
            .with_index(IndexOptions::default());
        let found = Found {
            url: redact_url(url),
            text_log_performance: options.text_log_performance.to_vec(),
            failure_lines: Vec::new(),
            performance: Vec::new(),
            values: 0,
            problems: 0,
        };
        Self { parser, found }
    }

    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(), DecodeError> {
        let Self { parser, found } = self;
        parser.feed(piece, &mut |event| found.take(event))
    }

    pub(super) fn finish(self) -> ParsedLog {
        let Self { parser, mut found } = self;
        let (report, index) = parser.finish_indexed(&mut |event| found.take(event));
        if report.decoded.truncated {
            tracing::warn!(
                url = found.url,
                compressed_bytes = report.decoded.compressed_bytes,
                "the compressed log ends early, what came counts"
            );
        }
        ParsedLog { failure_lines: found.failure_lines, performance: found.performance, report, index }
    }
}

impl Found {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Failure(line) => {
                self.failure_lines
                    .push(ErrorLine { line_number: line.line_number, line: line.text.to_owned() });
            }
            Event::Performance(line) => self.keep(*line.data),
            Event::Problem(problem) => {
                self.problems += 1;
                if self.problems <= LOGGED_PROBLEMS {
                    tracing::warn!(url = self.url, %problem, "performance data of a log ignored");
                }
            }
            _ => {}
        }
    }

    /// Keeps what may be stored of performance data, up to a limit.
    fn keep(&mut self, mut data: PerformanceData) {
        let Some(framework) = data.framework.name.clone().filter(|_| !self.text_log_performance.is_empty())
        else {
            return;
        };
        let allowed = &self.text_log_performance;
        data.suites.retain(|suite| may_be_stored(Origin::TextLog, &framework, &suite.name, allowed));
        if data.suites.is_empty() {
            return;
        }
        let of_suite = |suite: &treeherder_logparse::perf::Suite| {
            let subtests =
                suite.subtests.iter().map(|subtest| 1 + subtest.replicates.iter().flatten().count());
            1 + suite.replicates.iter().flatten().count() + subtests.sum::<usize>()
        };
        self.values += data.suites.iter().map(of_suite).sum::<usize>();
        if self.values > KEPT_VALUES {
            tracing::warn!(
                url = self.url,
                limit = KEPT_VALUES,
                "too much performance data in a log, the rest is dropped"
            );
            return;
        }
        self.performance.push(data);
    }
}

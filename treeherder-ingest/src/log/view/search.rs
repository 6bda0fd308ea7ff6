//! Looking for a text in a log, piece by piece, where the log is.

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use treeherder_logparse::LogIndex;

use super::viewer::LogViewer;
use super::{LogPage, ViewError};
use crate::store::entity::job_log;

/// Bytes of text that are looked through at a time.
const PIECE: usize = 32 << 20;
/// Bytes of text after which a search stops, to be gone on with: no request takes for ever.
const MOST: u64 = 128 << 20;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct LogSearch {
    text: Regex,
    /// First line that is looked at, counted from 0.
    pub start: u64,
    /// Whether to go on towards the beginning of the log.
    pub backwards: bool,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchedLog {
    /// The nearest line that has the text.
    pub found: Option<u64>,
    /// Line to go on at, when nothing was found and the end of the log, or its beginning, was not reached.
    pub next: Option<u64>,
    /// Lines of the whole log.
    pub total_lines: u64,
}

impl LogSearch {
    /// Looks for `text` from line `start` on; nothing when the text is too long to be looked for.
    #[must_use]
    pub fn new(text: &str, match_case: bool, start: u64, backwards: bool) -> Option<Self> {
        // Every character stands for itself.
        let pattern: String = text.chars().map(|c| format!("\\x{{{:x}}}", u32::from(c))).collect();
        let config = syntax::Config::new().case_insensitive(!match_case);
        let text = Regex::builder().syntax(config).build(&pattern).ok()?;
        Some(Self { text, start, backwards })
    }

    fn find(&self, page: &LogPage) -> Option<u64> {
        let mut fitting = page.lines.iter().filter(|line| self.text.is_match(&line.text));
        let line = if self.backwards { fitting.next_back() } else { fitting.next() };
        line.map(|line| line.number)
    }
}

impl LogViewer {
    /// Looks for the nearest line that has a text, from a line on, that line included.
    ///
    /// After 128 MiB of text it stops and tells where to go on.
    ///
    /// # Errors
    /// As [`lines`](Self::lines).
    pub async fn search(&self, log: &job_log::Model, search: &LogSearch) -> Result<SearchedLog, ViewError> {
        let index = self.index(log).await?;
        let total_lines = index.lines;
        let mut at = search.start.min(total_lines.saturating_sub(1));
        let mut bytes = 0;
        loop {
            let piece = self.piece(log, &index, at, search.backwards).await?;
            let (Some(first), Some(last)) = (piece.lines.first(), piece.lines.last()) else {
                return Ok(SearchedLog { found: None, next: None, total_lines });
            };
            bytes += piece.lines.iter().map(|line| line.text.len() as u64 + 1).sum::<u64>();
            let next = if search.backwards {
                first.number.checked_sub(1)
            } else {
                Some(last.number + 1).filter(|next| *next < total_lines)
            };
            let wanted = search.clone();
            let found = self.pool().run(move || wanted.find(&piece)).await;
            match next {
                Some(next) if found.is_none() && bytes < MOST => at = next,
                _ => {
                    let next = next.filter(|_| found.is_none());
                    return Ok(SearchedLog { found, next, total_lines });
                }
            }
        }
    }

    /// Reads a piece of the log that begins, or ends, with a line.
    async fn piece(
        &self,
        log: &job_log::Model,
        index: &LogIndex,
        at: u64,
        backwards: bool,
    ) -> Result<LogPage, ViewError> {
        if !backwards {
            return self.page_of(log, index, at, u64::MAX, PIECE).await;
        }
        // How long lines are is known on the average only: when the piece ends too early, fewer are asked for.
        let average = (index.decoded_bytes / index.lines.max(1)).max(1);
        let mut count = (PIECE as u64 / 2 / average).max(1);
        loop {
            let start = (at + 1).saturating_sub(count);
            let piece = self.page_of(log, index, start, at + 1 - start, PIECE).await?;
            if piece.lines.last().is_none_or(|last| last.number == at) {
                return Ok(piece);
            }
            count = (count / 4).max(1);
        }
    }
}

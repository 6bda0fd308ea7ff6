//! Finds the lines that somebody wants to see.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use treeherder_logparse::{
    DecodeError, Decoder, IndexOptions, LineCollector, LogIndex, LogLine, LogParser, Parser, Rules,
};

use super::ViewError;
use super::cache::PartCache;
use super::follow::LogFollower;
use super::source::LogSource;
use crate::http::Client;
use crate::log::ParsePool;
use crate::store::Store;
use crate::store::entity::job_log;

/// Bytes that are gathered before a thread is asked for, while an index is made.
const GATHERED_BYTES: usize = 256 << 10;

/// The settings of a viewer; start from the default and change fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewOptions {
    /// Bytes of compressed parts that are kept in memory; 64 MiB by default.
    pub cache: usize,
    /// Bytes of text that one page has at most; 4 MiB by default. It ends with the line that passes them.
    pub page: usize,
    /// Bytes of a line that are shown; 64 KiB by default.
    pub line: usize,
    /// How the index of a log is made that has none.
    pub index: IndexOptions,
}

impl Default for ViewOptions {
    fn default() -> Self {
        Self { cache: 64 << 20, page: 4 << 20, line: 64 << 10, index: IndexOptions::default() }
    }
}

/// Some lines of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogPage {
    /// The lines, in order; fewer than asked for at the end of the log, or when they are long.
    pub lines: Vec<LogLine>,
    /// Lines of the whole log.
    pub total_lines: u64,
    /// Bytes of the whole log, decoded.
    pub total_bytes: u64,
}

/// Shows lines of logs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LogViewer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    client: Client,
    pool: ParsePool,
    rules: Option<Rules>,
    options: ViewOptions,
    cache: PartCache,
    /// Those that make an index right now: two people who open the same log wait for one.
    making: Mutex<HashMap<i32, Weak<tokio::sync::Mutex<()>>>>,
}

impl Shared {
    fn parser(&self) -> Parser {
        let parser = Parser::builder();
        match &self.rules {
            Some(rules) => parser.rules(rules.clone()).build(),
            None => parser.build(),
        }
    }
}

impl LogViewer {
    /// Makes a viewer of logs that `client` may fetch; `pool` inflates them, `rules` tell the failure lines of those that
    /// are followed (Treeherder's own when absent).
    #[must_use]
    pub fn new(
        store: Store,
        client: Client,
        pool: ParsePool,
        rules: Option<Rules>,
        options: ViewOptions,
    ) -> Self {
        let (cache, making) = (PartCache::new(options.cache), Mutex::default());
        Self { shared: Arc::new(Shared { store, client, pool, rules, options, cache, making }) }
    }

    /// Returns at most `count` lines from line `start` on, counted from 0.
    ///
    /// # Errors
    /// When the log cannot be fetched or decoded any more, or the database fails.
    pub async fn lines(&self, log: &job_log::Model, start: u64, count: u64) -> Result<LogPage, ViewError> {
        let mut index = self.index(log).await?;
        match self.page(log, &index, start, count).await {
            // The log is another one by now: its index has to be made anew, once.
            Err(ViewError::Changing | ViewError::Decode(_)) => {
                self.shared.cache.forget(log.id);
                index = self.make_index(log).await?;
                self.page(log, &index, start, count).await
            }
            page => page,
        }
    }

    /// Returns the index of a log, made now if there is none.
    ///
    /// # Errors
    /// As [`lines`](Self::lines).
    pub async fn index(&self, log: &job_log::Model) -> Result<LogIndex, ViewError> {
        if let Some(index) = self.shared.store.log_index(log.id).await? {
            return Ok(index);
        }
        let making = self.making(log.id);
        let _alone = making.lock().await;
        match self.shared.store.log_index(log.id).await? {
            Some(index) => Ok(index),
            None => self.make_index(log).await,
        }
    }

    fn making(&self, log_id: i32) -> Arc<tokio::sync::Mutex<()>> {
        let mut making = self.shared.making.lock().unwrap_or_else(PoisonError::into_inner);
        making.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = making.get(&log_id).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::default();
        making.insert(log_id, Arc::downgrade(&lock));
        lock
    }

    async fn source(&self, log: &job_log::Model) -> Result<LogSource, ViewError> {
        let Shared { store, client, .. } = &*self.shared;
        Ok(match store.kept_log(log.id).await? {
            Some(kept) => LogSource::Kept { store: store.clone(), log: kept },
            None => LogSource::Remote { client: client.clone(), url: log.url.clone() },
        })
    }

    /// Follows a log that is complete from its start, leaving out the lines before `from`.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub async fn follow(&self, log: &job_log::Model, from: u64) -> Result<LogFollower, ViewError> {
        let (source, shared) = (self.source(log).await?, &self.shared);
        LogFollower::of(source, shared.pool.clone(), shared.parser(), from).await
    }

    /// Follows the log at `url`, which may still be written, leaving out the lines before `from`.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub async fn follow_url(&self, url: &str, from: u64) -> Result<LogFollower, ViewError> {
        let shared = &self.shared;
        LogFollower::open(&shared.client, url, shared.pool.clone(), shared.parser(), from).await
    }

    /// Reads the whole log once.
    async fn make_index(&self, log: &job_log::Model) -> Result<LogIndex, ViewError> {
        let source = self.source(log).await?;
        let mut whole = source.open().await?;
        let mut parser = LogParser::new(Parser::new()).with_index(self.shared.options.index);
        loop {
            let mut pieces = Vec::new();
            let mut bytes = 0;
            let mut is_last = false;
            while bytes < GATHERED_BYTES && !is_last {
                match whole.chunk().await? {
                    Some(piece) => {
                        bytes += piece.len();
                        pieces.push(piece);
                    }
                    None => is_last = true,
                }
            }
            parser = self.shared.pool.run(move || fed(parser, &pieces)).await?;
            if is_last {
                break;
            }
        }
        let (_, index) = parser.finish_indexed(&mut |_| {});
        self.shared.store.store_log_index(log.id, &index).await?;
        Ok(index)
    }

    /// The threads that inflate and look through logs.
    pub(super) fn pool(&self) -> &ParsePool {
        &self.shared.pool
    }

    async fn page(
        &self,
        log: &job_log::Model,
        index: &LogIndex,
        start: u64,
        count: u64,
    ) -> Result<LogPage, ViewError> {
        self.page_of(log, index, start, count, self.shared.options.page).await
    }

    /// Reads lines until there are `count`, or they have `most_bytes`.
    pub(super) async fn page_of(
        &self,
        log: &job_log::Model,
        index: &LogIndex,
        start: u64,
        count: u64,
        most_bytes: usize,
    ) -> Result<LogPage, ViewError> {
        let end = start.saturating_add(count).min(index.lines);
        let mut page =
            LogPage { lines: Vec::new(), total_lines: index.lines, total_bytes: index.decoded_bytes };
        if start >= end {
            return Ok(page);
        }
        let line = self.shared.options.line;
        let source = self.source(log).await?;
        let segment = index.segment_of(start);
        let lines =
            LineCollector::new(segment.lines(), start..end).most_bytes(most_bytes).most_line_bytes(line);
        let mut reading = (segment.decoder(), lines);
        for number in segment.number..index.segments() {
            let bytes = self.part(log.id, &source, index, number).await?;
            reading = self.shared.pool.run(move || read(reading, &bytes)).await?;
            if reading.1.is_done() {
                break;
            }
        }
        let (decoder, mut lines) = reading;
        decoder.finish(&mut |text| lines.feed(text));
        page.lines = lines.finish();
        Ok(page)
    }

    /// Returns the raw bytes of a segment.
    async fn part(
        &self,
        log_id: i32,
        source: &LogSource,
        index: &LogIndex,
        number: usize,
    ) -> Result<Bytes, ViewError> {
        if let Some(bytes) = self.shared.cache.get((log_id, number)) {
            return Ok(bytes);
        }
        let segment = index.segment(number);
        let range = segment.compressed_offset()..segment.compressed_end();
        let expected = range.end - range.start;
        let part = source.part(range).await?;
        if part.bytes.len() as u64 != expected || part.of.is_some_and(|of| of != index.compressed_bytes) {
            return Err(ViewError::Changing);
        }
        self.shared.cache.put((log_id, number), part.bytes.clone());
        Ok(part.bytes)
    }
}

fn fed(mut parser: LogParser, pieces: &[Bytes]) -> Result<LogParser, DecodeError> {
    for piece in pieces {
        parser.feed(piece, &mut |_| {})?;
    }
    Ok(parser)
}

/// Bytes that are decoded before it is looked whether there is enough.
const STEP: usize = 16 << 10;

fn read(
    (mut decoder, mut lines): (Decoder, LineCollector),
    bytes: &Bytes,
) -> Result<(Decoder, LineCollector), DecodeError> {
    for piece in bytes.chunks(STEP) {
        decoder.push(piece, &mut |text| lines.feed(text))?;
        if lines.is_done() {
            break;
        }
    }
    Ok((decoder, lines))
}

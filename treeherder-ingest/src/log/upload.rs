//! A log that comes to us instead of being fetched: parsed, and kept, while it arrives.

use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use treeherder_logparse::DecodeError;

use super::parse::{ParsedLog, Scan};
use super::{ParseLogOptions, ParsePool};
use crate::store::{KEPT_CHUNK, Store, StoreError};

/// First bytes of a gzipped log.
const GZIP: [u8; 2] = [0x1F, 0x8B];
/// Bytes that are gathered before a thread is asked for.
const GATHERED_BYTES: usize = 128 << 10;

/// Why an upload failed; nothing of it counts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// Its compressed data is damaged, or it is longer than the limit.
    #[error("cannot decode the log: {0}")]
    Decode(#[from] DecodeError),
    /// It ends in the middle of its compressed data.
    #[error("the compressed log ends early, after {bytes} bytes")]
    Truncated {
        /// Bytes that came.
        bytes: u64,
    },
    /// More bytes than are taken.
    #[error("the log is longer than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// It could not be compressed.
    #[error("cannot compress the log: {0}")]
    Compress(#[from] io::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an upload came to.
#[derive(Debug)]
pub(crate) struct Uploaded {
    /// What the log says.
    pub(crate) parsed: ParsedLog,
    /// Key of the kept log.
    pub(crate) kept_id: i64,
    /// Its raw bytes.
    pub(crate) bytes: u64,
}

/// An upload under way. What it takes in memory is bounded whatever the log.
#[derive(Debug)]
pub(crate) struct LogUpload<'a> {
    store: &'a Store,
    pool: &'a ParsePool,
    kept_id: i64,
    limit: u64,
    received: u64,
    gathered: Vec<u8>,
    work: Option<Box<Work>>,
    chunks: i32,
    stored: u64,
}

/// What moves from thread to thread.
struct Work {
    scan: Scan,
    /// A plain log is compressed on the way; nothing for one that is gzipped already.
    gzip: Option<GzEncoder<Vec<u8>>>,
    begun: bool,
    /// Raw bytes that are parsed and not stored yet.
    raw: Vec<u8>,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Work").field("raw", &self.raw.len()).finish_non_exhaustive()
    }
}

impl<'a> LogUpload<'a> {
    /// Begins an upload of at most `limit` bytes; `name` is for log messages.
    pub(crate) async fn begin(
        store: &'a Store,
        pool: &'a ParsePool,
        name: &str,
        options: ParseLogOptions<'_>,
        limit: u64,
    ) -> Result<Self, UploadError> {
        let scan = Scan::new(name, options);
        let work = Work { scan, gzip: None, begun: false, raw: Vec::new() };
        Ok(Self {
            store,
            pool,
            kept_id: store.begin_kept_log().await?,
            limit,
            received: 0,
            gathered: Vec::new(),
            work: Some(Box::new(work)),
            chunks: 0,
            stored: 0,
        })
    }

    /// Takes the next piece; whoever sends waits until it is dealt with.
    pub(crate) async fn feed(&mut self, piece: &Bytes) -> Result<(), UploadError> {
        self.received += piece.len() as u64;
        if self.received > self.limit {
            return Err(UploadError::TooLarge { limit: self.limit });
        }
        self.gathered.extend_from_slice(piece);
        if self.gathered.len() >= GATHERED_BYTES {
            self.work_off(false).await?;
        }
        Ok(())
    }

    /// Ends the upload. The log is kept, but belongs to no job yet.
    pub(crate) async fn finish(&mut self) -> Result<Uploaded, UploadError> {
        self.work_off(true).await?;
        let Some(work) = self.work.take() else { return Err(lost().into()) };
        let parsed = work.scan.finish();
        if parsed.report.decoded.truncated {
            return Err(UploadError::Truncated { bytes: self.received });
        }
        Ok(Uploaded { parsed, kept_id: self.kept_id, bytes: self.stored })
    }

    /// Gives the upload up.
    pub(crate) async fn abort(self) {
        if let Err(error) = self.store.drop_kept_log(self.kept_id).await {
            tracing::warn!(%error, "an unfinished upload stays for some hours");
        }
    }

    /// Parses what is gathered and stores what is parsed.
    async fn work_off(&mut self, is_last: bool) -> Result<(), UploadError> {
        let gathered = std::mem::take(&mut self.gathered);
        let Some(mut work) = self.work.take() else { return Err(lost().into()) };
        let worked = self.pool.run(move || work.take(&gathered, is_last).map(|()| work)).await?;
        let work = self.work.insert(worked);
        let mut from = 0;
        while work.raw.len() - from >= KEPT_CHUNK || (is_last && from < work.raw.len()) {
            let chunk = &work.raw[from..work.raw.len().min(from + KEPT_CHUNK)];
            self.store.add_kept_chunk(self.kept_id, self.chunks, chunk).await?;
            from += chunk.len();
            self.stored += chunk.len() as u64;
            self.chunks += 1;
        }
        work.raw.drain(..from);
        Ok(())
    }
}

impl Work {
    fn take(&mut self, text: &[u8], is_last: bool) -> Result<(), UploadError> {
        if !self.begun && !text.is_empty() {
            self.begun = true;
            self.gzip =
                (!text.starts_with(&GZIP)).then(|| GzEncoder::new(Vec::new(), Compression::default()));
        }
        let start = self.raw.len();
        match &mut self.gzip {
            None => self.raw.extend_from_slice(text),
            Some(gzip) => {
                gzip.write_all(text)?;
                self.raw.append(gzip.get_mut());
            }
        }
        if is_last && let Some(gzip) = self.gzip.take() {
            self.raw.extend_from_slice(&gzip.finish()?);
        }
        Ok(self.scan.feed(&self.raw[start..])?)
    }
}

/// A piece of work that panicked took the state along.
fn lost() -> io::Error {
    io::Error::other("an earlier piece of the log failed")
}

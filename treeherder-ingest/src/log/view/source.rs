//! Where the raw bytes of a log are.

use std::ops::Range;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::ViewError;
use crate::http::header::{CONTENT_RANGE, RANGE};
use crate::http::{BodyStream, Client, StatusCode, StreamLimits, StreamResponse};
use crate::store::{KeptLog, Store};

/// Longest wait for a server that has the log.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// Longest time that a whole log is read.
const TOTAL_TIME: Duration = Duration::from_secs(900);
/// Most bytes of a log that are read.
const MOST_BYTES: u64 = 4 << 30;

/// A log where it is.
#[derive(Clone, Debug)]
pub(super) enum LogSource {
    /// On a server.
    Remote { client: Client, url: String },
    /// In the table of kept logs.
    Kept { store: Store, log: KeptLog },
}

/// A range of a log.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) bytes: Bytes,
    /// Bytes of the whole log, if the source says it.
    pub(super) of: Option<u64>,
}

impl LogSource {
    /// Reads a range of the raw log; it is shorter where the log ends before.
    pub(super) async fn part(&self, range: Range<u64>) -> Result<Part, ViewError> {
        match self {
            Self::Remote { client, url } => remote_part(client, url, range).await,
            Self::Kept { store, log } => {
                let bytes = store.kept_log_part(log, range).await?.ok_or(ViewError::Gone)?;
                Ok(Part { bytes, of: Some(log.bytes) })
            }
        }
    }

    /// Opens the whole log.
    pub(super) async fn open(&self) -> Result<Whole, ViewError> {
        match self {
            Self::Remote { client, url } => {
                Ok(Whole::Remote(Box::new(client.get(url).stream(limits()).await?.body)))
            }
            Self::Kept { .. } => Ok(Whole::Kept { source: self.clone(), at: 0 }),
        }
    }
}

/// A log that is read from its start.
pub(super) enum Whole {
    Remote(Box<BodyStream>),
    Kept { source: LogSource, at: u64 },
}

impl Whole {
    /// Waits for the next piece.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, ViewError> {
        match self {
            Self::Remote(body) => Ok(body.chunk().await?),
            Self::Kept { source, at } => {
                let part = source.part(*at..*at + (1 << 20)).await?;
                *at += part.bytes.len() as u64;
                Ok((!part.bytes.is_empty()).then_some(part.bytes))
            }
        }
    }
}

fn limits() -> StreamLimits {
    StreamLimits { max_bytes: MOST_BYTES, idle_timeout: IDLE_TIME, total_timeout: Some(TOTAL_TIME) }
}

async fn remote_part(client: &Client, url: &str, range: Range<u64>) -> Result<Part, ViewError> {
    if range.is_empty() {
        return Ok(Part { bytes: Bytes::new(), of: None });
    }
    let asked = format!("bytes={}-{}", range.start, range.end - 1);
    let opened = client.get(url).header(RANGE, &asked).stream(limits()).await?;
    let wanted = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    let (mut skipped, of) = match content_range(&opened) {
        Some((start, of)) if start <= range.start => (range.start - start, of),
        Some(_) => return Err(ViewError::Changing),
        // A server that does not know ranges sends all of it.
        None => (range.start, opened.content_length),
    };
    let mut body = opened.body;
    let mut bytes = BytesMut::new();
    while bytes.len() < wanted {
        let Some(piece) = body.chunk().await? else { break };
        let skip = usize::try_from(skipped).unwrap_or(usize::MAX).min(piece.len());
        skipped -= skip as u64;
        let rest = &piece[skip..];
        bytes.extend_from_slice(&rest[..rest.len().min(wanted - bytes.len())]);
    }
    Ok(Part { bytes: bytes.freeze(), of })
}

/// The start of what a partial answer has, and the length of the whole.
fn content_range(opened: &StreamResponse) -> Option<(u64, Option<u64>)> {
    if opened.status != StatusCode::PARTIAL_CONTENT {
        return None;
    }
    let text = opened.headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, of) = text.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-')?.0.trim().parse().ok()?;
    Some((start, of.trim().parse().ok()))
}

//! A log that is kept gzipped, for clients that do not take gzip.

use axum::body::Bytes;
use treeherder_ingest::store::StoreError;
use treeherder_logparse::{DecodeError, Decoder};

use super::whole::Pieces;

/// Compressed bytes that are inflated at once. What they become is in memory: a thousand times as much at worst, with gzip.
const STEP: usize = 4 << 10;

/// Why a log breaks off.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be inflated.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// A log that is inflated while it is sent.
pub(super) struct Inflated {
    pieces: Pieces,
    /// What was read and is not inflated yet.
    rest: Bytes,
    /// Nothing once the log has ended.
    decoder: Option<Decoder>,
}

impl Inflated {
    /// Makes one of the pieces of a log.
    pub(super) fn new(pieces: Pieces) -> Self {
        Self { pieces, rest: Bytes::new(), decoder: Some(Decoder::new()) }
    }

    /// Returns the next text; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            if self.rest.is_empty() {
                match self.pieces.next().await? {
                    Some(piece) => self.rest = piece,
                    None => return Ok(self.last()),
                }
            }
            let text = self.step()?;
            if !text.is_empty() {
                return Ok(Some(text.into()));
            }
        }
    }

    fn step(&mut self) -> Result<Vec<u8>, DecodeError> {
        let step = self.rest.split_to(self.rest.len().min(STEP));
        let mut text = Vec::new();
        if let Some(decoder) = &mut self.decoder {
            decoder.push(&step, &mut |decoded| text.extend_from_slice(decoded))?;
        }
        Ok(text)
    }

    fn last(&mut self) -> Option<Bytes> {
        let mut text = Vec::new();
        self.decoder.take()?.finish(&mut |decoded| text.extend_from_slice(decoded));
        (!text.is_empty()).then(|| text.into())
    }
}

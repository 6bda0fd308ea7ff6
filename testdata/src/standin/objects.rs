//! Object storage: artifacts as bytes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzEncoder;

use super::body;
use super::server::State;
use crate::logs::{LogReader, LogSpec, Packing, pack};
use crate::scenario::{Artifact, ArtifactBody, Delivery};

/// Logs up to this size are made whole and kept; larger ones are made while they are sent.
const WHOLE: u64 = 4_000_000;
/// How many compressed bytes are kept.
const KEPT: usize = 96 * 1024 * 1024;

/// Compressed logs that are asked for again.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    inner: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: HashMap<(LogSpec, Packing), Bytes>,
    order: VecDeque<(LogSpec, Packing)>,
    size: usize,
}

impl Cache {
    fn get(&self, key: &(LogSpec, Packing)) -> Option<Bytes> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).bytes.get(key).cloned()
    }

    fn keep(&self, key: (LogSpec, Packing), bytes: Bytes) {
        let mut kept = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        kept.size += bytes.len();
        kept.order.push_back(key.clone());
        if let Some(before) = kept.bytes.insert(key, bytes) {
            kept.size -= before.len();
        }
        while kept.size > KEPT {
            let Some(oldest) = kept.order.pop_front() else { break };
            if let Some(bytes) = kept.bytes.remove(&oldest) {
                kept.size -= bytes.len();
            }
        }
    }
}

/// Answers with an artifact; `before` is how often it was asked for already.
pub(crate) async fn serve(state: &State, artifact: &Artifact, before: u64) -> Response {
    match artifact.delivery {
        Delivery::Status(code) => return body::status(code),
        Delivery::ServerErrors(times) if before < u64::from(times) => return body::status(500),
        _ => {}
    }
    let packing = artifact.delivery.packing();
    let mut response = match &artifact.body {
        ArtifactBody::Log(spec) => match artifact.delivery {
            Delivery::Live(rate) => {
                body::slow(body::from_reader(LogReader::new(spec)).into_response(), rate, state.closing())
            }
            _ => log(state, spec, packing).await,
        },
        ArtifactBody::Summary(spec) => gzip_text(spec.text().0.as_bytes()),
        ArtifactBody::Perf(spec) => gzip_text(spec.text().as_bytes()),
        ArtifactBody::Filler => b"a picture, as it were".as_slice().into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(artifact.content_type));
    if !matches!(artifact.delivery, Delivery::Plain | Delivery::Live(_)) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

async fn log(state: &State, spec: &LogSpec, packing: Packing) -> Response {
    if spec.bytes > WHOLE && packing == Packing::Gzip {
        return body::from_reader(GzEncoder::new(LogReader::new(spec), Compression::default()))
            .into_response();
    }
    let key = (spec.clone(), packing);
    if let Some(bytes) = state.cache.get(&key) {
        return bytes.into_response();
    }
    let spec = spec.clone();
    match tokio::task::spawn_blocking(move || pack(&spec, packing)).await {
        Ok(Ok((bytes, _))) => {
            let bytes = Bytes::from(bytes);
            state.cache.keep(key, bytes.clone());
            bytes.into_response()
        }
        _ => body::status(500),
    }
}

fn gzip_text(text: &[u8]) -> Response {
    let mut bytes = Vec::new();
    match std::io::Read::read_to_end(&mut GzEncoder::new(text, Compression::default()), &mut bytes) {
        Ok(_) => bytes.into_response(),
        Err(_) => body::status(500),
    }
}

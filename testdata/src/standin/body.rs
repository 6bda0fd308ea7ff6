//! Bodies that are made while they are sent.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::sync::{mpsc, watch};

const PIECE: usize = 64 * 1024;

/// Answers with JSON.
pub(crate) fn json(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], value.to_string()).into_response()
}

/// Answers with a status and the kind of body that Taskcluster sends with errors.
pub(crate) fn status(code: u16) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = status.canonical_reason().unwrap_or("Error").replace(' ', "");
    let value = serde_json::json!({"code": code, "message": "The stand-in was told to answer so.", "requestInfo": {}});
    (status, json(&value)).into_response()
}

/// Streams what a reader gives; reading happens on a thread of its own and stops when nobody takes more.
pub(crate) fn from_reader(mut reader: impl Read + Send + 'static) -> Body {
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let sent = match reader.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => {
                    piece.truncate(n);
                    sender.blocking_send(Ok(piece.into()))
                }
                Err(error) => sender.blocking_send(Err(error)),
            };
            if sent.is_err() {
                return;
            }
        }
    });
    Body::from_stream(stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    }))
}

/// A body of log lines that only ends when the server does.
pub(crate) fn endless(closing: watch::Receiver<bool>) -> Body {
    let piece = Bytes::from("[task 2026-03-02T09:58:31.699Z] and on it goes\n".repeat(512));
    Body::from_stream(stream::unfold(closing, move |closing| {
        let piece = piece.clone();
        async move {
            // A pause for the other requests of the same thread.
            tokio::task::yield_now().await;
            let closed = *closing.borrow();
            (!closed).then_some((Ok::<_, io::Error>(piece), closing))
        }
    }))
}

/// Sends the first `n` bytes of an answer and breaks the connection.
pub(crate) async fn cut(response: Response, n: u64) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let n = usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len().max(n + 1) as u64));
    let pieces = [Ok(bytes.slice(..n)), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    // The pause lets the first piece leave before the connection breaks.
    let body = Body::from_stream(stream::iter(pieces).then(|piece| async move {
        if piece.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        piece
    }));
    Response::from_parts(parts, body)
}

/// Sends an answer at `rate` bytes per second.
pub(crate) fn slow(response: Response, rate: u32, closing: watch::Receiver<bool>) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let step = (rate / 10).max(1) as usize;
    let body = body.into_data_stream().flat_map(move |piece| {
        let pieces: Vec<_> = match piece {
            Ok(bytes) => (0..bytes.len())
                .step_by(step)
                .map(|at| Ok(bytes.slice(at..bytes.len().min(at + step))))
                .collect(),
            Err(error) => vec![Err(error)],
        };
        stream::iter(pieces)
    });
    let body = body.then(move |piece| {
        let mut closing = closing.clone();
        async move {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(100)) => piece,
                _ = closing.wait_for(|closing| *closing) => Err(axum::Error::new(io::Error::from(io::ErrorKind::ConnectionAborted))),
            }
        }
    });
    Response::from_parts(parts, Body::from_stream(body))
}

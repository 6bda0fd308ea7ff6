//! Compressed bodies (§1.1).
//!
//! An answer that is there as a whole is compressed as a whole ([`whole`]), by a compressor that its thread keeps: making one ready was a twelfth of
//! what the details of a job cost. What comes bit by bit, or is very long, is compressed as it comes ([`layer`]).

use std::cell::RefCell;

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use flate2::{Compress, Compression, FlushCompress, Status};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, NotForContentType, Predicate as _, SizeAbove};

/// Bodies below this many bytes are sent as they are.
const SMALLEST: u64 = 200;

/// Longer bodies are compressed part by part: others wait while one is compressed.
const LONGEST: u64 = 4 << 20;

/// Room for the answer of a compressor at each step.
const STEP: usize = 32 << 10;

/// The greatest window that there is.
const WINDOW_BITS: u8 = 15;

/// Neither streams of events, which must not wait for a full buffer, nor images, which are compressed already.
type OfTypes = And<NotForContentType, NotForContentType>;

/// Worth being compressed: of such a type, and long enough.
type WorthIt = And<SizeAbove, OfTypes>;

fn of_types() -> OfTypes {
    NotForContentType::SSE.and(NotForContentType::IMAGES)
}

fn worth_it() -> WorthIt {
    SizeAbove::new(SMALLEST).and(of_types())
}

/// Compresses bodies for clients that take it. The fastest level takes a third of the time of the usual one for lists of jobs.
pub(super) fn layer() -> CompressionLayer<WorthIt> {
    CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(worth_it())
}

/// As [`layer`], which it comes before, for bodies that are there as a whole.
pub(super) async fn whole(request: Request, next: Next) -> Response {
    let is_taken = takes_gzip(request.headers());
    let is_head = request.method() == Method::HEAD;
    let mut response = next.run(request).await;
    if is_head {
        tell_head(&mut response, is_taken);
        return response;
    }
    let is_whole = response.body().size_hint().exact().is_some_and(|length| length <= LONGEST);
    if !is_taken || !is_whole || is_final(response.headers()) || !worth_it().should_compress(&response) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(content) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Some(gzipped) = gzip(&content) else { return Response::from_parts(parts, content.into()) };
    tell(&mut parts.headers);
    Response::from_parts(parts, gzipped.into())
}

/// Tells of an answer that has lost its body, since only its head was asked for, what would be told of it as a whole. Its length is not
/// known without compressing it.
fn tell_head(response: &mut Response, is_taken: bool) {
    let headers = response.headers();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let is_long = length.is_some_and(|length: u64| length >= SMALLEST);
    if !is_long || is_final(headers) || !of_types().should_compress(response) {
        return;
    }
    if is_taken {
        tell(response.headers_mut());
    } else {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

fn is_final(headers: &HeaderMap) -> bool {
    headers.contains_key(header::CONTENT_ENCODING) || headers.contains_key(header::CONTENT_RANGE)
}

fn tell(headers: &mut HeaderMap) {
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::ACCEPT_RANGES);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
}

/// Whether a client takes what is compressed.
pub(in crate::web) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepts.unwrap_or_default().split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && !parts.any(is_never)
    })
}

/// Whether a parameter of a coding says that it is not taken; zero has up to three decimals.
fn is_never(parameter: &str) -> bool {
    let weight = parameter.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weight.is_some_and(|(_, weight)| weight.trim().parse() == Ok(0.0_f32))
}

/// Compresses a body; nothing when that does not work, which is not known to happen.
fn gzip(content: &[u8]) -> Option<Vec<u8>> {
    thread_local! {
        static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new_gzip(Compression::fast(), WINDOW_BITS));
    }
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let mut gzipped = Vec::with_capacity(content.len() / 4 + 1024);
        loop {
            // Never more than is there.
            let rest = content.get(usize::try_from(compressor.total_in()).ok()?..)?;
            match compressor.compress_vec(rest, &mut gzipped, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return Some(gzipped),
                Ok(Status::Ok) => gzipped.reserve(STEP),
                Ok(Status::BufError) | Err(_) => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::Read as _;

    use axum::Router;
    use axum::body::{Body, Bytes};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use flate2::read::GzDecoder;
    use futures_util::stream;
    use tower::ServiceExt as _;

    use super::*;

    fn decompressed(gzipped: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        GzDecoder::new(gzipped).read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn each_body_is_a_gzip_file_of_its_own() {
        let noise = (0..300_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8);
        let noise: Vec<u8> = noise.collect();
        for content in [&noise[..], b"", b"[]", &noise[..1000], "{\"results\":[]}".repeat(90_000).as_bytes()]
        {
            assert!(decompressed(&gzip(content).unwrap()) == content, "{} bytes", content.len());
        }
    }

    #[tokio::test]
    async fn whole_answers_are_compressed_for_those_who_take_it() {
        let text = "jobs and pushes ".repeat(100);
        let streamed = text.clone();
        let routes = Router::new()
            .route("/whole", get(async || ([(header::CONTENT_LENGTH, text.len())], text)))
            .route("/short", get(async || "jobs"))
            .route("/done", get(async || ([(header::CONTENT_ENCODING, "br")], "x".repeat(500))))
            .route("/picture", get(async || ([(header::CONTENT_TYPE, "image/png")], "x".repeat(500))))
            .route(
                "/stream",
                get(async || Body::from_stream(stream::iter([Ok::<_, Infallible>(Bytes::from(streamed))]))),
            )
            .layer(from_fn(whole));
        for (path, accepted, coding) in [
            ("/whole", "gzip", Some("gzip")),
            ("/whole", "br, gzip;q=0.5", Some("gzip")),
            ("/whole", "gzip;q=0", None),
            ("/whole", "gzip; q=0.000", None),
            ("/whole", "GZIP;q=0.001", Some("gzip")),
            ("/whole", "br", None),
            ("/short", "gzip", None),
            ("/done", "gzip", Some("br")),
            ("/picture", "gzip", None),
            // It is left to the layer that compresses what comes bit by bit.
            ("/stream", "gzip", None),
        ] {
            let asked = Request::builder().uri(path).header(header::ACCEPT_ENCODING, accepted);
            let answer = routes.clone().oneshot(asked.body(Body::empty()).unwrap()).await.unwrap();
            let header = |name| {
                answer.headers().get(name).map(|value: &HeaderValue| value.to_str().unwrap().to_owned())
            };
            assert_eq!(header(header::CONTENT_ENCODING).as_deref(), coding, "{path} {accepted}");
            let (length, vary) = (header(header::CONTENT_LENGTH), header(header::VARY));
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            if coding == Some("gzip") {
                assert_eq!(decompressed(&body), "jobs and pushes ".repeat(100).as_bytes());
                assert_eq!(vary.as_deref(), Some("accept-encoding"));
                assert_eq!(length, Some(body.len().to_string()), "not that of the body as it was");
            } else {
                assert_eq!(vary, None, "{path} {accepted}");
            }
        }
    }
}

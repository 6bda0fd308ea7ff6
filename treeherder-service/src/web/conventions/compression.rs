//! Compressed bodies (§1.1).

use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, NotForContentType, Predicate as _, SizeAbove};

/// Bodies below this many bytes are sent as they are.
const SMALLEST: u64 = 200;

/// Neither streams of events, which must not wait for a full buffer, nor images, which are compressed already.
type WorthIt = And<And<SizeAbove, NotForContentType>, NotForContentType>;

/// Compresses bodies for clients that take it. The fastest level takes a third of the time of the usual one for lists of jobs.
pub(super) fn layer() -> CompressionLayer<WorthIt> {
    let worth_it = SizeAbove::new(SMALLEST).and(NotForContentType::SSE).and(NotForContentType::IMAGES);
    CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(worth_it)
}

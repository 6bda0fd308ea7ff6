//! Reading lines from the middle of a log: an index of places at which its decoder can begin.
//!
//! A gzipped log can only be inflated from its start, unless one knows the state of the inflater at some other place. Between
//! two blocks of a deflate stream that state is small: which bit comes next, and the 32 KiB of text before it. While a
//! [`LogParser`](crate::LogParser) reads a log it notes such a [`Checkpoint`] every few megabytes, with the number of lines
//! so far; together they are the log's [`LogIndex`]. With it, line 4,000,000 of a log of 500 MB is found by inflating a few
//! megabytes at most.
//!
//! ```
//! # use std::io::Write as _;
//! use treeherder_logparse::{Event, IndexOptions, LineCollector, LogParser, Parser};
//!
//! # let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
//! # for number in 0..200_000 { writeln!(gzip, "line {number} of a log, {:x}", number * 2654435761_u64).unwrap(); }
//! # let log = gzip.finish().unwrap();
//! let mut parser = LogParser::new(Parser::new()).with_index(IndexOptions::every(1 << 20));
//! parser.feed(&log, &mut |_: Event<'_>| {})?;
//! let (_report, index) = parser.finish_indexed(&mut |_: Event<'_>| {});
//!
//! // Later, or somewhere else: the lines 150,000 and 150,001.
//! let segment = index.segment_of(150_000);
//! let (mut decoder, mut lines) = (segment.decoder(), LineCollector::new(segment.lines(), 150_000..150_002));
//! let from = segment.compressed_offset() as usize;
//! assert!(from > log.len() / 2);
//! for piece in log[from..].chunks(4096) {
//!     decoder.push(piece, &mut |decoded| lines.feed(decoded))?;
//!     if lines.is_done() {
//!         break;
//!     }
//! }
//! assert!(lines.finish()[1].text.starts_with("line 150001 of a log"));
//! # Ok::<(), treeherder_logparse::DecodeError>(())
//! ```

mod align;
mod checkpoint;
mod encode;
mod index;
mod lines;
mod marker;

pub(crate) use align::resumed;
pub use checkpoint::{Checkpoint, Place};
pub use encode::IndexError;
pub use index::{IndexOptions, LogIndex, Segment};
pub use lines::{LineCollector, LogLine};
pub(crate) use marker::{Marker, Taken};

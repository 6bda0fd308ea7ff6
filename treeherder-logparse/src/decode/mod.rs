//! Compressed bytes in, decoded bytes out: gzip as it comes, or a plain log.

mod decoder;
mod error;
mod gzip;
mod log_parser;

pub use decoder::{Decoded, Decoder, Format};
pub use error::{DecodeError, DecodeErrorKind};
pub use log_parser::{LogParser, Report};

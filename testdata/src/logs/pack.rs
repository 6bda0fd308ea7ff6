//! How a log lies in storage: compressed well, badly or not at all.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::spec::{LogSpec, Truth};

/// The form in which a log is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Packing {
    /// One gzip member, the usual form.
    Gzip,
    /// Several gzip members in a row, each of about this many decompressed bytes.
    MultiMember(u32),
    /// One gzip member cut after this percentage of its bytes.
    Truncated(u8),
    /// One gzip member with a run of inverted bytes at this percentage of its bytes.
    Corrupt(u8),
    /// No byte at all.
    Empty,
    /// The text itself where gzip is expected.
    Plain,
}

/// Writes a log in the given form; the truth is that of the whole log.
///
/// Holds the compressed log in memory.
///
/// # Errors
/// None in practice: the writer is memory.
pub fn pack(spec: &LogSpec, packing: Packing) -> io::Result<(Vec<u8>, Truth)> {
    match packing {
        Packing::Plain => Ok(spec.to_bytes()),
        Packing::Empty => Ok((Vec::new(), Truth::default())),
        Packing::MultiMember(size) => {
            let mut writer = Members { size: size.max(1) as usize, written: 0, encoder: encoder() };
            let truth = spec.write_to(&mut writer)?;
            Ok((writer.encoder.finish()?, truth))
        }
        Packing::Gzip | Packing::Truncated(_) | Packing::Corrupt(_) => {
            let mut writer = encoder();
            let truth = spec.write_to(&mut writer)?;
            let mut bytes = writer.finish()?;
            damage(&mut bytes, packing);
            Ok((bytes, truth))
        }
    }
}

fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::default())
}

fn damage(bytes: &mut Vec<u8>, packing: Packing) {
    let place = |percent: u8| bytes.len() * usize::from(percent.min(100)) / 100;
    match packing {
        Packing::Truncated(percent) => bytes.truncate(place(percent)),
        Packing::Corrupt(percent) => {
            let at = place(percent);
            for byte in bytes.iter_mut().skip(at).take(64) {
                *byte = !*byte;
            }
        }
        _ => {}
    }
}

/// Ends a member and starts the next one whenever enough has been written.
#[derive(Debug)]
struct Members {
    size: usize,
    written: usize,
    encoder: GzEncoder<Vec<u8>>,
}

impl Write for Members {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written >= self.size {
            let done = std::mem::replace(&mut self.encoder, encoder()).finish()?;
            self.encoder = GzEncoder::new(done, Compression::default());
            self.written = 0;
        }
        let n = self.encoder.write(&bytes[..bytes.len().min(self.size - self.written)])?;
        self.written += n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

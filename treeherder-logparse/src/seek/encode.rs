//! The index as bytes, to be stored.

use super::{Checkpoint, LogIndex, Place};

/// First bytes of an encoded index; the last one is the version.
const MAGIC: [u8; 4] = *b"LIX\x01";
/// More checkpoints than that no index has.
const MOST: u64 = 1 << 16;

/// Bytes that are no index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a log index of this version (at byte {at})")]
pub struct IndexError {
    /// Where it shows.
    pub at: usize,
}

impl LogIndex {
    /// Encodes the index; a few kilobytes for each checkpoint.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for number in [self.lines, self.decoded_bytes, self.compressed_bytes, self.checkpoints.len() as u64] {
            push(&mut bytes, number);
        }
        for Checkpoint { place, decoded_offset, lines } in &self.checkpoints {
            let (kind, offset, window): (u8, u64, &[u8]) = match place {
                Place::Plain(offset) => (0, *offset, &[]),
                Place::Member(offset) => (1, *offset, &[]),
                Place::Block { bit_offset, window } => (2, *bit_offset, window),
            };
            bytes.push(kind);
            for number in [offset, *decoded_offset, *lines, window.len() as u64] {
                push(&mut bytes, number);
            }
            bytes.extend_from_slice(window);
        }
        bytes
    }

    /// Decodes an index.
    ///
    /// # Errors
    /// When the bytes are not an index of this version, or cut off.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        let mut reader = Reader { bytes, at: 0 };
        if reader.take(MAGIC.len() as u64)? != MAGIC {
            return Err(IndexError { at: 0 });
        }
        let (lines, decoded_bytes, compressed_bytes) = (reader.number()?, reader.number()?, reader.number()?);
        let count = reader.number()?;
        if count > MOST {
            return Err(reader.error());
        }
        let mut checkpoints = Vec::new();
        for _ in 0..count {
            let kind = reader.take(1)?[0];
            let (offset, decoded_offset, lines) = (reader.number()?, reader.number()?, reader.number()?);
            let len = reader.number()?;
            let window = reader.take(len)?.into();
            let place = match kind {
                0 => Place::Plain(offset),
                1 => Place::Member(offset),
                2 => Place::Block { bit_offset: offset, window },
                _ => return Err(reader.error()),
            };
            checkpoints.push(Checkpoint { place, decoded_offset, lines });
        }
        if reader.at != bytes.len() {
            return Err(reader.error());
        }
        Ok(Self { lines, decoded_bytes, compressed_bytes, checkpoints })
    }
}

/// Appends a number: seven bits a byte, lowest first.
fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn error(&self) -> IndexError {
        IndexError { at: self.at }
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], IndexError> {
        let end = usize::try_from(len).ok().and_then(|len| self.at.checked_add(len));
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or(self.error())?;
        self.at += taken.len();
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, IndexError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_comes_back_and_nothing_else_is_taken() {
        let checkpoints = [
            Place::Plain(5),
            Place::Member(1 << 40),
            Place::Block { bit_offset: u64::MAX, window: [1, 2, 3].into() },
        ]
        .into_iter()
        .enumerate()
        .map(|(number, place)| Checkpoint { place, decoded_offset: 1 << (number * 20), lines: number as u64 })
        .collect();
        let index = LogIndex::new(300, 1 << 33, 127, checkpoints);
        let bytes = index.to_bytes();
        assert_eq!(LogIndex::from_bytes(&bytes), Ok(index));
        for end in 0..bytes.len() {
            assert!(LogIndex::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(LogIndex::from_bytes(&longer).is_err());
        assert_eq!(LogIndex::from_bytes(b"LIX\x02"), Err(IndexError { at: 0 }));
    }
}

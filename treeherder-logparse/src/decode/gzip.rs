//! The framing of a gzip member: header before the deflate stream, trailer behind it (RFC 1952).

use super::DecodeErrorKind;

/// First bytes of a member.
pub(super) const MAGIC: [u8; 2] = [0x1F, 0x8B];

const DEFLATE: u8 = 8;
const FLAG_HEADER_CRC: u8 = 1 << 1;
const FLAG_EXTRA: u8 = 1 << 2;
const FLAG_NAME: u8 = 1 << 3;
const FLAG_COMMENT: u8 = 1 << 4;
const RESERVED_FLAGS: u8 = 0b1110_0000;
/// Magic, method, flags, time, extra flags, system.
const FIXED_LEN: usize = 10;

/// Reads a member's header byte by byte: it may come in pieces of any size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    flags: u8,
    part: Part,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Fixed(usize),
    ExtraLen { seen: usize, len: usize },
    Extra(usize),
    Name,
    Comment,
    HeaderCrc(usize),
    Done,
}

impl Header {
    /// Starts behind the first `seen` bytes of [`MAGIC`].
    pub(super) fn new(seen: usize) -> Self {
        Self { flags: 0, part: Part::Fixed(seen) }
    }

    /// Takes bytes until the header is complete; returns how many it took, and whether it is complete.
    pub(super) fn push(&mut self, input: &[u8]) -> Result<(usize, bool), (usize, DecodeErrorKind)> {
        for (taken, byte) in input.iter().enumerate() {
            if self.is_done() {
                return Ok((taken, true));
            }
            self.push_byte(*byte).map_err(|kind| (taken, kind))?;
        }
        Ok((input.len(), self.is_done()))
    }

    /// Returns how many bytes of a header came before the one that was refused.
    pub(super) fn before_refusal(&self) -> usize {
        // Only the fixed part can be wrong.
        if let Part::Fixed(at) = self.part { at } else { FIXED_LEN }
    }

    fn is_done(&self) -> bool {
        matches!(self.part, Part::Done)
    }

    fn push_byte(&mut self, byte: u8) -> Result<(), DecodeErrorKind> {
        self.part = match self.part {
            Part::Fixed(at) => {
                let good = match at {
                    0 | 1 => byte == MAGIC[at],
                    2 => byte == DEFLATE,
                    3 => {
                        self.flags = byte;
                        byte & RESERVED_FLAGS == 0
                    }
                    _ => true,
                };
                if !good {
                    return Err(DecodeErrorKind::Header);
                }
                if at + 1 < FIXED_LEN { Part::Fixed(at + 1) } else { self.after(0) }
            }
            Part::ExtraLen { seen: 0, .. } => Part::ExtraLen { seen: 1, len: usize::from(byte) },
            Part::ExtraLen { len, .. } => match len | usize::from(byte) << 8 {
                0 => self.after(FLAG_EXTRA),
                len => Part::Extra(len),
            },
            Part::Extra(1) => self.after(FLAG_EXTRA),
            Part::Extra(left) => Part::Extra(left - 1),
            Part::Name if byte == 0 => self.after(FLAG_NAME),
            Part::Comment if byte == 0 => self.after(FLAG_COMMENT),
            Part::HeaderCrc(1) => Part::Done,
            Part::HeaderCrc(left) => Part::HeaderCrc(left - 1),
            same @ (Part::Name | Part::Comment | Part::Done) => same,
        };
        Ok(())
    }

    /// Returns the first optional part that this header has behind the part of flag `done`.
    fn after(self, done: u8) -> Part {
        let parts = [
            (FLAG_EXTRA, Part::ExtraLen { seen: 0, len: 0 }),
            (FLAG_NAME, Part::Name),
            (FLAG_COMMENT, Part::Comment),
            (FLAG_HEADER_CRC, Part::HeaderCrc(2)),
        ];
        let behind = parts.iter().position(|(flag, _)| *flag == done).map_or(0, |index| index + 1);
        parts[behind..].iter().find(|(flag, _)| self.flags & flag != 0).map_or(Part::Done, |(_, part)| *part)
    }
}

/// Reads a member's trailer: checksum and length of what was decoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trailer {
    bytes: [u8; 8],
    seen: usize,
}

impl Trailer {
    /// Takes bytes until the trailer is complete; returns how many it took.
    pub(super) fn push(&mut self, input: &[u8]) -> usize {
        let taken = input.len().min(self.bytes.len() - self.seen);
        self.bytes[self.seen..self.seen + taken].copy_from_slice(&input[..taken]);
        self.seen += taken;
        taken
    }

    pub(super) fn is_complete(&self) -> bool {
        self.seen == self.bytes.len()
    }

    /// Compares with what was decoded.
    pub(super) fn check(&self, crc: u32, len: u64) -> Result<(), DecodeErrorKind> {
        let [a, b, c, d, e, f, g, h] = self.bytes;
        if u32::from_le_bytes([a, b, c, d]) != crc {
            return Err(DecodeErrorKind::Checksum);
        }
        // The trailer has the length modulo 2^32.
        if u64::from(u32::from_le_bytes([e, f, g, h])) != len & 0xFFFF_FFFF {
            return Err(DecodeErrorKind::Length);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers_with_every_part_in_any_pieces() {
        let mut bytes =
            vec![0x1F, 0x8B, 8, FLAG_EXTRA | FLAG_NAME | FLAG_COMMENT | FLAG_HEADER_CRC, 1, 2, 3, 4, 0, 3];
        bytes.extend([2, 0, 0xAA, 0xBB]);
        bytes.extend(b"name\0comment\0");
        bytes.extend([9, 9]);
        let len = bytes.len();
        bytes.extend(b"body");
        for piece in 1..bytes.len() {
            let mut header = Header::new(0);
            let mut taken = 0;
            let mut done = false;
            for chunk in bytes.chunks(piece) {
                let (more, complete) = header.push(chunk).unwrap();
                taken += more;
                done = complete;
                if complete {
                    break;
                }
            }
            assert!(done);
            assert_eq!(taken, len, "pieces of {piece}");
        }
    }

    #[test]
    fn refuses_what_is_not_gzip() {
        assert_eq!(Header::new(0).push(&[0x1F, 0x8C]), Err((1, DecodeErrorKind::Header)));
        assert_eq!(Header::new(2).push(&[7]), Err((0, DecodeErrorKind::Header)));
        assert_eq!(Header::new(2).push(&[8, 0xE0]), Err((1, DecodeErrorKind::Header)));
    }
}

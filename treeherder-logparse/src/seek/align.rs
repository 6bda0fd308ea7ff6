//! Beginning to inflate at any bit of a byte.
//!
//! An inflater begins at the first bit of a byte. To make it begin at a later one, it is given blocks that decode to nothing
//! and end just before that bit.

use zlib_rs::{Inflate, InflateError, InflateFlush};

/// Bits per window of deflate: 32 KiB.
const WINDOW_BITS: u8 = 15;

/// Bits in the order in which deflate has them: from the lowest of each byte on.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    /// Appends the lowest `count` bits of `value`, lowest first.
    fn push(&mut self, value: u16, count: u32) {
        for bit in 0..count {
            if self.len.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= u8::from(value >> bit & 1 == 1) << (self.len % 8);
            self.len += 1;
        }
    }

    /// A block with fixed codes and no text: 10 bits.
    fn push_fixed(&mut self) {
        // Not the last block; kind 1; the end of the block is code 0 of 7 bits.
        self.push(0b010, 3);
        self.push(0, 7);
    }

    /// A block with codes of its own and no text: 93 bits, an odd number.
    fn push_dynamic(&mut self) {
        // Not the last block; kind 2; 257 literal codes, 1 distance code, 19 lengths of length codes.
        self.push(0b100, 3);
        self.push(0, 5);
        self.push(0, 5);
        self.push(15, 4);
        // In the order of the format, 18 is the third and 1 the eighteenth: each gets a code of one bit, 1 and 0.
        for position in 0..19 {
            self.push(u16::from(position == 2 || position == 17), 3);
        }
        // 138 and 118 zero lengths, then the end of the block and the distance code with one bit each.
        for zeros in [138, 118] {
            self.push(1, 1);
            self.push(zeros - 11, 7);
        }
        self.push(0, 1);
        self.push(0, 1);
        // The end of the block.
        self.push(0, 1);
    }
}

/// Returns the bytes that stand for `first` when its lowest `bit` bits do not belong to the stream.
fn aligned(bit: u8, first: u8) -> Vec<u8> {
    let mut bits = Bits::default();
    if bit % 2 == 1 {
        bits.push_dynamic();
    }
    while bits.len % 8 != usize::from(bit) {
        bits.push_fixed();
    }
    match bits.bytes.last_mut() {
        Some(last) if bit > 0 => *last |= first & (0xFF << bit),
        _ => bits.bytes.push(first),
    }
    bits.bytes
}

/// Makes an inflater that goes on behind `window`, at bit `bit` of the byte `first`, which it has taken.
///
/// # Errors
/// When the inflater refuses; then the place is not one between two blocks.
pub(crate) fn resumed(
    window: &[u8],
    bit: u8,
    first: u8,
    output: &mut [u8],
) -> Result<(Inflate, usize), InflateError> {
    let mut inflate = Inflate::new(false, WINDOW_BITS);
    if !window.is_empty() {
        inflate.set_dictionary(window)?;
    }
    let bytes = aligned(bit, first);
    let mut taken = 0;
    let mut written = 0;
    while taken < bytes.len() {
        let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
        inflate.decompress(&bytes[taken..], &mut output[written..], InflateFlush::NoFlush)?;
        let now = (inflate.total_in() - before_in) as usize;
        written += (inflate.total_out() - before_out) as usize;
        if now == 0 {
            // The stream has ended inside of the byte, or there is no room.
            break;
        }
        taken += now;
    }
    Ok((inflate, written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_end_at_every_bit_and_say_nothing() {
        // A last block of fixed codes: `a`, the end.
        let mut stream = Bits::default();
        stream.push(0b011, 3);
        // The code of a literal is 0x30 + itself, 8 bits, highest bit first.
        stream.push(u16::from((0x30_u8 + b'a').reverse_bits()), 8);
        stream.push(0, 7);
        for bit in 0..8_u8 {
            let mut shifted = Bits::default();
            shifted.push(0xFF, u32::from(bit));
            for at in 0..stream.len {
                shifted.push(u16::from(stream.bytes[at / 8] >> (at % 8)), 1);
            }
            let mut output = [0; 16];
            let (mut inflate, mut written) = resumed(b"before", bit, shifted.bytes[0], &mut output).unwrap();
            let before = inflate.total_out();
            let status = inflate
                .decompress(&shifted.bytes[1..], &mut output[written..], InflateFlush::NoFlush)
                .unwrap();
            written += (inflate.total_out() - before) as usize;
            assert_eq!(
                (status, &output[..written]),
                (zlib_rs::Status::StreamEnd, b"a".as_slice()),
                "bit {bit}"
            );
        }
    }
}

//! Bytes as text.

/// Returns bytes as the text that they are; `None` when they are none.
///
/// Nearly every line is ASCII, and that is told sooner.
#[inline]
pub(crate) fn as_text(bytes: &[u8]) -> Option<&str> {
    if is_ascii(bytes) {
        // SAFETY: ASCII is UTF-8.
        return Some(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    std::str::from_utf8(bytes).ok()
}

/// Tells whether all bytes are ASCII. The standard library's test goes byte by byte over what is left behind whole
/// vectors, which is a good part of a line; here the last vector overlaps the one before.
#[inline]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    const VECTOR: usize = 32;
    const WORD: usize = 8;
    let any_high = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all | byte) >= 0x80;
    if let Some(last) = bytes.last_chunk::<VECTOR>() {
        let (vectors, _) = bytes.as_chunks::<VECTOR>();
        let mut all = *last;
        for vector in vectors {
            for (all, byte) in all.iter_mut().zip(vector) {
                *all |= byte;
            }
        }
        return !any_high(&all);
    }
    if let Some(last) = bytes.last_chunk::<WORD>() {
        let (words, _) = bytes.as_chunks::<WORD>();
        let all = words.iter().fold(u64::from_le_bytes(*last), |all, word| all | u64::from_le_bytes(*word));
        return all & 0x8080_8080_8080_8080 == 0;
    }
    !any_high(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_beyond_ascii_is_seen_wherever_it_is() {
        for len in 0..200 {
            let mut bytes = vec![b'\x7f'; len];
            assert!(is_ascii(&bytes), "{len}");
            assert_eq!(as_text(&bytes).map(str::len), Some(len));
            for at in 0..len {
                bytes[at] = 0x80;
                assert!(!is_ascii(&bytes), "{len} {at}");
                assert_eq!(as_text(&bytes), None, "{len} {at}");
                bytes[at] = b'\x7f';
            }
        }
        assert_eq!(as_text("a\u{e9}".as_bytes()), Some("a\u{e9}"));
    }
}

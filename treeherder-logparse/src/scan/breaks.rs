//! Counting line ends in bulk.

use std::ops::Range;

use super::Simd;

/// Counts line ends: LF, CR LF and lone CR, each once. A CR at the very end counts.
pub(crate) fn count_breaks(text: &[u8]) -> u64 {
    count_breaks_with(Simd::detect(), text)
}

/// Counts the line ends in `text[range]`; a CR at its end counts only when no LF follows in `text`.
pub(super) fn count_breaks_in(text: &[u8], range: Range<usize>) -> u64 {
    let split =
        text[..range.end].ends_with(b"\r") && text.get(range.end) == Some(&b'\n') && !range.is_empty();
    count_breaks(&text[range]) - u64::from(split)
}

#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calls code for a CPU feature that was detected")
)]
fn count_breaks_with(simd: Simd, text: &[u8]) -> u64 {
    let (count, counted) = match simd {
        Simd::Portable => (0, 0),
        // SAFETY: the feature was detected.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => unsafe { super::avx2::count_breaks(text) },
        // SAFETY: the features were detected.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 => unsafe { super::avx512::count_breaks(text) },
        #[cfg(not(target_arch = "x86_64"))]
        Simd::Avx2 | Simd::Avx512 => (0, 0),
    };
    count + count_breaks_portable(&text[counted..])
}

/// Written so that the compiler vectorises it: bytes are compared in pairs, counts stay within a byte.
fn count_breaks_portable(text: &[u8]) -> u64 {
    let Some((&last, _)) = text.split_last() else { return 0 };
    let ends_here =
        |byte: u8, next: u8| u8::from(byte == b'\n') | (u8::from(byte == b'\r') & u8::from(next != b'\n'));
    let mut total = 0;
    for (here, next) in text[..text.len() - 1].chunks(255).zip(text[1..].chunks(255)) {
        let count = here.iter().zip(next).fold(0_u8, |count, (byte, next)| count + ends_here(*byte, *next));
        total += u64::from(count);
    }
    total + u64::from(matches!(last, b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_counts_alike() {
        let mut text = Vec::new();
        let mut state = 1_u32;
        for _ in 0..3000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push(b"\n\r\rab\r\nxyz"[(state >> 24) as usize % 10]);
        }
        for end in [0, 1, 2, 63, 64, 65, 66, 127, 128, 129, 300, 2999, 3000] {
            let text = &text[..end];
            let mut expected = 0;
            for (at, byte) in text.iter().enumerate() {
                expected += u64::from(*byte == b'\n' || *byte == b'\r' && text.get(at + 1) != Some(&b'\n'));
            }
            for simd in Simd::available() {
                assert_eq!(count_breaks_with(simd, text), expected, "{simd} {end}");
            }
        }
    }
}

//! Block search and line-end count with AVX2.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_loadu_si128, _mm256_add_epi64, _mm256_and_si256, _mm256_andnot_si256,
    _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_extract_epi64, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_sad_epu8, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_sub_epi8,
};

use super::{Marked, WINDOW, Word, buckets::NibbleTables};

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the reference is to 32 readable bytes, and the instruction takes any alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn table(bytes: &[u8; 16]) -> __m256i {
    // SAFETY: the reference is to 16 readable bytes, and the instruction takes any alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) })
}

/// Returns the 32 bytes at `at`; `text` is known to be long enough, so the check folds away.
#[inline(always)]
fn at<const N: usize>(text: &[u8; N], at: usize) -> &[u8; 32] {
    match text[at..].first_chunk() {
        Some(chunk) => chunk,
        None => unreachable!("callers stay 32 bytes below N"),
    }
}

/// Positions that one word covers, and the bytes that deciding them takes.
const REACH: usize = 64 + WINDOW - 1;

/// Marks the positions of `text` at which a window may begin and, with `LINES`, those where lines end, for as many whole
/// words as `text` has bytes for.
///
/// # Safety
/// The CPU must have AVX2 and POPCNT.
#[target_feature(enable = "avx2,popcnt")]
pub(super) unsafe fn mark<const LINES: bool>(
    tables: &NibbleTables,
    text: &[u8],
    words: &mut [Word],
) -> Marked {
    if tables.ascii {
        mark_windows::<LINES, true>(tables, text, words)
    } else {
        mark_windows::<LINES, false>(tables, text, words)
    }
}

#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn mark_windows<const LINES: bool, const ASCII: bool>(
    tables: &NibbleTables,
    text: &[u8],
    words: &mut [Word],
) -> Marked {
    let low = [table(&tables.low[0]), table(&tables.low[1]), table(&tables.low[2])];
    let high = [table(&tables.high[0]), table(&tables.high[1]), table(&tables.high[2])];
    let nibble = _mm256_set1_epi8(0x0F);
    let zero = _mm256_setzero_si256();
    // Marks the windows and the line ends among 32 bytes.
    let half = |text: &[u8; REACH], offset: usize| -> (u64, u64) {
        let bytes = [load(at(text, offset)), load(at(text, offset + 1)), load(at(text, offset + 2))];
        let mut found = _mm256_set1_epi8(-1);
        for position in 0..WINDOW {
            let bytes = bytes[position];
            let high_index = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
            // A shuffle index of 0x80 or more yields 0, so for ASCII windows the byte itself will do.
            let low_index = if ASCII { bytes } else { _mm256_and_si256(bytes, nibble) };
            let passes = _mm256_and_si256(
                _mm256_shuffle_epi8(low[position], low_index),
                _mm256_shuffle_epi8(high[position], high_index),
            );
            found = _mm256_and_si256(found, passes);
        }
        let candidates = !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, zero)) as u32);
        let ends = if LINES { _mm256_movemask_epi8(line_ends(bytes[0], bytes[1])) as u32 } else { 0 };
        (u64::from(candidates), u64::from(ends))
    };
    let mut any = 0;
    let mut breaks = 0;
    for (word, start) in words.iter_mut().zip((0..).step_by(64)) {
        let Some(text) = text.get(start..start + REACH).and_then(|reach| reach.first_chunk()) else { break };
        let (first, second) = (half(text, 0), half(text, 32));
        let candidates = first.0 | second.0 << 32;
        any |= candidates;
        let ends = first.1 | second.1 << 32;
        *word = Word { candidates, ends, ends_before: breaks };
        breaks += u64::from(ends.count_ones());
    }
    Marked { any: any != 0, breaks }
}

/// Marks the line ends among 32 bytes with 0xFF, given the same bytes one further on: LF, and CR with no LF behind it.
#[inline]
#[target_feature(enable = "avx2")]
fn line_ends(here: __m256i, next: __m256i) -> __m256i {
    let line_feed = _mm256_set1_epi8(b'\n' as i8);
    let returns = _mm256_cmpeq_epi8(here, _mm256_set1_epi8(b'\r' as i8));
    let lone = _mm256_andnot_si256(_mm256_cmpeq_epi8(next, line_feed), returns);
    _mm256_or_si256(_mm256_cmpeq_epi8(here, line_feed), lone)
}

#[inline]
#[target_feature(enable = "avx2")]
fn sum(four: __m256i) -> u64 {
    let sum = _mm256_extract_epi64::<0>(four)
        + _mm256_extract_epi64::<1>(four)
        + _mm256_extract_epi64::<2>(four)
        + _mm256_extract_epi64::<3>(four);
    sum as u64
}

/// Counts line ends in `text`, up to a last piece of less than 65 bytes; returns the count and where it stopped.
///
/// # Safety
/// The CPU must have AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn count_breaks(text: &[u8]) -> (u64, usize) {
    let zero = _mm256_setzero_si256();
    let mut total = zero;
    let mut start = 0;
    loop {
        // A byte counts up to 255: 127 rounds of two vectors each.
        let mut counts = zero;
        for _ in 0..127 {
            let Some(chunk) = text.get(start..).and_then(|rest| rest.first_chunk::<65>()) else {
                total = _mm256_add_epi64(total, _mm256_sad_epu8(counts, zero));
                return (sum(total), start);
            };
            for offset in [0, 32] {
                counts =
                    _mm256_sub_epi8(counts, line_ends(load(at(chunk, offset)), load(at(chunk, offset + 1))));
            }
            start += 64;
        }
        total = _mm256_add_epi64(total, _mm256_sad_epu8(counts, zero));
    }
}

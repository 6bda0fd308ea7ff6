//! Block search and line-end count with AVX-512 (BW and VBMI).

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_cmpeq_epi8_mask, _mm512_loadu_si512, _mm512_permutex2var_epi8, _mm512_set1_epi8,
    _mm512_test_epi8_mask,
};

use super::{Segment, WINDOW, buckets::ByteTables};

#[inline]
#[target_feature(enable = "avx512bw,avx512vbmi")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the reference is to 64 readable bytes, and the instruction takes any alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast::<__m512i>()) }
}

/// Returns the 64 bytes at `at`; `text` is known to be long enough, so the check folds away.
#[inline(always)]
fn at<const N: usize>(text: &[u8; N], at: usize) -> &[u8; 64] {
    match text[at..].first_chunk() {
        Some(chunk) => chunk,
        None => unreachable!("callers stay 64 bytes below N"),
    }
}

/// Positions that one word covers, and the bytes that deciding them takes.
const REACH: usize = 64 + WINDOW - 1;

/// Marks the positions of `text` at which a window may begin, for as many whole words as `text` has bytes for.
///
/// # Safety
/// The CPU must have AVX-512 with BW and VBMI.
#[target_feature(enable = "avx512bw,avx512vbmi")]
pub(super) unsafe fn mark(tables: &ByteTables, text: &[u8], segment: &mut Segment) -> u64 {
    let halves = |position: usize| (load(at(&tables.bytes[position], 0)), load(at(&tables.bytes[position], 64)));
    let tables = [halves(0), halves(1), halves(2)];
    let mut any = 0;
    for (word, start) in segment.iter_mut().zip((0..).step_by(64)) {
        let Some(text) = text.get(start..).and_then(|rest| rest.first_chunk::<REACH>()) else { break };
        let passes = |position: usize| {
            let (low, high) = tables[position];
            _mm512_permutex2var_epi8(low, load(at(text, position)), high)
        };
        *word = _mm512_test_epi8_mask(_mm512_and_si512(passes(0), passes(1)), passes(2));
        any |= *word;
    }
    any
}

/// Counts line ends in `text`, up to a last piece of less than 65 bytes; returns the count and where it stopped.
///
/// # Safety
/// The CPU must have AVX-512 with BW and VBMI.
#[target_feature(enable = "avx512bw,avx512vbmi,popcnt")]
pub(super) unsafe fn count_breaks(text: &[u8]) -> (u64, usize) {
    let line_feed = _mm512_set1_epi8(b'\n' as i8);
    let carriage_return = _mm512_set1_epi8(b'\r' as i8);
    let mut total = 0;
    let mut start = 0;
    while let Some(chunk) = text.get(start..).and_then(|rest| rest.first_chunk::<65>()) {
        let here = load(at(chunk, 0));
        let line_feeds = _mm512_cmpeq_epi8_mask(here, line_feed);
        let returns = _mm512_cmpeq_epi8_mask(here, carriage_return);
        let next_is_line_feed = line_feeds >> 1 | u64::from(chunk[64] == b'\n') << 63;
        total += u64::from((line_feeds | returns & !next_is_line_feed).count_ones());
        start += 64;
    }
    (total, start)
}

//! Block search and line-end count with AVX-512 (BW and VBMI).

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_cmpeq_epi8_mask, _mm512_loadu_si512, _mm512_permutex2var_epi8,
    _mm512_set1_epi8, _mm512_test_epi8_mask,
};

use super::{Marked, WINDOW, Word, buckets::ByteTables};

#[inline]
#[target_feature(enable = "avx512bw,avx512vbmi,popcnt")]
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

/// Marks the positions of `text` at which a window may begin and, with `LINES`, those where lines end, for as many whole
/// words as `text` has bytes for.
///
/// # Safety
/// The CPU must have AVX-512 with BW and VBMI, and POPCNT.
#[target_feature(enable = "avx512bw,avx512vbmi,popcnt")]
pub(super) unsafe fn mark<const LINES: bool>(tables: &ByteTables, text: &[u8], words: &mut [Word]) -> Marked {
    let halves =
        |position: usize| (load(at(&tables.bytes[position], 0)), load(at(&tables.bytes[position], 64)));
    let tables = [halves(0), halves(1), halves(2)];
    let mut any = 0;
    let mut breaks = 0;
    for (word, start) in words.iter_mut().zip((0..).step_by(64)) {
        let Some(text) = text.get(start..).and_then(|rest| rest.first_chunk::<REACH>()) else { break };
        let here = load(at(text, 0));
        let ends = if LINES { line_ends(here, text[64]) } else { 0 };
        let passes = |position: usize, bytes: __m512i| {
            let (low, high) = tables[position];
            _mm512_permutex2var_epi8(low, bytes, high)
        };
        let first = _mm512_and_si512(passes(0, here), passes(1, load(at(text, 1))));
        let candidates = _mm512_test_epi8_mask(first, passes(2, load(at(text, 2))));
        *word = Word { candidates, ends, ends_before: breaks };
        any |= candidates;
        breaks += u64::from(ends.count_ones());
    }
    Marked { any: any != 0, breaks }
}

/// Marks the line ends among 64 bytes, given the byte behind them: LF, and CR with no LF behind it.
#[inline]
#[target_feature(enable = "avx512bw,avx512vbmi,popcnt")]
fn line_ends(here: __m512i, next: u8) -> u64 {
    let line_feeds = _mm512_cmpeq_epi8_mask(here, _mm512_set1_epi8(b'\n' as i8));
    let returns = _mm512_cmpeq_epi8_mask(here, _mm512_set1_epi8(b'\r' as i8));
    let next_is_line_feed = line_feeds >> 1 | u64::from(next == b'\n') << 63;
    line_feeds | returns & !next_is_line_feed
}

/// Counts line ends in `text`, up to a last piece of less than 65 bytes; returns the count and where it stopped.
///
/// # Safety
/// The CPU must have AVX-512 with BW and VBMI, and POPCNT.
#[target_feature(enable = "avx512bw,avx512vbmi,popcnt")]
pub(super) unsafe fn count_breaks(text: &[u8]) -> (u64, usize) {
    let mut total = 0;
    let mut start = 0;
    while let Some(chunk) = text.get(start..).and_then(|rest| rest.first_chunk::<65>()) {
        total += u64::from(line_ends(load(at(chunk, 0)), chunk[64]).count_ones());
        start += 64;
    }
    (total, start)
}

//! The prefilter: finds the literals of all rules in a block.

use super::{Simd, WINDOW, portable, window};
#[cfg(target_arch = "x86_64")]
use super::{
    SEGMENT, SEGMENT_WORDS, Segment, avx2, avx512,
    buckets::{ByteTables, NibbleTables},
};

/// A text of three bytes or more.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    bytes: Box<[u8]>,
}

impl Literal {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        debug_assert!(bytes.len() >= WINDOW, "rules refuse shorter texts");
        Self { bytes: bytes.into() }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Finds literals in blocks.
#[derive(Debug)]
pub(crate) struct Prefilter {
    literals: Vec<Literal>,
    windows: Vec<window::Window>,
    lookup: window::Lookup,
    search: Search,
}

#[derive(Debug)]
enum Search {
    Portable(portable::Search),
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<NibbleTables>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<ByteTables>),
}

impl Prefilter {
    /// Builds a prefilter that uses no more than `simd`.
    pub(crate) fn new(literals: Vec<Literal>, simd: Simd) -> Self {
        let windows = window::choose(&literals);
        let search = match simd.min(Simd::detect()) {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 if !windows.is_empty() => Search::Avx2(Box::new(NibbleTables::new(&windows))),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 if !windows.is_empty() => Search::Avx512(Box::new(ByteTables::new(&windows))),
            _ => Search::Portable(portable::Search::new(&windows)),
        };
        Self { lookup: window::Lookup::new(&windows), windows, literals, search }
    }

    /// Returns the length of a literal in bytes.
    #[inline]
    pub(crate) fn literal_len(&self, literal: usize) -> usize {
        self.literals[literal].bytes.len()
    }

    /// Calls `on_hit` with each literal found in `text` and where it begins, in order of the windows' positions.
    ///
    /// `on_hit` returns the position before which further hits don't matter.
    #[inline]
    pub(crate) fn find(&self, text: &[u8], mut on_hit: impl FnMut(usize, usize) -> usize) {
        match &self.search {
            Search::Portable(search) => {
                let mut from = 0;
                while let Some((at, window)) = search.next(text, from) {
                    from = self.confirm(text, at, window, at + 1, &mut on_hit);
                    if from > text.len() {
                        return;
                    }
                }
            }
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "calls code for a CPU feature that was detected")]
            // SAFETY: `new` chose this search because the CPU has the feature.
            Search::Avx2(tables) => self.find_marked(text, |text, segment| unsafe { avx2::mark(tables, text, segment) }, on_hit),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "calls code for CPU features that were detected")]
            // SAFETY: `new` chose this search because the CPU has the features.
            Search::Avx512(tables) => self.find_marked(text, |text, segment| unsafe { avx512::mark(tables, text, segment) }, on_hit),
        }
    }

    /// Goes through `text` segment by segment: `mark` sets a bit for each candidate, then the bits are walked.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn find_marked(
        &self,
        text: &[u8],
        mark: impl Fn(&[u8], &mut Segment) -> u64,
        mut on_hit: impl FnMut(usize, usize) -> usize,
    ) {
        let mut segment: Segment = [0; SEGMENT_WORDS];
        let mut start = 0;
        // Hits before this position don't matter any more.
        let mut from = 0;
        while start + SEGMENT + WINDOW <= text.len() {
            if from < start + SEGMENT && mark(&text[start..], &mut segment) != 0 {
                from = self.walk(text, start, &segment, from, &mut on_hit);
            }
            start += SEGMENT;
        }
        // The rest, padded so that the vector code has whole words to read.
        while start < text.len() {
            let rest = &text[start..text.len().min(start + SEGMENT + WINDOW - 1)];
            let mut padded = [0; SEGMENT + 64];
            padded[..rest.len()].copy_from_slice(rest);
            segment = [0; SEGMENT_WORDS];
            let words = rest.len().min(SEGMENT).div_ceil(64);
            if mark(&padded[..words * 64 + WINDOW - 1], &mut segment) != 0 {
                from = self.walk(text, start, &segment, from, &mut on_hit);
            }
            start += SEGMENT;
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn walk(
        &self,
        text: &[u8],
        start: usize,
        segment: &Segment,
        mut from: usize,
        on_hit: &mut impl FnMut(usize, usize) -> usize,
    ) -> usize {
        for (index, word) in segment.iter().enumerate() {
            let mut word = *word;
            let base = start + 64 * index;
            while word != 0 {
                let at = base + word.trailing_zeros() as usize;
                word &= word - 1;
                if at < from {
                    continue;
                }
                let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk()) else { return from };
                if let Some(window) = self.lookup.find(*window) {
                    from = self.confirm(text, at, window, from, on_hit);
                }
            }
        }
        from
    }

    /// Compares the text around a window with the literals that own it.
    #[inline]
    fn confirm(
        &self,
        text: &[u8],
        at: usize,
        window: usize,
        mut from: usize,
        on_hit: &mut impl FnMut(usize, usize) -> usize,
    ) -> usize {
        let Some(window) = self.windows.get(window) else { return from };
        for &(literal, offset) in &window.owners {
            let Some(begin) = at.checked_sub(usize::from(offset)) else { continue };
            let bytes = self.literals[usize::from(literal)].bytes();
            if text[begin..].starts_with(bytes) {
                from = from.max(on_hit(usize::from(literal), begin));
            }
        }
        from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_search_finds_every_literal_everywhere() {
        let literals: Vec<Literal> =
            ["abc", "needle in", "***", ": ***", "\u{25CF} x", "Error: "].map(|text| Literal::new(text.into())).into();
        let mut text = "some text \u{25CF} y without, then Err or: ** * abd ".repeat(150).into_bytes();
        let mut expected = Vec::new();
        for (number, place) in [0, 62, 130, 2046, 2060, 2100, 4000, text.len() - 5].into_iter().enumerate() {
            let literal = number % literals.len();
            let bytes = literals[literal].bytes();
            let place = place.min(text.len() - bytes.len());
            text[place..place + bytes.len()].copy_from_slice(bytes);
        }
        for at in 0..text.len() {
            for (id, literal) in literals.iter().enumerate() {
                if text[at..].starts_with(literal.bytes()) {
                    expected.push((at, id));
                }
            }
        }
        assert!(expected.len() >= 6);
        expected.sort_unstable();
        for simd in Simd::available() {
            for end in [text.len(), text.len() - 1, 2050, 100, 3, 2, 0] {
                let text = &text[..end];
                let prefilter = Prefilter::new(literals.clone(), simd);
                let mut found = Vec::new();
                prefilter.find(text, |id, at| {
                    found.push((at, id));
                    0
                });
                found.sort_unstable();
                let expected: Vec<_> =
                    expected.iter().copied().filter(|(at, id)| at + literals[*id].bytes().len() <= end).collect();
                assert_eq!(found, expected, "{simd} {end}");
            }
        }
    }
}

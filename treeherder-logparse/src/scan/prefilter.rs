//! The prefilter: finds the literals of all rules in a block.

use std::ops::Range;

use super::{BreakCount, Hit, Probe, SEGMENT, Simd, WINDOW, Word, portable, window};
#[cfg(target_arch = "x86_64")]
use super::{SEGMENT_WORDS, marker::Marker};

/// A text of three bytes or more.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    bytes: Box<[u8]>,
    lasting: bool,
}

/// Before which positions further hits don't matter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Passed {
    /// Hits of whatever literal.
    pub(crate) all: usize,
    /// Hits of literals that are not lasting.
    pub(crate) most: usize,
}

impl Passed {
    /// No hit matters before this position.
    pub(crate) fn all(before: usize) -> Self {
        Self { all: before, most: before }
    }

    fn or(self, other: Self) -> Self {
        Self { all: self.all.max(other.all), most: self.most.max(other.most) }
    }

    fn of(self, window: &window::Window) -> usize {
        if window.lasting { self.all } else { self.most }
    }
}

impl Literal {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        debug_assert!(bytes.len() >= WINDOW, "rules refuse shorter texts");
        Self { bytes: bytes.into(), lasting: false }
    }

    /// Says whether the literal matters also where others no longer do.
    pub(crate) fn lasting(mut self, lasting: bool) -> Self {
        self.lasting = lasting;
        self
    }

    pub(super) fn is_lasting(&self) -> bool {
        self.lasting
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
    #[cfg_attr(
        not(target_arch = "x86_64"),
        allow(dead_code, reason = "candidates come from vector searches")
    )]
    lookup: window::Lookup,
    search: Search,
}

#[derive(Debug)]
enum Search {
    Portable(portable::Search),
    #[cfg(target_arch = "x86_64")]
    Marked(Marker),
}

impl Prefilter {
    /// Builds a prefilter that uses no more than `simd`.
    ///
    /// `probes` are windows to prefer.
    pub(crate) fn new(literals: Vec<Literal>, probes: &[Probe], simd: Simd) -> Self {
        let windows = window::choose(&literals, probes);
        #[cfg(target_arch = "x86_64")]
        let marker = Marker::new(&windows, simd).map(Search::Marked);
        #[cfg(not(target_arch = "x86_64"))]
        let marker = {
            let _ = simd;
            None
        };
        let search = marker.unwrap_or_else(|| Search::Portable(portable::Search::new(&windows)));
        Self { lookup: window::Lookup::new(&windows), windows, literals, search }
    }

    pub(crate) fn literals(&self) -> impl Iterator<Item = &[u8]> {
        self.literals.iter().map(Literal::bytes)
    }

    /// Returns the length of a literal in bytes.
    #[inline]
    pub(crate) fn literal_len(&self, literal: usize) -> usize {
        self.literals[literal].bytes.len()
    }

    /// Calls `on_hit` with each literal found in `text`, in order of the windows' positions, and counts line ends.
    ///
    /// `on_hit` tells which further hits don't matter.
    #[inline]
    pub(crate) fn find(&self, text: &[u8], mut on_hit: impl FnMut(Hit<'_>) -> Passed) -> u64 {
        match &self.search {
            Search::Portable(search) => {
                let mut passed = Passed::default();
                let mut count = BreakCount::default();
                while passed.all < text.len() {
                    let Some((at, window)) = search.next(text, passed.all) else { break };
                    count.advance(text, at & !(SEGMENT - 1));
                    passed = self.confirm(text, at, window, passed, (count, &[]), &mut on_hit);
                    passed.all = passed.all.max(at + 1);
                }
                count.advance(text, text.len());
                count.breaks
            }
            #[cfg(target_arch = "x86_64")]
            Search::Marked(marker) => self.find_marked(marker, text, on_hit),
        }
    }

    /// Goes through `text` segment by segment: a bit is set for each candidate, then the bits are walked.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn find_marked(&self, marker: &Marker, text: &[u8], mut on_hit: impl FnMut(Hit<'_>) -> Passed) -> u64 {
        let mut segment = [Word::default(); SEGMENT_WORDS];
        let mut count = BreakCount::default();
        let mut passed = Passed::default();
        while count.at + SEGMENT + WINDOW <= text.len() {
            if passed.all >= count.at + SEGMENT {
                count.advance(text, count.at + SEGMENT);
                continue;
            }
            let marked = marker.mark::<true>(&text[count.at..], &mut segment);
            if marked.any {
                passed = self.walk(text, &segment, passed, count, &mut on_hit);
            }
            count.at += SEGMENT;
            count.breaks += marked.breaks;
        }
        // The rest, padded so that the vector code has whole words to read.
        while count.at < text.len() {
            let rest = &text[count.at..text.len().min(count.at + SEGMENT + WINDOW - 1)];
            let mut padded = [0; SEGMENT + 64];
            padded[..rest.len()].copy_from_slice(rest);
            segment = [Word::default(); SEGMENT_WORDS];
            let words = rest.len().min(SEGMENT).div_ceil(64);
            let marked = marker.mark::<true>(&padded[..words * 64 + WINDOW - 1], &mut segment);
            if marked.any {
                passed = self.walk(text, &segment, passed, count, &mut on_hit);
            }
            count.at += SEGMENT;
            count.breaks += marked.breaks;
        }
        count.breaks
    }

    /// Calls `on_literal` with each literal that lies in `text[range]` and where in it; for short pieces, such as one line.
    ///
    /// What stands behind the piece in `text` is read, too, where that saves copying.
    #[inline]
    pub(crate) fn find_in(&self, text: &[u8], range: Range<usize>, mut on_literal: impl FnMut(usize, usize)) {
        match &self.search {
            Search::Portable(search) => {
                let text = &text[range];
                let mut from = 0;
                while let Some((at, window)) = search.next(text, from) {
                    from = at + 1;
                    let none = Passed::default();
                    self.confirm(
                        text,
                        at,
                        window,
                        none,
                        (BreakCount::default(), &[]),
                        &mut |hit: Hit<'_>| {
                            on_literal(hit.literal, hit.begin);
                            none
                        },
                    );
                }
            }
            #[cfg(target_arch = "x86_64")]
            Search::Marked(marker) => self.find_marked_in(marker, text, range, on_literal),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn find_marked_in(
        &self,
        marker: &Marker,
        text: &[u8],
        range: Range<usize>,
        mut on_literal: impl FnMut(usize, usize),
    ) {
        const REACH: usize = 64 + WINDOW - 1;
        // Most lines have no more.
        const WORDS: usize = 4;
        let piece = &text[range.clone()];
        let mut words = [Word::default(); WORDS];
        let mut start = range.start;
        while start < range.end {
            let readable = (text.len() - start).saturating_sub(WINDOW - 1) / 64;
            let count = (range.end - start).div_ceil(64).min(WORDS).min(readable);
            let (count, marked) = if count > 0 {
                (count, marker.mark::<false>(&text[start..], &mut words[..count]))
            } else {
                // Too near the end of the text for a whole word: pad one.
                let rest = &text[start..];
                let rest = &rest[..rest.len().min(REACH)];
                let mut padded = [0; REACH];
                padded[..rest.len()].copy_from_slice(rest);
                (1, marker.mark::<false>(&padded, &mut words[..1]))
            };
            if marked.any {
                let from = BreakCount { at: start - range.start, breaks: 0 };
                let none = Passed::default();
                self.walk(piece, &words[..count], none, from, &mut |hit: Hit<'_>| {
                    on_literal(hit.literal, hit.begin);
                    none
                });
            }
            start += 64 * count;
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn walk(
        &self,
        text: &[u8],
        segment: &[Word],
        mut passed: Passed,
        count: BreakCount,
        on_hit: &mut impl FnMut(Hit<'_>) -> Passed,
    ) -> Passed {
        for (index, word) in segment.iter().enumerate() {
            let mut word = word.candidates;
            let base = count.at + 64 * index;
            while word != 0 {
                let at = base + word.trailing_zeros() as usize;
                word &= word - 1;
                if at < passed.all {
                    continue;
                }
                let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk()) else { return passed };
                if let Some(window) = self.lookup.find(*window) {
                    passed = self.confirm(text, at, window, passed, (count, segment), on_hit);
                }
            }
        }
        passed
    }

    /// Compares the text around a window with the literals that own it.
    #[inline]
    fn confirm(
        &self,
        text: &[u8],
        at: usize,
        window: usize,
        mut passed: Passed,
        (count, words): (BreakCount, &[Word]),
        on_hit: &mut impl FnMut(Hit<'_>) -> Passed,
    ) -> Passed {
        let Some(window) = self.windows.get(window) else { return passed };
        for owner in &window.owners {
            // Literals begin where the window does or before it.
            if at < passed.of(window) {
                break;
            }
            let Some(begin) = at.checked_sub(usize::from(owner.offset)) else { continue };
            if owner.begins(&text[begin..], &self.literals) {
                passed = passed.or(on_hit(Hit { literal: usize::from(owner.literal), begin, count, words }));
            }
        }
        passed
    }
}

#[cfg(test)]
mod tests {
    use super::{super::breaks::count_breaks, *};

    #[test]
    fn every_search_finds_every_literal_everywhere() {
        let literals: Vec<Literal> = ["abc", "needle in", "***", ": ***", "\u{25CF} x", "Error: "]
            .map(|text| Literal::new(text.into()))
            .into();
        let mut text =
            "some text \u{25CF} y without, then Err or: ** * abd\r\n\rx\n".repeat(150).into_bytes();
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
                let whole = &text;
                let text = &text[..end];
                let prefilter = Prefilter::new(literals.clone(), &[], simd);
                let mut found = Vec::new();
                let breaks = prefilter.find(text, |hit| {
                    found.push((hit.begin, hit.literal));
                    Passed::default()
                });
                assert_eq!(breaks, count_breaks(text), "{simd} {end}");
                found.sort_unstable();
                let mut expected = expected.clone();
                expected.retain(|(at, id)| at + literals[*id].bytes().len() <= end);
                assert_eq!(found, expected, "{simd} {end}");
                for start in [0, 1, 60, end / 2].into_iter().filter(|start| *start <= end) {
                    for behind in [end, whole.len()] {
                        let mut found = Vec::new();
                        prefilter
                            .find_in(&whole[..behind], start..end, |id, at| found.push((start + at, id)));
                        let expected: Vec<_> =
                            expected.iter().copied().filter(|(at, _)| *at >= start).collect();
                        found.sort_unstable();
                        assert_eq!(found, expected, "{simd} {start}..{end} of {behind}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_passed_is_not_told_but_for_lasting_literals() {
        let literals = [("abc", false), ("bcd", false), ("lasting", true)]
            .map(|(text, lasting)| Literal::new(text.into()).lasting(lasting))
            .into();
        let text = b"abcd abc lasting abc lasting abc\n".repeat(200);
        for simd in Simd::available() {
            let prefilter = Prefilter::new(Vec::clone(&literals), &[], simd);
            for (passed, expected) in [
                (Passed { all: 9, most: 28 }, vec![(9, 2), (21, 2), (29, 0)]),
                (Passed::all(28), vec![(29, 0)]),
                (Passed { all: 0, most: usize::MAX }, vec![(9, 2), (21, 2)]),
            ] {
                let mut found = Vec::new();
                prefilter.find(&text, |hit| {
                    if hit.begin < 32 {
                        found.push((hit.begin, hit.literal));
                    }
                    passed
                });
                // The first hit tells what is passed.
                assert_eq!(found.remove(0), (0, 0), "{simd}");
                assert_eq!(found, expected, "{simd} {passed:?}");
            }
        }
    }
}

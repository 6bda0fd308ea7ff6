//! The prefilter: finds the literals of all rules in a block.

use std::ops::Range;

use super::{BreakCount, Hit, Probe, SEGMENT, Simd, WINDOW, Word, portable, window};
#[cfg(target_arch = "x86_64")]
use super::{SEGMENT_WORDS, marker::Marker};

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
    /// `on_hit` returns the position before which further hits don't matter.
    #[inline]
    pub(crate) fn find(&self, text: &[u8], mut on_hit: impl FnMut(Hit<'_>) -> usize) -> u64 {
        match &self.search {
            Search::Portable(search) => {
                let mut from = 0;
                let mut count = BreakCount::default();
                while from < text.len() {
                    let Some((at, window)) = search.next(text, from) else { break };
                    count.advance(text, at & !(SEGMENT - 1));
                    from = self.confirm(text, at, window, at + 1, (count, &[]), &mut on_hit);
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
    fn find_marked(&self, marker: &Marker, text: &[u8], mut on_hit: impl FnMut(Hit<'_>) -> usize) -> u64 {
        let mut segment = [Word::default(); SEGMENT_WORDS];
        let mut count = BreakCount::default();
        // Hits before this position don't matter any more.
        let mut from = 0;
        while count.at + SEGMENT + WINDOW <= text.len() {
            if from >= count.at + SEGMENT {
                count.advance(text, count.at + SEGMENT);
                continue;
            }
            let marked = marker.mark(&text[count.at..], &mut segment);
            if marked.any {
                from = self.walk(text, &segment, from, count, &mut on_hit);
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
            let marked = marker.mark(&padded[..words * 64 + WINDOW - 1], &mut segment);
            if marked.any {
                from = self.walk(text, &segment, from, count, &mut on_hit);
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
                    self.confirm(text, at, window, 0, (BreakCount::default(), &[]), &mut |hit: Hit<'_>| {
                        on_literal(hit.literal, hit.begin);
                        0
                    });
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
                (count, marker.mark(&text[start..], &mut words[..count]))
            } else {
                // Too near the end of the text for a whole word: pad one.
                let rest = &text[start..];
                let rest = &rest[..rest.len().min(REACH)];
                let mut padded = [0; REACH];
                padded[..rest.len()].copy_from_slice(rest);
                (1, marker.mark(&padded, &mut words[..1]))
            };
            if marked.any {
                let from = BreakCount { at: start - range.start, breaks: 0 };
                self.walk(piece, &words[..count], 0, from, &mut |hit: Hit<'_>| {
                    on_literal(hit.literal, hit.begin);
                    0
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
        mut from: usize,
        count: BreakCount,
        on_hit: &mut impl FnMut(Hit<'_>) -> usize,
    ) -> usize {
        for (index, word) in segment.iter().enumerate() {
            let mut word = word.candidates;
            let base = count.at + 64 * index;
            while word != 0 {
                let at = base + word.trailing_zeros() as usize;
                word &= word - 1;
                if at < from {
                    continue;
                }
                let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk()) else { return from };
                if let Some(window) = self.lookup.find(*window) {
                    from = self.confirm(text, at, window, from, (count, segment), on_hit);
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
        (count, words): (BreakCount, &[Word]),
        on_hit: &mut impl FnMut(Hit<'_>) -> usize,
    ) -> usize {
        let Some(window) = self.windows.get(window) else { return from };
        for owner in &window.owners {
            let Some(begin) = at.checked_sub(usize::from(owner.offset)) else { continue };
            if owner.begins(&text[begin..], &self.literals) {
                from = from.max(on_hit(Hit { literal: usize::from(owner.literal), begin, count, words }));
            }
        }
        from
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
                    0
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
}

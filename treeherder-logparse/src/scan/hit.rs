//! A literal found, and what the search has learnt on the way about the lines around it.

use super::{
    Word,
    breaks::{count_breaks, count_breaks_in},
};
use crate::line;

/// A literal found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit<'a> {
    /// Id of the literal.
    pub(crate) literal: usize,
    /// Where it begins.
    pub(crate) begin: usize,
    /// Line ends counted up to the segment that the hit is in.
    pub(super) count: BreakCount,
    /// What was marked in this segment; nothing where the search marks nothing.
    pub(super) words: &'a [Word],
}

/// Line ends counted up to a place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BreakCount {
    pub(super) at: usize,
    pub(super) breaks: u64,
}

impl BreakCount {
    pub(super) fn advance(&mut self, text: &[u8], to: usize) {
        if to > self.at {
            self.breaks += count_breaks_in(text, self.at..to);
            self.at = to;
        }
    }
}

impl Hit<'_> {
    /// Returns where the line that the literal is in begins; `floor` is where the line before was found to end, or 0.
    #[inline]
    pub(crate) fn line_start(&self, text: &[u8], floor: usize) -> usize {
        let base = self.count.at;
        if self.words.is_empty() || self.begin <= base {
            return line::line_start(text, floor, self.begin);
        }
        match last_end(self.words, self.begin - base) {
            Some(end) => base + end + 1,
            None if floor < base => line::line_start(text, floor, base),
            None => floor,
        }
    }

    /// Returns where the line that the literal is in ends: the index of its terminator, or the end of the text.
    #[inline]
    pub(crate) fn line_end(&self, text: &[u8]) -> usize {
        if self.words.is_empty() {
            return line::line_end(text, self.begin);
        }
        let base = self.count.at;
        // A literal has no line end in it.
        let from = self.begin.max(base);
        let end = match first_end(self.words, from - base) {
            Some(end) => base + end,
            None => line::line_end(text, text.len().min(base + 64 * self.words.len())),
        };
        // Of CR LF the LF is marked.
        let after_return = end > from && text.get(end) == Some(&b'\n') && text[end - 1] == b'\r';
        end - usize::from(after_return)
    }

    /// Counts the line ends before `line_start`, the start of the line that the literal is in.
    ///
    /// `last` is what was counted for an earlier line of the same text: where nothing is marked and lines are reported one
    /// after the other, only what lies between them is counted.
    #[inline]
    pub(crate) fn lines_before(&self, text: &[u8], line_start: usize, last: &mut BreakCount) -> u64 {
        if let Some(marked) = line_start.checked_sub(self.count.at)
            && let Some(word) = self.words.get(marked / 64)
        {
            let ends = word.ends & !(u64::MAX << (marked % 64));
            return self.count.breaks + word.ends_before + u64::from(ends.count_ones());
        }
        let known = if last.at > self.count.at { *last } else { self.count };
        // A line that begins before the place counted to reaches beyond it: there is no line end in between.
        let more = if line_start <= known.at { 0 } else { count_near(&text[known.at..line_start]) };
        *last = BreakCount { at: line_start.max(known.at), breaks: known.breaks + more };
        last.breaks
    }
}

/// Returns the last line end before a position.
#[inline]
fn last_end(words: &[Word], position: usize) -> Option<usize> {
    let whole = position / 64;
    // The position may be just behind the last word.
    let part = words.get(whole).map_or(0, |word| word.ends & !(u64::MAX << (position % 64)));
    if part != 0 {
        return Some(64 * whole + part.ilog2() as usize);
    }
    let before = words.get(..whole)?.iter().enumerate().rev();
    before.map(|(index, word)| (index, word.ends)).find(|(_, ends)| *ends != 0).map(last_bit)
}

fn last_bit((index, ends): (usize, u64)) -> usize {
    64 * index + ends.ilog2() as usize
}

/// Returns the first line end at or after a position.
#[inline]
fn first_end(words: &[Word], position: usize) -> Option<usize> {
    let whole = position / 64;
    let mut rest = words.get(whole..)?.iter();
    let part = rest.next()?.ends & (u64::MAX << (position % 64));
    if part != 0 {
        return Some(64 * whole + part.trailing_zeros() as usize);
    }
    let (index, ends) = rest.map(|word| word.ends).enumerate().find(|(_, ends)| *ends != 0)?;
    Some(64 * (whole + 1 + index) + ends.trailing_zeros() as usize)
}

/// Counts line ends as [`count_breaks`], with less ado for the few bytes of one short line.
#[inline]
fn count_near(text: &[u8]) -> u64 {
    const NEAR: usize = 24;
    let Some((last, before)) = text.split_last() else { return 0 };
    if text.len() > NEAR {
        return count_breaks(text);
    }
    let mut count = u64::from(matches!(last, b'\n' | b'\r'));
    for (byte, next) in before.iter().zip(&text[1..]) {
        count += u64::from(*byte == b'\n' || *byte == b'\r' && *next != b'\n');
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks line ends as the vector searches do, with or without a word to spare at the end.
    fn words(text: &[u8], from: usize, count: usize) -> Vec<Word> {
        let mut words = vec![Word::default(); count];
        for at in from..text.len().min(from + 64 * count) {
            let ends = text[at] == b'\n' || text[at] == b'\r' && text.get(at + 1) != Some(&b'\n');
            words[(at - from) / 64].ends |= u64::from(ends) << ((at - from) % 64);
        }
        let mut ends_before = 0;
        for word in &mut words {
            word.ends_before = ends_before;
            ends_before += u64::from(word.ends.count_ones());
        }
        words
    }

    #[test]
    fn marked_lines_are_those_of_the_text() {
        let pieces = [
            "a line",
            "",
            "one of more than a word: 0123456789012345678901234567890123456789012345678901234567890123456789",
            "x",
        ];
        let ends = ["\n", "\r\n", "\r", "\n\r", "\r\r\n"];
        let mut text = String::new();
        for (number, end) in ends.iter().cycle().take(23).enumerate() {
            text += pieces[number % pieces.len()];
            text += end;
        }
        text += "the end without one";
        let text = text.as_bytes();
        for base in [0, 1, 60, 64, 97, 200] {
            for count in [1, 2, 5, 40] {
                let words = words(text, base, count);
                let breaks = count_breaks_in(text, 0..base);
                for begin in base..text.len().min(base + 64 * count) {
                    if matches!(text[begin], b'\n' | b'\r') {
                        continue;
                    }
                    let count = BreakCount { at: base, breaks };
                    let marked = Hit { literal: 0, begin, count, words: &words };
                    let start = line::line_start(text, 0, begin);
                    assert_eq!(marked.line_start(text, 0), start, "{base} {begin}");
                    assert_eq!(marked.line_end(text), line::line_end(text, begin), "{base} {begin}");
                    let plain = Hit { words: &[], ..marked };
                    for earlier in [0, base.saturating_sub(3), base, base + 1, base + 70] {
                        let at = earlier.min(start);
                        let at = line::line_start(text, 0, at);
                        let last = BreakCount { at, breaks: count_breaks_in(text, 0..at) };
                        let [mut one, mut other] = [last; 2];
                        let expected = count_breaks_in(text, 0..start);
                        assert_eq!(
                            marked.lines_before(text, start, &mut one),
                            expected,
                            "{base} {begin} {at}"
                        );
                        assert_eq!(
                            plain.lines_before(text, start, &mut other),
                            expected,
                            "{base} {begin} {at}"
                        );
                    }
                }
            }
        }
    }
}

//! What prefixes of lines were like before: most lines begin as some line did that was seen lately.

use super::walk::{Place, Walk};

/// Bytes of a line's start that a memo compares.
const REACH: usize = 32;
const WORDS: usize = REACH / 8;
/// How many starts of lines are remembered.
const STARTS: usize = 16;
/// A start that is remembered gives way when it was of no use this many times.
const PATIENCE: u8 = 4;

/// How far some automaton got into lines that begin in certain ways, so that it need not go there again.
///
/// Times change from line to line and digits mostly mean the same to an automaton: where any digit leads it to the same
/// place, any digit is what the memo expects. It is then certain that the automaton would get to the same place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo {
    /// Made when a line begins as a prefix does: many a short log has none.
    starts: Vec<Start>,
}

/// Returns the end of a prefix, `Some(0)` when there is none, and `None` when only the exact rules can tell: it is not ASCII.
fn ascii_end(line: &[u8], end: Option<usize>) -> Option<usize> {
    let end = end.unwrap_or(0);
    line[..end].is_ascii().then_some(end)
}

/// One way for lines to begin.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    /// The bits that count, and their values.
    mask: [u64; WORDS],
    value: [u64; WORDS],
    /// In the place of each byte that may be any digit: the bit that shows a half byte of more than nine when six is added.
    digits: [u64; WORDS],
    /// Where the automaton was behind what counts; `None` while the start is unused.
    place: Option<Place>,
    /// Where the prefix ends unless the automaton goes on from there; `None` when that must be found out, or it is not ASCII.
    end: Option<usize>,
    /// Lines for which it was of no use since it was last of use.
    idle: u8,
}

/// A byte in each place of a word.
const EACH: u64 = 0x0101_0101_0101_0101;

impl Memo {
    /// Returns where the prefix at the start of `line` ends, `Some(0)` when there is none, and `None` when only the exact
    /// rules can tell.
    #[inline]
    pub(super) fn prefix_end(&mut self, walk: &Walk, line: &[u8]) -> Option<usize> {
        if !line.first().is_some_and(|first| walk.begins_with(*first)) {
            return Some(0);
        }
        let Some(head) = line.first_chunk::<REACH>() else { return ascii_end(line, walk.match_end(line)) };
        if self.starts.is_empty() {
            self.starts.resize(STARTS, Start::default());
        }
        let words = words(head);
        let mixed = (shape(words[0]) ^ shape(words[1]).rotate_left(31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let start = &mut self.starts[(mixed >> 60) as usize];
        if start.fits(&words)
            && let Some(place) = start.place
        {
            start.idle = 0;
            if let Some(end) = start.end
                && !walk.goes_on(place, line)
            {
                return Some(end);
            }
            return ascii_end(line, walk.match_end_from(place, line));
        }
        start.idle += 1;
        if start.place.is_none() || start.idle > PATIENCE {
            *start = Start::new(walk, head);
        }
        ascii_end(line, walk.match_end(line))
    }
}

impl Start {
    /// Finds out what counts in the start of a line.
    fn new(walk: &Walk, head: &[u8; REACH]) -> Self {
        let mut place = Place::START;
        let mut any_digit = [false; REACH];
        // As far as a match ends, so that what stands behind a prefix does not count.
        let mut kept = place;
        for (byte, any_digit) in head.iter().zip(&mut any_digit) {
            let next = walk.step(place, *byte);
            *any_digit = byte.is_ascii_digit() && (b'0'..=b'9').all(|digit| walk.step(place, digit) == next);
            place = next;
            if place.end == Some(place.at) || kept.end.is_none() {
                kept = place;
            }
            if place.is_dead() {
                break;
            }
        }
        let mut mask = [0; REACH];
        let mut digits = [0; REACH];
        for at in 0..kept.at {
            mask[at] = if any_digit[at] { 0xF0 } else { 0xFF };
            digits[at] = if any_digit[at] { 0x10 } else { 0 };
        }
        let mask = words(&mask);
        let mut value = words(head);
        for (value, mask) in value.iter_mut().zip(mask) {
            *value &= mask;
        }
        // A match may yet end where only the end of the line tells: then no more than the place is known.
        let settled = kept.is_dead() || kept.end == Some(kept.at);
        let end = if settled { ascii_end(head, kept.end) } else { None };
        Self { mask, value, digits: words(&digits), place: Some(kept), end, idle: 0 }
    }

    #[inline]
    fn fits(&self, words: &[u64; WORDS]) -> bool {
        let mut wrong = 0;
        for (number, word) in words.iter().enumerate() {
            wrong |= word & self.mask[number] ^ self.value[number];
            wrong |= (word & (EACH * 0x0F)).wrapping_add(EACH * 6) & self.digits[number];
        }
        wrong == 0
    }
}

#[inline]
fn words(bytes: &[u8; REACH]) -> [u64; WORDS] {
    let (chunks, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|number| u64::from_le_bytes(chunks[number]))
}

/// Puts zeros in the place of all digits: what times that go on have in common.
#[inline]
fn shape(word: u64) -> u64 {
    // Digits are what is at most nine from a zero on; the sum reaches the highest bit of a byte for what is more.
    let from_zero = word ^ (EACH * u64::from(b'0'));
    let others = (from_zero & (EACH * 0x7F)).wrapping_add(EACH * (0x80 - 10)) | from_zero;
    let digits = (!others & (EACH * 0x80)) >> 7;
    word & !(digits * 0x0F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_bytes_has_zeros_for_digits_alone() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut bytes = *b"a\x7F/:9\xFF\xB0z";
                bytes[place] = byte;
                let expected = bytes.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
                assert_eq!(shape(u64::from_le_bytes(bytes)).to_le_bytes(), expected, "{byte} {place}");
            }
        }
    }
}

//! What automata for the start of lines did before: lines begin much alike.

use regex_automata::util::primitives::StateID;

use super::pattern::ByteDfa;

/// Bytes that one step of a [`Memo`] covers.
pub(super) const STEP: usize = 8;
/// Steps from the start of a line on for which there is a memo: prefixes are no longer.
pub(super) const MEMO_REACH: usize = 8;
/// Steps that are remembered for each place.
const MEMO_WAYS: usize = 2;

/// What an automaton for the start of lines did on the lines before: lines begin much alike, and an automaton takes its
/// time for every byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo {
    /// By the place in the line, so that what changes from line to line doesn't push out what does not.
    steps: [[Step; MEMO_WAYS]; MEMO_REACH],
}

impl Memo {
    /// Goes on from a state by some bytes: from the same state the same bytes lead to the same state, whatever line
    /// they were in before.
    #[inline]
    pub(super) fn step(&mut self, dfa: &ByteDfa, place: usize, from: StateID, bytes: &[u8; STEP]) -> Step {
        let shape = shape(*bytes);
        let mixed = u64::from_le_bytes(shape).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let step = &mut self.steps[place][(mixed >> 32) as usize % MEMO_WAYS];
        let known = if step.alike { step.bytes == shape } else { step.bytes == *bytes };
        if !known || step.from != Some(from) {
            *step = dfa.step(from, bytes);
            if step.alike {
                step.bytes = shape;
            }
        }
        *step
    }
}

/// Puts zeros in the place of all digits: what times that go on have in common.
#[inline]
fn shape(bytes: [u8; STEP]) -> [u8; STEP] {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let bytes = u64::from_le_bytes(bytes);
    // Digits are what is at most nine from a zero on; the sum reaches the highest bit of a byte for what is more.
    let from_zero = bytes ^ (EACH * u64::from(b'0'));
    let others = (from_zero & (EACH * 0x7F)).wrapping_add(EACH * (0x80 - 10)) | from_zero;
    let digits = (!others & (EACH * 0x80)) >> 7;
    (bytes & !(digits * 0x0F)).to_le_bytes()
}

/// What some bytes did to the automaton.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    /// The bytes, or their [`shape`] where that is all that counts.
    pub(super) bytes: [u8; STEP],
    /// Any digits in the place of these do the same.
    pub(super) alike: bool,
    /// State before them; `None` while the step is unused.
    pub(super) from: Option<StateID>,
    /// State behind them; `None` when no match ends further on.
    pub(super) to: Option<StateID>,
    /// The last end of a match within them.
    pub(super) end: Option<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_bytes_has_zeros_for_digits_alone() {
        for byte in 0..=u8::MAX {
            for place in 0..STEP {
                let mut bytes = *b"a\x7F/:9\xFF\xB0z";
                bytes[place] = byte;
                let expected = bytes.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
                assert_eq!(shape(bytes), expected, "{byte} {place}");
            }
        }
    }
}

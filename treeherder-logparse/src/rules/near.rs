//! Which bytes may stand next to a literal: most hits that mean nothing are refused by them.

use super::walk::Walk;

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(super) const ALL: Self = Self([u64::MAX; 4]);

    pub(super) fn of(holds: impl Fn(u8) -> bool) -> Self {
        let mut set = Self::default();
        for byte in (0..=u8::MAX).filter(|byte| holds(*byte)) {
            set.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        set
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    #[inline]
    pub(super) fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
    }
}

/// The bytes that may stand before and behind a literal where it matters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Near {
    pub(super) before: ByteSet,
    pub(super) behind: ByteSet,
}

impl Near {
    /// Where nothing is known.
    pub(super) const ANYTHING: Self = Self { before: ByteSet::ALL, behind: ByteSet::ALL };

    pub(super) fn or(self, other: Self) -> Self {
        Self { before: self.before.or(other.before), behind: self.behind.or(other.behind) }
    }
}

/// Returns the bytes with which texts of a walk begin. Where the empty text is one of them, `otherwise` may stand there as well.
pub(super) fn first_bytes(walk: &Walk, otherwise: ByteSet) -> ByteSet {
    let first = ByteSet::of(|byte| walk.begins_with(byte));
    if walk.matches_nothing() { first.or(otherwise) } else { first }
}

/// Returns the bytes behind which lines begin.
pub(super) fn line_ends() -> ByteSet {
    ByteSet::of(|byte| matches!(byte, b'\n' | b'\r'))
}

//! Vector searches behind one face: chosen once by what the CPU has, called for each segment.

use super::{
    Marked, Simd, Word, avx2, avx512,
    buckets::{ByteTables, NibbleTables},
    window::Window,
};

/// A vector search with its tables; only made where the CPU has the instructions.
#[derive(Debug)]
pub(super) struct Marker(Tables);

#[derive(Debug)]
enum Tables {
    Avx2(Box<NibbleTables>),
    Avx512(Box<ByteTables>),
}

impl Marker {
    /// Makes the best search that uses no more than `simd`; `None` where the CPU has nothing for it.
    pub(super) fn new(windows: &[Window], simd: Simd) -> Option<Self> {
        if windows.is_empty() {
            return None;
        }
        Some(Self(match simd.min(Simd::detect()) {
            Simd::Portable => return None,
            Simd::Avx2 => Tables::Avx2(Box::new(NibbleTables::new(windows))),
            Simd::Avx512 => Tables::Avx512(Box::new(ByteTables::new(windows))),
        }))
    }

    /// Marks the positions of `text` at which a window may begin and, with `LINES`, those where lines end, for as many
    /// whole words as `text` has bytes for.
    #[inline]
    #[expect(unsafe_code, reason = "calls code for CPU features that were detected")]
    pub(super) fn mark<const LINES: bool>(&self, text: &[u8], words: &mut [Word]) -> Marked {
        match &self.0 {
            // SAFETY: `new` chose this search because the CPU has the features.
            Tables::Avx2(tables) => unsafe { avx2::mark::<LINES>(tables, text, words) },
            // SAFETY: as above.
            Tables::Avx512(tables) => unsafe { avx512::mark::<LINES>(tables, text, words) },
        }
    }
}

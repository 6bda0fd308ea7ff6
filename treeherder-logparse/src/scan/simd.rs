//! Which vector instructions the searches use.

use std::fmt;

/// A set of CPU instructions that the block search can use; found at run time, see [`Simd::detect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Simd {
    /// No code of our own for the CPU: `aho-corasick`'s packed search (which itself uses SSSE3, AVX2 or NEON).
    Portable,
    /// AVX2 (x86-64).
    Avx2,
    /// AVX-512 with BW and VBMI (x86-64).
    Avx512,
}

impl Simd {
    /// Returns the fastest set that this CPU has.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;

            // Without VBMI, AVX-512 is faster in cache and slower end to end: it slows the inflater's clock.
            if has!("avx512bw") && has!("avx512vbmi") && has!("popcnt") {
                return Self::Avx512;
            }
            if has!("avx2") && has!("popcnt") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Lists the sets that this CPU has, slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let best = Self::detect();
        [Self::Portable, Self::Avx2, Self::Avx512].into_iter().filter(move |simd| *simd <= best)
    }
}

impl fmt::Display for Simd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        })
    }
}

//! The innermost loops: finding candidates for rules in whole blocks, and counting line ends.
//!
//! Every rule has literals of which one must be in any line it matches. Of each literal one *window* of three bytes is
//! chosen, as rare as can be. A block is searched for all windows at once: with AVX-512 or AVX2 by table look-ups on 64
//! or 32 positions in parallel, elsewhere by the `aho-corasick` crate's packed searcher (SSSE3, AVX2, NEON) or its
//! automaton. A candidate is then compared with the literals that own the window; what is left goes to the rules.
//!
//! This is the only module with `unsafe`: unaligned vector loads from slices whose length the type states, the calls of
//! functions whose CPU feature has been detected, and ASCII as text.

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vector loads; measured against the safe path in `benches/benches/scan.rs`")]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vector loads; measured against the safe path in `benches/benches/scan.rs`")]
mod avx512;
mod breaks;
#[cfg(target_arch = "x86_64")]
mod buckets;
mod hit;
#[cfg(target_arch = "x86_64")]
mod marker;
mod portable;
mod prefilter;
mod rarity;
mod simd;
#[expect(unsafe_code, reason = "a line is checked once, in vectors")]
mod text;
#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(dead_code, reason = "buckets and look-up serve the vector searches")
)]
mod window;

pub(crate) use breaks::count_breaks;
pub(crate) use hit::{BreakCount, Hit};
pub(crate) use prefilter::{Literal, Passed, Prefilter};
pub(crate) use rarity::rarity;
pub use simd::Simd;
pub(crate) use text::{as_text, is_ascii};
pub(crate) use window::Probe;

/// Words of 64 positions that a vector search fills before the candidates are looked at.
const SEGMENT_WORDS: usize = 32;
/// Positions of one segment.
const SEGMENT: usize = 64 * SEGMENT_WORDS;
/// Length of a window in bytes.
const WINDOW: usize = 3;

/// Buckets over which the vector searches spread the windows.
pub(crate) const BUCKETS: usize = 8;

/// What a vector search says of 64 positions, a bit for each.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(dead_code, reason = "nothing is marked without a vector search")
)]
struct Word {
    /// A window may begin here.
    candidates: u64,
    /// A line ends here: LF, or CR with no LF behind it.
    ends: u64,
    /// Line ends in the words before this one.
    ends_before: u64,
}

/// What a vector search says of all the text it has gone through.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
struct Marked {
    /// Whether there is any candidate.
    any: bool,
    /// Line ends; 0 where only candidates were asked for.
    breaks: u64,
}

//! Block search without code of our own for the CPU.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Span, packed};

use super::window::Window;

/// Finds windows one after the other.
#[derive(Debug)]
pub(super) enum Search {
    /// SSSE3, AVX2 or NEON inside.
    Packed(packed::Searcher),
    /// For other CPUs and for very many windows.
    Automaton(AhoCorasick),
    /// There is nothing to look for.
    Nothing,
}

impl Search {
    pub(super) fn new(windows: &[Window]) -> Self {
        if windows.is_empty() {
            return Self::Nothing;
        }
        let patterns = || windows.iter().map(|window| window.bytes);
        if let Some(searcher) = packed::Searcher::new(patterns()) {
            return Self::Packed(searcher);
        }
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(patterns());
        match automaton {
            Ok(automaton) => Self::Automaton(automaton),
            // The limits are on state ids: some hundred patterns of three bytes are far below them.
            Err(error) => unreachable!("{error}"),
        }
    }

    /// Returns where the next window at or after `from` begins, and which it is.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let span = Span::from(from..text.len());
        let found = match self {
            Self::Packed(searcher) => searcher.find_in(text, span)?,
            Self::Automaton(automaton) => automaton.find(aho_corasick::Input::new(text).span(span))?,
            Self::Nothing => return None,
        };
        Some((found.start(), found.pattern().as_usize()))
    }
}

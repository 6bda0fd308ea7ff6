//! What a pattern must not be: too large, or about bytes that are no text.

use regex_syntax::{
    ParserBuilder,
    hir::{Class, Hir, HirKind},
};

/// Deeper nesting in a pattern is refused.
const NEST_LIMIT: u32 = 100;
/// Patterns with more pieces than this, repetitions written out, are refused: the automata grow with them.
const SIZE_LIMIT: usize = 250_000;

/// Parses a pattern, unless its automata would be too large.
pub(super) fn parse(pattern: &str) -> Result<Hir, String> {
    let parsed = ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(pattern);
    let hir = parsed.map_err(|error| error.to_string())?;
    if size(&hir) > SIZE_LIMIT {
        return Err("too large, with its repetitions written out".to_owned());
    }
    Ok(hir)
}

/// Refuses U+FFFD: bytes that are no text decode to it, but rules are looked for before decoding.
pub(super) fn refuse_replacement(hir: &Hir) -> Result<(), String> {
    let mut pending = vec![hir];
    while let Some(hir) = pending.pop() {
        match hir.kind() {
            HirKind::Literal(literal) => refuse_replacement_text(&String::from_utf8_lossy(&literal.0))?,
            HirKind::Repetition(repetition) => pending.push(&repetition.sub),
            HirKind::Capture(capture) => pending.push(&capture.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => pending.extend(parts),
            HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => {}
        }
    }
    Ok(())
}

/// As [`refuse_replacement`], for a plain text.
pub(super) fn refuse_replacement_text(text: &str) -> Result<(), String> {
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err("U+FFFD stands for bytes that are no text, which cannot be looked for".to_owned());
    }
    Ok(())
}

/// Counts the pieces of a pattern; its nesting is limited, so this ends.
fn size(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            size(&repetition.sub).saturating_mul(times as usize)
        }
        HirKind::Capture(capture) => size(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(size).fold(1, usize::saturating_add)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_count_as_if_written_out() {
        for (pattern, expected) in
            [("abc", 3), ("(?:abc){10}", 30), ("(?:ab){2,}", 4), ("a|b", 1), ("[a-cx]{3}", 6)]
        {
            assert_eq!(size(&parse(pattern).unwrap()), expected, "{pattern}");
        }
        assert!(parse("(?:(?:(?:x{1000}){1000}){1000}){1000}").is_err());
        assert!(parse(r"\w{100}").is_ok());
    }
}

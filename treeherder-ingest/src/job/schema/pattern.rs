//! The one shape of pattern our schemas use: the whole text consists of characters of one class.

/// A pattern `^[…]+$`, read once and then checked without a regular expression engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CharClass {
    source: String,
    word: bool,
    ranges: Vec<(char, char)>,
}

impl CharClass {
    /// Reads `^[…]+$` with literals, ranges and `\w`; `None` for any other pattern.
    pub(super) fn read(source: &str) -> Option<Self> {
        let inner = source.strip_prefix("^[")?.strip_suffix("]+$")?;
        let mut class = Self { source: source.to_owned(), word: false, ranges: Vec::new() };
        let mut chars = inner.chars();
        while let Some(first) = chars.next() {
            if first == '\\' {
                if chars.next() != Some('w') {
                    return None;
                }
                class.word = true;
                continue;
            }
            if matches!(first, '[' | ']' | '^') {
                return None;
            }
            let mut ahead = chars.clone();
            let last = match (ahead.next(), ahead.next()) {
                (Some('-'), Some(last)) => {
                    chars = ahead;
                    last
                }
                _ => first,
            };
            if last < first {
                return None;
            }
            class.ranges.push((first, last));
        }
        Some(class)
    }

    /// Returns the pattern as published.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Tells whether the text matches as in Python's `re`, where `$` also stands before a final line feed.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text = text.strip_suffix('\n').unwrap_or(text);
        !text.is_empty() && text.chars().all(|character| self.has(character))
    }

    /// `\w` is Unicode-aware. Unlike Python's it also has combining marks (they are "alphabetic"), which only
    /// accepts more.
    fn has(&self, character: char) -> bool {
        (self.word && (character == '_' || character.is_alphanumeric()))
            || self.ranges.iter().any(|&(first, last)| (first..=last).contains(&character))
    }
}

#[cfg(test)]
mod tests {
    use super::CharClass;

    #[test]
    fn classes_match_as_the_patterns_say() {
        let table = [
            (r"^[\w-]+$", "mozilla-central_2", true),
            (r"^[\w-]+$", "größe-日本", true),
            (r"^[\w-]+$", "a.b", false),
            (r"^[\w-]+$", "a b", false),
            (r"^[\w-]+$", "", false),
            (r"^[\w-]+$", "line\n", true),
            (r"^[\w-]+$", "line\n\n", false),
            (r"^[\w/+-]+$", "a/b+c-d", true),
            (r"^[\w/+-]+$", "a,b", false),
            (r"^[A-Za-z0-9_-]+$", "linux64-qr_x", true),
            (r"^[A-Za-z0-9_-]+$", "größe", false),
            (r"^[A-Za-z0-9_-]+$", "a/b", false),
            (r"^[A-Za-z0-9/+-]+$", "037e6659-346e/0", true),
            (r"^[A-Za-z0-9/+-]+$", "a_b", false),
            (r"^[0-9a-f]+$", "0123456789abcdef", true),
            (r"^[0-9a-f]+$", "ABC", false),
            (r"^[0-9a-f]+$", "-", false),
        ];
        for (pattern, text, expected) in table {
            let class = CharClass::read(pattern).unwrap();
            assert_eq!(class.matches(text), expected, "{pattern} {text:?}");
        }
    }

    #[test]
    fn other_patterns_are_refused() {
        for pattern in
            ["", "^a+$", "^[a-z]*$", "[a-z]+", r"^[\d]+$", "^[^a]+$", "^[z-a]+$", "^[a]b]+$", r"^[a\]+$"]
        {
            assert_eq!(CharClass::read(pattern), None, "{pattern}");
        }
    }
}

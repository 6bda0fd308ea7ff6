//! Commit messages and their authors as they are shown.

/// A piece of a commit message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<'t> {
    /// Plain text.
    Text(&'t str),
    /// The mention of a bug, with its number.
    Bug(&'t str, &'t str),
}

/// Cuts the first line of a message into text and mentions of bugs (`Bug 123456`, `bug #123456`).
pub(super) fn first_line(message: &str) -> Vec<Part<'_>> {
    cut(message.lines().next().unwrap_or_default())
}

/// Cuts a text into text and mentions of bugs.
pub(super) fn cut(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut searched = 0;
    while let Some(start) = find_word(rest, searched) {
        let after = &rest[start + 3..];
        let blank = after.len() - after.trim_start_matches([' ', '#', '-']).len();
        let digits = after[blank..].bytes().take_while(u8::is_ascii_digit).count();
        if blank == 0 || !(3..=8).contains(&digits) {
            searched = start + 3;
            continue;
        }
        let end = start + 3 + blank + digits;
        if start > 0 {
            parts.push(Part::Text(&rest[..start]));
        }
        parts.push(Part::Bug(&rest[start..end], &rest[end - digits..end]));
        rest = &rest[end..];
        searched = 0;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// Finds the word `bug` in any case, from a place on.
fn find_word(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..bytes.len().saturating_sub(2)).find(|place| {
        bytes[*place..*place + 3].eq_ignore_ascii_case(b"bug")
            && (*place == 0 || !bytes[*place - 1].is_ascii_alphanumeric())
    })
}

/// Returns the name of `Name <mail>`, or what there is before the `@`.
pub(super) fn name(author: &str) -> &str {
    let name = author.split_once('<').map_or(author, |(name, _)| name).trim().trim_matches('"');
    if name.is_empty() { author.trim_matches(['<', '>', ' ']) } else { name }
}

/// Returns one or two capital letters for a name.
pub(super) fn initials(name: &str) -> String {
    let mut words = name.split([' ', '.', '@']).filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let second = if name.contains('@') { None } else { words.last() };
    first.into_iter().chain(second).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bugs_are_found_and_nothing_else() {
        assert_eq!(
            first_line("Bug 1812345 - Fix it. r=x\nmore"),
            [Part::Bug("Bug 1812345", "1812345"), Part::Text(" - Fix it. r=x")]
        );
        assert_eq!(
            first_line("No bug, backed out (bug #123456) for debugging 99999"),
            [
                Part::Text("No bug, backed out ("),
                Part::Bug("bug #123456", "123456"),
                Part::Text(") for debugging 99999"),
            ]
        );
        assert_eq!(first_line(""), []);
        assert_eq!(first_line("é bug"), [Part::Text("é bug")]);
    }

    #[test]
    fn authors_have_names_and_initials() {
        for (author, shown, letters) in [
            ("Ada Lovelace <ada@example.org>", "Ada Lovelace", "AL"),
            ("ada@example.org", "ada@example.org", "A"),
            ("<ada@example.org>", "ada@example.org", "A"),
            ("", "", ""),
        ] {
            assert_eq!((name(author), initials(name(author)).as_str()), (shown, letters));
        }
    }
}

//! Reads a Procfile: `name: command`, one process a line.

use thiserror::Error;

/// A line of a Procfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Name of the process.
    pub(crate) name: String,
    /// What a shell runs.
    pub(crate) command: String,
}

/// A Procfile cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("line {line}: {problem}")]
pub(crate) struct ProcfileError {
    /// Counted from 1.
    line: usize,
    problem: String,
}

/// Reads the entries; empty lines and those that begin with `#` are left out.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, ProcfileError> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let wrong = |problem: String| ProcfileError { line: number + 1, problem };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, command) = line
            .split_once(':')
            .map(|(name, command)| (name.trim(), command.trim()))
            .filter(|(name, command)| !name.is_empty() && !command.is_empty())
            .ok_or_else(|| wrong(format!("{line:?} is not `name: command`")))?;
        if !name.chars().all(|character| character.is_ascii_alphanumeric() || "-_".contains(character)) {
            return Err(wrong(format!("{name:?} is no name: letters, digits, - and _ only")));
        }
        if entries.iter().any(|entry| entry.name == name) {
            return Err(wrong(format!("{name} is there twice")));
        }
        entries.push(Entry { name: name.to_owned(), command: command.to_owned() });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_and_a_command() {
        let text = "# all of it\nweb: treeherder web --listen 0.0.0.0:${PORT:-8000}\n\n  worker_misc :FOO=1 treeherder worker_misc \n";
        let entry = |name: &str, command: &str| Entry { name: name.to_owned(), command: command.to_owned() };
        assert_eq!(
            parse(text).unwrap(),
            [
                entry("web", "treeherder web --listen 0.0.0.0:${PORT:-8000}"),
                entry("worker_misc", "FOO=1 treeherder worker_misc"),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, expected) in [
            ("web: x\nworker", "line 2: \"worker\" is not `name: command`"),
            ("web:", "line 1: \"web:\" is not `name: command`"),
            ("we b: x", "line 1: \"we b\" is no name: letters, digits, - and _ only"),
            ("web: x\n\nweb: y", "line 3: web is there twice"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn the_shipped_one_starts_every_process_type() {
        let entries = parse(include_str!("../../../deploy/Procfile")).unwrap();
        for process in crate::roles::ProcessType::all() {
            let entry = entries.iter().find(|entry| entry.name == process.name);
            if !process.standard {
                assert_eq!(entry, None, "{}", process.name);
                continue;
            }
            let entry = entry.unwrap_or_else(|| panic!("deploy/Procfile lacks {}", process.name));
            let words: Vec<&str> = entry.command.split_whitespace().collect();
            assert_eq!(words[..2], ["treeherder", process.name]);
        }
    }
}

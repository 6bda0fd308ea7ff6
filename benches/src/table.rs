//! The table that goes into the README.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};

/// One measurement beside its baseline.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What came out.
    pub measured: String,
    /// What it is compared with, measured in the same run.
    pub baseline: String,
    /// How the two relate.
    pub ratio: String,
    /// What is to be reached.
    pub goal: String,
}

impl Row {
    /// Makes a row.
    pub fn new(
        what: impl Into<String>,
        measured: impl Into<String>,
        baseline: impl Into<String>,
        ratio: impl Into<String>,
        goal: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            measured: measured.into(),
            baseline: baseline.into(),
            ratio: ratio.into(),
            goal: goal.into(),
        }
    }
}

/// Writes rows as a Markdown table.
#[must_use]
pub fn markdown(rows: &[Row]) -> String {
    let mut text = "| what | measured | beside it | ratio | goal |\n|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let Row { what, measured, baseline, ratio, goal } = row;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {what} | {measured} | {baseline} | {ratio} | {goal} |");
    }
    text
}

/// Replaces what stands between the markers `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` in a file.
///
/// # Errors
/// When the file cannot be read or written, or has no such markers.
pub fn replace(path: &Path, name: &str, table: &str) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let replaced = replaced(&text, name, table)
        .with_context(|| format!("{} has no markers `bench:{name}`", path.display()))?;
    Ok(fs::write(path, replaced)?)
}

fn replaced(text: &str, name: &str, table: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- bench:{name} -->"), format!("<!-- /bench:{name} -->"));
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{}\n{end}{after}", table.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let text = "a\n<!-- bench:parser -->\nold\n<!-- /bench:parser -->\nb\n";
        let expected = "a\n<!-- bench:parser -->\nnew\n<!-- /bench:parser -->\nb\n";
        assert_eq!(replaced(text, "parser", "new\n").as_deref(), Some(expected));
        assert_eq!(replaced(expected, "parser", "new\n").as_deref(), Some(expected));
        assert_eq!(replaced("no markers", "parser", "new"), None);
    }
}

//! The manual page and the shells' completions.

use std::io;

use clap_complete::Shell;

use super::command;

/// Returns the manual page in roff.
pub(super) fn man() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command()).render(&mut page)?;
    // What stands after the options is one paragraph to clap, under a heading of its own.
    let page = String::from_utf8_lossy(&page)
        .replacen(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n.nf\n", 1)
        .replacen("\n\nExit status: ", "\n.fi\n.SH \"EXIT STATUS\"\n", 1);
    Ok(page.into_bytes())
}

/// Returns the script that makes a shell complete the options.
pub(super) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "logparse", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_page_has_its_examples_line_by_line() {
        let page = String::from_utf8(man().unwrap()).unwrap();
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        for heading in ["EXAMPLES", "\"EXIT STATUS\""] {
            assert!(headings.contains(&heading), "{headings:?}");
        }
        assert!(
            page.contains(".SH EXAMPLES\n.nf\n  logparse ") && page.contains("\n.fi\n.SH \"EXIT"),
            "{page}"
        );
    }
}

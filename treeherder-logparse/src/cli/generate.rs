//! The manual page and the shells' completions.

use std::io;

use clap_complete::Shell;

use super::command;

/// Returns the manual page in roff.
pub(super) fn man() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command()).render(&mut page)?;
    Ok(page)
}

/// Returns the script that makes a shell complete the options.
pub(super) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "logparse", &mut script);
    script
}

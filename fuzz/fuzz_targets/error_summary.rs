//! An error summary: chunks make no difference, neither for the lines nor for the error that ends it.
#![cfg_attr(fuzzing, no_main)]

use treeherder_logparse::errorsummary::{ErrorSummaryReader, Options};
use treeherder_logparse_fuzz::{chunks, target};

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<String>, Option<String>) {
    let mut reader =
        ErrorSummaryReader::new(Options { cut_off: 5, max_line_bytes: 1000, ..Options::default() });
    let mut lines = Vec::new();
    let mut error = None;
    for chunk in chunks {
        error = error.or(reader.feed(chunk, |line| lines.push(format!("{line:?}"))).err());
    }
    let last = reader.finish(|line| lines.push(format!("{line:?}"))).err();
    (lines, error.or(last).map(|error| error.to_string()))
}

target!(|data| {
    let Some((input, chunks)) = chunks(data) else { return };
    assert_eq!(read(chunks), read([input].into_iter()));
});

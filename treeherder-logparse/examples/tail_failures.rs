//! Prints the failure lines of a log as it is written: `make 2>&1 | tail_failures`.
//!
//! The parser is fed whatever a read gives, and a line is reported as soon as its end is there. With `Read` alone the
//! log may be gzipped too, see the example `gzip_report`.

use std::io::{self, Read as _, Write as _};

use treeherder_logparse::{Event, Parser};

fn main() -> io::Result<()> {
    let mut parser = Parser::builder().max_failure_lines(None).build();
    let mut output = io::stdout().lock();
    let mut written = Ok(());
    let mut sink = |event: Event<'_>| {
        if let Event::Failure(line) = event
            && written.is_ok()
        {
            // Lines are counted from 0; people count from 1.
            written =
                writeln!(output, "{}: {}", line.line_number + 1, line.text).and_then(|()| output.flush());
        }
    };
    let mut input = io::stdin().lock();
    let mut buffer = [0; 8192];
    loop {
        match input.read(&mut buffer)? {
            0 => break,
            len => parser.feed(&buffer[..len], &mut sink),
        }
    }
    parser.finish(&mut sink);
    written
}

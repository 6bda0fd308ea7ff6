//! One JSON object for each input.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use super::{Printer, Sums, list::List};
use crate::Event;

/// Writes an object with `source`, `errors`, `performance_data`, `problems`, `lines`, `bytes`, `truncated` and, for an
/// input that could not be read to its end, `error`.
///
/// Failure lines are written as they are found, the others are lists that don't stay in memory; line numbers are counted from 0.
pub(in crate::cli) struct JsonPrinter {
    source: String,
    begun: bool,
    first: bool,
    performance_data: List,
    problems: List,
}

/// One failure line, as in the artifact `text_log_summary`, with its place in the log.
#[derive(Serialize)]
struct ErrorLine<'a> {
    linenumber: u64,
    line: &'a str,
    offset: u64,
}

/// Performance data that is not what it should be.
#[derive(Serialize)]
struct ProblemLine {
    linenumber: u64,
    offset: u64,
    message: String,
}

impl JsonPrinter {
    pub(in crate::cli) fn new(source: String) -> Self {
        Self { source, begun: false, first: true, performance_data: List::new(), problems: List::new() }
    }

    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            write!(out, "{{\"source\":{},\"errors\":[", json!(self.source))?;
        }
        Ok(())
    }
}

impl Printer for JsonPrinter {
    fn event(&mut self, event: Event<'_>, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Failure(line) => {
                self.begin(out)?;
                if !self.first {
                    out.write_all(b",")?;
                }
                self.first = false;
                let line = ErrorLine { linenumber: line.line_number, line: line.text, offset: line.offset };
                serde_json::to_writer(out, &line)?;
            }
            Event::Performance(line) => self.performance_data.push(&line.data)?,
            Event::Problem(problem) => self.problems.push(&ProblemLine {
                linenumber: problem.line_number,
                offset: problem.offset,
                message: problem.kind.to_string(),
            })?,
        }
        Ok(())
    }

    fn end(&mut self, sums: &Sums<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        out.write_all(b"],\"performance_data\":[")?;
        self.performance_data.write_to(out)?;
        out.write_all(b"],\"problems\":[")?;
        self.problems.write_to(out)?;
        let summary = &sums.summary;
        write!(
            out,
            "],\"lines\":{},\"bytes\":{},\"truncated\":{}",
            summary.lines, summary.bytes, sums.truncated
        )?;
        if let Some(error) = sums.error {
            write!(out, ",\"error\":{}", json!(error))?;
        }
        out.write_all(b"}\n")
    }
}

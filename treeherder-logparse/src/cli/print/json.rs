//! One JSON object for each input.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use super::{Printer, Sums};
use crate::Event;

/// Writes an object with `source`, `errors`, `performance_data`, `problems`, `lines`, `bytes`, `truncated` and, for an
/// input that could not be read to its end, `error`.
///
/// Failure lines are written as they are found, so that their number takes no memory; line numbers are counted from 0.
pub(in crate::cli) struct JsonPrinter {
    source: String,
    begun: bool,
    first: bool,
    /// Serialised objects, with commas between them: many times smaller than their tree form.
    performance_data: Vec<u8>,
    problems: Vec<serde_json::Value>,
}

/// One failure line, as in the artifact `text_log_summary`, with its place in the log.
#[derive(Serialize)]
struct ErrorLine<'a> {
    linenumber: u64,
    line: &'a str,
    offset: u64,
}

impl JsonPrinter {
    pub(in crate::cli) fn new(source: String) -> Self {
        Self { source, begun: false, first: true, performance_data: Vec::new(), problems: Vec::new() }
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
            Event::Performance(line) => {
                if !self.performance_data.is_empty() {
                    self.performance_data.push(b',');
                }
                serde_json::to_writer(&mut self.performance_data, &line.data)?;
            }
            Event::Problem(problem) => self.problems.push(json!({
                "linenumber": problem.line_number,
                "offset": problem.offset,
                "message": problem.kind.to_string(),
            })),
        }
        Ok(())
    }

    fn end(&mut self, sums: &Sums<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        out.write_all(b"],\"performance_data\":[")?;
        out.write_all(&self.performance_data)?;
        out.write_all(b"],\"problems\":")?;
        serde_json::to_writer(&mut *out, &self.problems)?;
        let summary = &sums.summary;
        write!(
            out,
            ",\"lines\":{},\"bytes\":{},\"truncated\":{}",
            summary.lines, summary.bytes, sums.truncated
        )?;
        if let Some(error) = sums.error {
            write!(out, ",\"error\":{}", json!(error))?;
        }
        out.write_all(b"}\n")
    }
}

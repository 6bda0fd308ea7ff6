//! An input that is a structured error summary: failures and results of groups, one JSON object a line.

use std::{
    cell::Cell,
    fmt::Write as _,
    io::{self, Write},
};

use serde_json::json;

use super::{
    parse::{Command, Consumer, Ending, Halt},
    print::{List, Style, write_line},
    source::Source,
    told::Told,
};
use crate::errorsummary::{
    Counted, ErrorSummaryError, ErrorSummaryLine, ErrorSummaryReader, FailureAction, FailureLine,
    GroupResult, GroupStatus, Options,
};

/// An error summary under way.
pub(super) struct SummaryFile<'a> {
    reader: ErrorSummaryReader,
    printer: Printer<'a>,
}

/// Writes what the lines say, as text or as one JSON object.
struct Printer<'a> {
    source: String,
    /// `None` for JSON.
    style: Option<Style>,
    /// Number of the line that comes next, counted from 0.
    line: u64,
    failures: u64,
    /// A failure line or a failed group.
    found: &'a Cell<bool>,
    told: Told<'a>,
    /// JSON only.
    groups: List,
    problems: List,
}

impl<'a> SummaryFile<'a> {
    /// Sets `found` when there is a failure line or a failed group.
    pub(super) fn new(command: &'a Command, source: &'a Source, max: u64, found: &'a Cell<bool>) -> Self {
        let told = Told::new(&command.progress, source);
        let style = command.style;
        let options = Options { cut_off: max, counted: Counted::FailureLines, ..Options::default() };
        let source = if style.is_some() { source.to_string() } else { source.argument() };
        let printer = Printer {
            source,
            style,
            line: 0,
            failures: 0,
            found,
            told,
            groups: List::new(),
            problems: List::new(),
        };
        Self { reader: ErrorSummaryReader::new(options), printer }
    }
}

impl Consumer for SummaryFile<'_> {
    fn decoded(&mut self, text: &[u8], out: &mut dyn Write) -> Result<(), Halt> {
        let Self { reader, printer } = self;
        let mut written = Ok(());
        // Line by line, because the reader alone knows the numbers: it leaves lines out.
        for part in text.split_inclusive(|byte| *byte == b'\n') {
            printer.line = reader.lines();
            let read = reader.feed(part, |line| printer.line(&line, &mut written, out));
            read.map_err(|error| Halt::Input(error.to_string()))?;
        }
        Ok(written?)
    }

    fn end(mut self: Box<Self>, ending: Ending, out: &mut dyn Write) -> io::Result<Option<String>> {
        let Self { reader, printer } = &mut *self;
        let mut written = Ok(());
        let read = match ending.error {
            // What is left of a broken file is no line.
            Some(_) => Ok(()),
            None => {
                printer.line = reader.lines();
                reader.finish(|line| printer.line(&line, &mut written, out))
            }
        };
        written?;
        let error = ending.error.or(read.err().map(|error: ErrorSummaryError| error.to_string()));
        if printer.style.is_none() {
            printer.begin(out)?;
            out.write_all(b"],\"group_results\":[")?;
            printer.groups.write_to(out)?;
            out.write_all(b"],\"problems\":[")?;
            printer.problems.write_to(out)?;
            let (lines, bytes) = (reader.lines(), ending.bytes);
            let truncated = ending.truncated || reader.is_truncated();
            write!(out, "],\"lines\":{lines},\"bytes\":{bytes},\"truncated\":{truncated}")?;
            if let Some(error) = &error {
                write!(out, ",\"error\":{}", json!(error))?;
            }
            out.write_all(b"}\n")?;
        }
        printer.told.end();
        Ok(error)
    }
}

impl Printer<'_> {
    fn line(&mut self, line: &ErrorSummaryLine, written: &mut io::Result<()>, out: &mut dyn Write) {
        let is_failure = matches!(line, ErrorSummaryLine::Failure(_));
        let is_failed_group =
            matches!(line, ErrorSummaryLine::Group(group) if group.status == GroupStatus::Error);
        if is_failure || is_failed_group {
            self.found.set(true);
        }
        if written.is_ok() {
            *written = match self.style {
                Some(style) => self.text(line, style, out),
                None => self.json(line, out),
            };
        }
        self.failures += u64::from(is_failure);
    }

    fn text(&mut self, line: &ErrorSummaryLine, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let text = match line {
            ErrorSummaryLine::Failure(failure) => describe(failure),
            ErrorSummaryLine::Group(group) if group.status == GroupStatus::Error => describe_group(group),
            line => {
                if let Some(problem) = problem(line) {
                    self.told.tell(self.line, &problem);
                }
                return Ok(());
            }
        };
        write_line(&self.source, style, self.line, &text, true, out)
    }

    fn json(&mut self, line: &ErrorSummaryLine, out: &mut dyn Write) -> io::Result<()> {
        match line {
            ErrorSummaryLine::Failure(failure) => {
                if self.failures == 0 {
                    self.begin(out)?;
                } else {
                    out.write_all(b",")?;
                }
                serde_json::to_writer(out, failure)?;
            }
            ErrorSummaryLine::Group(group) => self.groups.push(group)?,
            line => {
                if let Some(message) = problem(line) {
                    self.problems.push(&json!({"linenumber": self.line, "message": message}))?;
                }
            }
        }
        Ok(())
    }

    /// Begins the object, unless the first failure line has done so.
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.failures > 0 {
            return Ok(());
        }
        write!(out, "{{\"source\":{},\"failure_lines\":[", json!(self.source))
    }
}

/// Says what is wrong with a line of which nothing is taken.
fn problem(line: &ErrorSummaryLine) -> Option<String> {
    match line {
        ErrorSummaryLine::RejectedGroup(rejected) => {
            Some(format!("group {:?} is left out: {}", rejected.group, rejected.reason))
        }
        ErrorSummaryLine::Unknown(unknown) => Some(format!("unknown action {:?}", unknown.action)),
        _ => None,
    }
}

/// Says in one line what failed: status, test, message.
fn describe(failure: &FailureLine) -> String {
    let mut text = match failure.action {
        FailureAction::Crash => "CRASH".to_owned(),
        FailureAction::Log => failure.level.clone().unwrap_or_else(|| "ERROR".to_owned()),
        FailureAction::Truncated => "CUT OFF".to_owned(),
        _ => failure.status.clone(),
    };
    if let Some(expected) = &failure.expected {
        _ = write!(text, " (expected {expected})");
    }
    if let Some(test) = &failure.test {
        _ = write!(text, " {test}");
    }
    if let Some(subtest) = &failure.subtest {
        _ = write!(text, " | {subtest}");
    }
    // The stack of a message is on its other lines.
    let message = failure
        .signature
        .as_deref()
        .or(failure.message.as_deref())
        .and_then(|message| message.lines().next());
    if let Some(message) = message {
        _ = write!(text, ": {message}");
    }
    text
}

fn describe_group(group: &GroupResult) -> String {
    format!("{} group {} ({} s)", group.status_text, group.group, group.duration)
}

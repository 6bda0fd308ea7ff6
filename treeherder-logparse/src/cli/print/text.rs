//! Text for people: `FILE:LINE: TEXT`, lines counted from 1.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use super::{
    Printer, Sums,
    context::{Context, Shown},
};
use crate::Event;

/// How the text is dressed up.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Style {
    pub(in crate::cli) colour: bool,
    /// End each input with a line about it: somebody is looking.
    pub(in crate::cli) summary: bool,
    /// Lines to show around each failure line.
    pub(in crate::cli) context: usize,
}

const NAME: &str = "\x1b[35m";
const NUMBER: &str = "\x1b[32m";
const FAILURE: &str = "\x1b[1;31m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// Writes failure lines with their place, which editors and terminals make a link of.
pub(in crate::cli) struct TextPrinter {
    source: String,
    style: Style,
    context: Option<Context>,
}

impl TextPrinter {
    pub(in crate::cli) fn new(source: String, style: Style) -> Self {
        Self { source, style, context: (style.context > 0).then(|| Context::new(style.context)) }
    }
}

/// Writes one line; `number` is counted from 0.
pub(in crate::cli) fn write_line(
    source: &str,
    style: Style,
    number: u64,
    text: &str,
    failure: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (text, number) = (printable(text), number + 1);
    let separator = if failure { ':' } else { '-' };
    if !style.colour {
        return writeln!(out, "{source}{separator}{number}{separator} {text}");
    }
    let colour = if failure { FAILURE } else { DIM };
    writeln!(out, "{NAME}{source}{RESET}{separator}{NUMBER}{number}{RESET}{separator} {colour}{text}{RESET}")
}

/// Removes terminal commands and other control characters: a log must not be able to drive the terminal.
fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control() && c != '\t') {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => match rest.clone().next() {
                // A control sequence ends with a byte from `@` on, an operating system command with BEL or ESC `\`.
                Some('[') => _ = rest.by_ref().skip(1).find(|c| ('@'..='~').contains(c)),
                Some(']') => {
                    let mut command = rest.clone();
                    match command.find(|c| matches!(c, '\x07' | '\x1b')) {
                        Some('\x1b') => rest = skip_one(command),
                        Some(_) => rest = command,
                        // Without an end it would swallow what the line says.
                        None => rest = skip_one(rest),
                    }
                }
                _ => _ = rest.next(),
            },
            '\t' => clean.push(c),
            '\n' | '\r' => clean.push(' '),
            c if c.is_control() => clean.push('\u{fffd}'),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

fn skip_one(mut chars: std::str::Chars<'_>) -> std::str::Chars<'_> {
    chars.next();
    chars
}

impl Printer for TextPrinter {
    fn event(&mut self, event: Event<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Event::Failure(line) = event else { return Ok(()) };
        match &mut self.context {
            Some(context) => {
                context.failure(line.line_number);
                Ok(())
            }
            None => write_line(&self.source, self.style, line.line_number, line.text, true, out),
        }
    }

    fn decoded(&mut self, piece: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let (source, style) = (&self.source, self.style);
        match &mut self.context {
            Some(context) => context.feed(piece, &mut |shown| write_shown(source, style, shown, out)),
            None => Ok(()),
        }
    }

    fn end(&mut self, sums: &Sums<'_>, out: &mut dyn Write) -> io::Result<()> {
        let (source, style) = (&self.source, self.style);
        if let Some(context) = &mut self.context {
            context.finish(&mut |shown| write_shown(source, style, shown, out))?;
        }
        if !style.summary || sums.error.is_some() {
            return Ok(());
        }
        let summary = &sums.summary;
        let (dim, reset) = if style.colour { (DIM, RESET) } else { ("", "") };
        write!(
            out,
            "{dim}{source}: {} in {}",
            count(summary.failure_lines, "failure line"),
            count(summary.lines, "line")
        )?;
        if summary.performance_data > 0 {
            write!(out, ", {}", count(summary.performance_data, "performance data object"))?;
        }
        writeln!(out, "{reset}")
    }
}

fn write_shown(source: &str, style: Style, shown: Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    match shown {
        Shown::Gap => out.write_all(b"--\n"),
        Shown::Line { number, text, failure } => {
            write_line(source, style, number, &String::from_utf8_lossy(text), failure, out)
        }
    }
}

/// Writes a number of things, digits in groups of three.
fn count(number: u64, thing: &str) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let plural = if number == 1 { "" } else { "s" };
    format!("{grouped} {thing}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Summary;

    #[test]
    fn a_log_cannot_drive_the_terminal() {
        for (text, expected) in [
            ("two\nlines", "two lines"),
            ("plain \t tab", "plain \t tab"),
            ("\x1b[1;31merror\x1b[0m: x", "error: x"),
            ("\x1b]0;title\x07text", "text"),
            ("\x1b]8;;http://e\x1b\\link", "link"),
            ("abort: \x1b]0;without an end", "abort: 0;without an end"),
            ("\x1b(Btext\x1bctext", "Btexttext"),
            ("bell\x07 \u{9b}31m", "bell\u{fffd} \u{fffd}31m"),
            ("cut \x1b[3", "cut "),
            ("cut \x1b", "cut "),
        ] {
            assert_eq!(printable(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_input_ends_with_its_sums_when_somebody_is_looking() {
        let mut summary = Summary::default();
        (summary.lines, summary.failure_lines, summary.performance_data) = (138_014, 1, 2);
        let style = Style { colour: false, summary: true, context: 0 };
        let end = |style, error| {
            let mut out = Vec::new();
            TextPrinter::new("a.log".to_owned(), style)
                .end(&Sums { summary, truncated: false, error }, &mut out)
                .unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(end(style, None), "a.log: 1 failure line in 138,014 lines, 2 performance data objects\n");
        assert_eq!(end(style, Some("corrupt")), "", "the sums of half a log would mislead");
        assert_eq!(end(Style { summary: false, ..style }, None), "");
    }

    #[test]
    fn counts_are_readable() {
        assert_eq!(count(1, "line"), "1 line");
        assert_eq!(count(0, "line"), "0 lines");
        assert_eq!(count(138_014, "line"), "138,014 lines");
        assert_eq!(count(1_000, "line"), "1,000 lines");
    }
}

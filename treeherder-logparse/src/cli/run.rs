//! The command as a whole: from arguments to exit status.

use std::{
    io::{self, BufWriter, ErrorKind, IsTerminal, Write},
    num::NonZeroUsize,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    args::{Args, Color, Format},
    generate,
    order::Turns,
    parse::{Command, Content, Outcome, PIECE},
    print::Style,
    progress::Progress,
    rules,
    source::Source,
};
use crate::{Parser, errorsummary::Options};

const NOTHING_FOUND: u8 = 0;
const FAILURES_FOUND: u8 = 1;
const TROUBLE: u8 = 2;

/// How many inputs, for each thread, may be finished ahead of the one whose turn it is to write.
const AHEAD: usize = 8;

/// Runs the command.
///
/// The exit status is 0 when no failure line was found, 1 when there were some, and 2 when an input could not be read,
/// the output could not be written or the arguments are wrong. A broken input doesn't keep the others from being parsed.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let status = match execute(args) {
        Ok(outcome) if outcome.trouble => TROUBLE,
        Ok(outcome) if outcome.failures => FAILURES_FOUND,
        Ok(_) => NOTHING_FOUND,
        Err(message) => {
            _ = writeln!(io::stderr().lock(), "logparse: {message}");
            TROUBLE
        }
    };
    ExitCode::from(status)
}

fn execute(args: &Args) -> Result<Outcome, String> {
    if let Some(text) = instead(args)? {
        return settle(io::stdout().lock().write_all(&text), Outcome::default());
    }
    let sources = sources(args)?;
    let command = command(args, &sources)?;
    let threads = args.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let total = Total::default();
    let written = match threads.min(sources.len()) {
        1 => one_by_one(&command, &sources, &total),
        threads => side_by_side(&command, &sources, &total, threads),
    };
    command.progress.end();
    settle(written, total.outcome())
}

/// Returns what is to be printed in place of what logs hold.
fn instead(args: &Args) -> Result<Option<Vec<u8>>, String> {
    Ok(if args.list_rules {
        Some(rules::list().into_bytes())
    } else if let Some(name) = &args.show_rules {
        Some(rules::show(name).map_err(|error| error.to_string())?.as_bytes().to_vec())
    } else if let Some(shell) = args.completions {
        Some(generate::completions(shell))
    } else if args.man {
        Some(generate::man().map_err(|error| error.to_string())?)
    } else {
        None
    })
}

fn sources(args: &Args) -> Result<Vec<Source>, String> {
    if !args.inputs.is_empty() {
        return Ok(args.inputs.iter().map(Source::new).collect());
    }
    if io::stdin().is_terminal() {
        return Err("no input: name files or URLs, or pipe a log in; --help has examples".to_owned());
    }
    Ok(vec![Source::Stdin])
}

fn command(args: &Args, sources: &[Source]) -> Result<Command, String> {
    if args.format == Format::Json && args.context > 0 {
        return Err("--context belongs to the text format".to_owned());
    }
    let terminal = io::stdout().is_terminal();
    let style =
        Style { colour: colour(args.color, terminal), summary: terminal, context: args.context.into() };
    Ok(Command {
        content: content(args)?,
        style: (args.format == Format::Text).then_some(style),
        at_once: terminal,
        single: sources.len() == 1,
        progress: Progress::new(sources),
    })
}

fn content(args: &Args) -> Result<Content, String> {
    if args.errorsummary {
        let max =
            args.max_errors.map_or(Some(Options::default().cut_off), |limit| limit.0.map(|max| max as u64));
        return Ok(Content::ErrorSummary(max.unwrap_or(u64::MAX)));
    }
    let rules = rules::load(&args.rules).map_err(|error| error.to_string())?;
    let mut parser = Parser::builder().rules(rules);
    if let Some(limit) = args.max_errors {
        parser = parser.max_failure_lines(limit.0);
    }
    Ok(Content::Log(parser))
}

fn colour(choice: Color, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// What came of all inputs so far.
#[derive(Default)]
struct Total(Mutex<Outcome>);

impl Total {
    fn add(&self, outcome: Outcome) {
        let mut total = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        total.failures |= outcome.failures;
        total.trouble |= outcome.trouble;
    }

    fn outcome(&self) -> Outcome {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Parses on this thread alone, writing straight through.
fn one_by_one(command: &Command, sources: &[Source], total: &Total) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(PIECE, io::stdout().lock());
    for source in sources {
        let (outcome, written) = command.parse(source, &mut out);
        total.add(outcome);
        written?;
    }
    out.flush()
}

/// Parses several inputs at a time.
fn side_by_side(command: &Command, sources: &[Source], total: &Total, threads: usize) -> io::Result<()> {
    let turns = Turns::new(io::stdout(), threads * AHEAD);
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Ok(()));
    let work = || {
        loop {
            let input = next.fetch_add(1, Ordering::Relaxed);
            let mut failed_guard = failed.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(source) = sources.get(input).filter(|_| failed_guard.is_ok()) else { return };
            drop(failed_guard);
            let mut turn = turns.begin(input);
            let (outcome, written) = command.parse(source, &mut turn);
            total.add(outcome);
            let result = written.and(command.progress.aside(|| turn.finish()));
            if result.is_err() {
                failed_guard = failed.lock().unwrap_or_else(PoisonError::into_inner);
                *failed_guard = result;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A reader of the output that has seen enough (`| head`) is no trouble.
fn settle(written: io::Result<()>, outcome: Outcome) -> Result<Outcome, String> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write the output: {error}"))
        }
        _ => Ok(outcome),
    }
}

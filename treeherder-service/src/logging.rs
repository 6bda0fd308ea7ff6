//! Messages about the work, on the standard error stream.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LoggingArgs, LoggingFormat};
use crate::progress;

/// Whether a command shows nothing unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// Much goes wrong on purpose in it, and it reports by itself what did not.
    Yes,
    /// It works in the background of something.
    No,
}

/// Starts logging; the libraries below ours are heard from warnings on.
pub(crate) fn start(args: &LoggingArgs, quiet: Quiet) -> anyhow::Result<()> {
    let default = if quiet == Quiet::Yes { LevelFilter::OFF } else { LevelFilter::INFO };
    let level = args.logging_level.map_or(default, LevelFilter::from_level);
    let others = level.min(LevelFilter::WARN);
    // What ends a channel is returned to us as well, and is often no error: asking for a queue that is not there.
    let directives = format!(
        "{others},lapin::channel=off,treeherder={level},treeherder_ingest={level},treeherder_logparse={level}"
    );
    let filter = EnvFilter::builder().parse(directives)?;
    let format = tracing_subscriber::fmt().with_env_filter(filter).with_writer(AboveBars);
    let started = match args.logging_format {
        LoggingFormat::Text => format.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        LoggingFormat::Json => format.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}

/// Writes lines above the progress bars, so that neither destroys the other.
struct AboveBars;

impl<'a> MakeWriter<'a> for AboveBars {
    type Writer = LineAboveBars;

    fn make_writer(&'a self) -> Self::Writer {
        LineAboveBars
    }
}

struct LineAboveBars;

impl Write for LineAboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::bars().suspend(|| io::stderr().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

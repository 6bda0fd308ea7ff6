//! Writes test data: the small files of the repository, a log of any size, or a replay file; or serves a scenario.

use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use flate2::Compression;
use flate2::write::GzEncoder;
use treeherder_testdata::files;
use treeherder_testdata::logs::{LogSpec, Preset, Profile};
use treeherder_testdata::scenario::{Message, Scenario, Urls};
use treeherder_testdata::standin::StandIn;

/// Makes Treeherder's test data.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the small files that are kept in the repository.
    Write {
        /// Folder to write to.
        #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/files"))]
        to: PathBuf,
    },
    /// Write one log to standard output.
    Log {
        /// Name of a preset (see `testdata/README.md`), or `steady`: a log with the density of matches of real ones.
        #[arg(default_value = "steady")]
        preset: String,
        /// Size in megabytes, decompressed.
        #[arg(long, default_value_t = 10)]
        megabytes: u64,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Compress it.
        #[arg(long)]
        gzip: bool,
    },
    /// Write the messages of a scenario as a replay file to standard output.
    Messages {
        /// Scenario.
        #[arg(long, value_enum, default_value_t = Size::Small)]
        scenario: Size,
        /// Root URL of the stand-in that the messages point to.
        #[arg(long, default_value = "http://127.0.0.1:8099")]
        root_url: String,
        /// How many messages of the continuation follow.
        #[arg(long, default_value_t = 0)]
        more: usize,
    },
    /// Serve a scenario until interrupted.
    Serve {
        /// Scenario.
        #[arg(long, value_enum, default_value_t = Size::Small)]
        scenario: Size,
        /// Address to listen at.
        #[arg(long, default_value = "127.0.0.1:8099")]
        address: SocketAddr,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Size {
    Small,
    Demo,
}

impl Size {
    fn scenario(self) -> Scenario {
        match self {
            Self::Small => Scenario::small(),
            Self::Demo => Scenario::demo(),
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Write { to } => {
            let count = files::write(&to)?;
            println!("{count} files written to {}", to.display());
        }
        Command::Log { preset, megabytes, seed, gzip } => {
            let spec = log_spec(&preset, seed, megabytes * 1_000_000)?;
            let mut out = BufWriter::new(io::stdout().lock());
            let truth = if gzip {
                let mut encoder = GzEncoder::new(&mut out, Compression::default());
                let truth = spec.write_to(&mut encoder)?;
                encoder.finish()?;
                truth
            } else {
                spec.write_to(&mut out)?
            };
            out.flush()?;
            eprintln!(
                "{} bytes, {} lines, {} failure lines, {} performance data objects",
                truth.bytes,
                truth.lines,
                truth.errors.len(),
                truth.performance_data.len()
            );
        }
        Command::Messages { scenario, root_url, more } => {
            let (scenario, urls) = (scenario.scenario(), Urls::new(&root_url));
            let mut messages = scenario.messages(&urls);
            messages.extend(scenario.continue_from(scenario.pushes(), &urls).take(more));
            Message::write_lines(&messages, BufWriter::new(io::stdout().lock()))?;
        }
        Command::Serve { scenario, address } => {
            let standin = StandIn::start(scenario.scenario(), address).await?;
            println!("serving {}", standin.urls().root());
            tokio::signal::ctrl_c().await?;
            standin.shutdown().await;
        }
    }
    Ok(())
}

fn log_spec(name: &str, seed: u64, bytes: u64) -> anyhow::Result<LogSpec> {
    if name == "steady" {
        return Ok(LogSpec::steady(Profile::Mochitest, seed, bytes));
    }
    let known = Preset::ALL.into_iter().find(|preset| preset.name() == name);
    known.map(|preset| preset.spec(seed, bytes)).ok_or_else(|| {
        let names: Vec<_> = Preset::ALL.iter().map(|preset| preset.name()).collect();
        anyhow::anyhow!("no preset is called {name:?}; there are steady, {}", names.join(", "))
    })
}

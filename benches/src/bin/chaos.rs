//! Kills and restarts everything in a deployment of many processes, and checks that nothing was lost.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use treeherder_benches::cluster::Servers;
use treeherder_benches::cluster::chaos::Chaos;
use treeherder_benches::machine;

#[derive(Parser)]
struct Args {
    /// The program that is put to the test.
    #[arg(long, default_value = "target/release/treeherder")]
    program: PathBuf,
    /// Messages, at least.
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// Messages that are published in a second.
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// Processes that are killed, at least.
    #[arg(long, default_value_t = 40)]
    kills: u32,
    /// Restarts of RabbitMQ, and as many of PostgreSQL.
    #[arg(long, default_value_t = 2)]
    restarts: u32,
    /// Decides who is killed when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds that all of it may take.
    #[arg(long, default_value_t = 1_800)]
    limit: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let servers = tokio::task::block_in_place(|| Servers::start(false));
    let servers = servers.context("RabbitMQ and PostgreSQL are needed: scripts/install-services")?;
    let chaos = Chaos {
        program: args.program,
        messages: args.messages,
        rate: args.rate,
        seed: args.seed,
        kills: args.kills,
        pause: (1_000, 4_000),
        restarts: args.restarts,
        retry_seconds: 0.1,
        limit: Duration::from_secs(args.limit),
    };
    let report = chaos.run(servers).await?;
    println!("{report}\n{}", machine::describe());
    Ok(())
}

//! `treeherder pulse`: looks at what is published on Pulse.

use treeherder_ingest::bridge::{inspect, inspection_source};
use treeherder_ingest::pulse::{AmqpUrl, Binding, Recording, SourceConfig};

use crate::output;
use crate::shutdown;

const EXAMPLES: &str = "\
Examples:
  treeherder pulse inspect exchange/taskcluster-treeherder/v1/jobs 'tc-treeherder.#'
  treeherder pulse inspect exchange/taskcluster-queue/v1/task-failed --count 100 > pulse.jsonl
  treeherder replay pulse.jsonl";

/// Show what is published on Pulse
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Inspect(InspectArgs),
}

/// Print the messages of an exchange as they come, one JSON object a line, as `treeherder replay` reads them
///
/// They come through a queue of their own, which vanishes afterwards; nobody else misses a message for it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct InspectArgs {
    /// The exchange, which must exist
    exchange: String,
    /// Which routing keys: `*` stands for a word, `#` for any number of them
    #[arg(default_value = "#")]
    pattern: String,
    /// End after so many messages [default: go on until SIGINT or SIGTERM]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Pulse, and as whom to listen there: `amqp://USER:PASSWORD@HOST:PORT/?ssl=1`
    #[arg(long, env = "PULSE_URL", value_name = "URL", hide_env_values = true, required = true)]
    pulse_url: String,
    /// Virtual host [default: that of `PULSE_URL`, else /]
    #[arg(long, env = "PULSE_VHOST", value_name = "NAME")]
    pulse_vhost: Option<String>,
    /// Taskcluster deployment that the messages are about; it becomes part of what is printed
    #[arg(
        long,
        env = "TASKCLUSTER_ROOT_URL",
        value_name = "URL",
        default_value = "https://firefox-ci-tc.services.mozilla.com"
    )]
    root_url: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let Command::Inspect(args) = args.command;
    let url = AmqpUrl::parse(&args.pulse_url)
        .map_err(|reason| anyhow::anyhow!("--pulse-url (PULSE_URL): {reason}"))?;
    let vhost = args.pulse_vhost.clone().unwrap_or_else(|| url.vhost());
    let broker = SourceConfig { vhost, ..SourceConfig::new(url, &args.root_url) };
    let binding = Binding { exchange: args.exchange.clone(), routing_keys: vec![args.pattern.clone()] };
    let stop = shutdown::on_signal()?;
    let mut source = inspection_source(broker, binding.clone());
    let mut left = args.count;
    let mut failure = None;
    let show = |recording: &Recording| {
        let line = serde_json::to_string(recording).map_err(anyhow::Error::from);
        if let Err(error) = line.and_then(|line| Ok(output::line(&line)?)) {
            failure = Some(error);
            return false;
        }
        left = left.map(|left| left - 1);
        left != Some(0)
    };
    let inspected = inspect(&mut source, &binding, show, &stop).await;
    source.close().await;
    if let Some(error) = failure {
        return Err(error);
    }
    Ok(inspected?)
}

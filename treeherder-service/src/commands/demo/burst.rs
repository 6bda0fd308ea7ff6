//! The first burst: sent as fast as it is taken, until everything has arrived.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::pipeline::Pipeline;
use treeherder_ingest::pulse::ChannelSender;
use treeherder_testdata::scenario::Expected;
use treeherder_testdata::standin::StandIn;

use super::delivery;
use super::reached::Reached;
use crate::progress;
use crate::roles::Database;

/// How often to look how far the work has come.
const LOOK: Duration = Duration::from_millis(100);

/// After this time without any change, what is missing will not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the burst ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Everything has arrived.
    Complete(Reached),
    /// Something has not, and nothing goes on.
    Incomplete(Reached),
    /// It was told to stop.
    Interrupted,
}

/// Sends the burst and waits until everything has arrived or nothing more will.
pub(super) async fn run(
    database: &Database,
    pipeline: &Pipeline,
    stand_in: &StandIn,
    sender: &ChannelSender,
    stop: &CancellationToken,
) -> anyhow::Result<Ended> {
    let (scenario, urls) = (stand_in.scenario().clone(), stand_in.urls().clone());
    let planning = scenario.clone();
    let expected = tokio::task::spawn_blocking(move || planning.expected());
    let messages = tokio::task::spawn_blocking(move || scenario.messages(&urls)).await?;
    let total = messages.len() as u64;
    let sender = sender.clone();
    let sending = tokio::spawn(async move {
        for message in &messages {
            if !sender.send(delivery(message)).await {
                return;
            }
        }
    });
    let expected = expected.await?;
    let bars = Bars::new(&expected);
    let wait = wait(database, pipeline, &expected, total, &bars);
    let ended = stop.run_until_cancelled(wait).await;
    bars.clear();
    if ended.is_none() {
        sending.abort();
    }
    ended.unwrap_or(Ok(Ended::Interrupted))
}

async fn wait(
    database: &Database,
    pipeline: &Pipeline,
    expected: &Expected,
    messages: u64,
    bars: &Bars,
) -> anyhow::Result<Ended> {
    let mut former = Reached::default();
    let mut last_change = Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        let handled = bars.show(pipeline);
        let depths = database.queue.depths().await?;
        if depths.iter().any(|depth| depth.ready + depth.leased > 0) {
            last_change = Instant::now();
            continue;
        }
        // What was never a work item, or is to be tried again, counts as received as well.
        let other: u64 = depths.iter().map(|depth| depth.dead + depth.delayed).sum();
        let patient = last_change.elapsed() < PATIENCE;
        if handled + other < messages && patient {
            continue;
        }
        let reached = Reached::read(database).await?;
        if reached.differences(expected).is_empty() {
            return Ok(Ended::Complete(reached));
        }
        if former != reached {
            former = reached;
            last_change = Instant::now();
        } else if !patient || depths.iter().all(|depth| depth.delayed == 0) {
            return Ok(Ended::Incomplete(reached));
        }
    }
}

/// What is shown meanwhile.
struct Bars {
    messages: ProgressBar,
    logs: ProgressBar,
}

impl Bars {
    fn new(expected: &Expected) -> Self {
        Self {
            messages: progress::counter("messages", expected.messages),
            logs: progress::counter("logs", expected.logs_parsed),
        }
    }

    /// Shows the counts; returns the number of messages that were handled.
    fn show(&self, pipeline: &Pipeline) -> u64 {
        let done = pipeline.statistics();
        let of_messages = done.queues.iter().filter(|queue| queue.queue.as_str().starts_with("store_pulse"));
        let handled = of_messages.map(|queue| queue.done + queue.dead).sum();
        self.messages.set_position(handled);
        self.messages
            .set_message(format!("{} pushes, {} changes of jobs", done.pushes_stored, done.jobs_stored));
        self.logs.set_position(done.logs_parsed);
        self.logs.set_message(format!(
            "{:.0} MB, {} failure lines, {} performance data",
            done.decoded_bytes as f64 / 1e6,
            done.failure_lines,
            done.performance_data
        ));
        handled
    }

    fn clear(&self) {
        self.messages.finish_and_clear();
        self.logs.finish_and_clear();
    }
}

//! After the burst: pushes, jobs and failures at a human pace, until the end.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::pipeline::Pipeline;
use treeherder_ingest::pulse::ChannelSender;
use treeherder_testdata::standin::StandIn;

use super::delivery;
use crate::progress;

/// Sends each message at its moment until `stop` is cancelled.
pub(super) async fn run(
    pipeline: &Pipeline,
    stand_in: &StandIn,
    sender: &ChannelSender,
    stop: &CancellationToken,
) {
    let scenario = stand_in.scenario();
    let display = progress::spinner("going on");
    let start = Instant::now();
    let mut messages = scenario.continue_from(scenario.pushes(), stand_in.urls());
    while let Some(message) = messages.next() {
        stand_in.announce(messages.next_push());
        let after = (message.at - scenario.burst_seconds()).max(0.0);
        let due = start + Duration::from_secs_f64(after.min(1e9));
        if stop.run_until_cancelled(tokio::time::sleep_until(due)).await.is_none() {
            break;
        }
        let done = pipeline.statistics();
        display.set_message(format!(
            "{} pushes, {} changes of jobs, {} logs, {} failure lines",
            done.pushes_stored, done.jobs_stored, done.logs_parsed, done.failure_lines
        ));
        if !matches!(stop.run_until_cancelled(sender.send(delivery(&message))).await, Some(true)) {
            break;
        }
    }
    display.finish_and_clear();
}

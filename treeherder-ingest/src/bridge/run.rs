//! Feeds the bridge from a source and settles what it gets (`spec/bridge-l10n-platform.md` §1.3).

use std::time::Duration;

use chrono::Utc;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use crate::pulse::{Broken, Delivery, Incoming, Received, Source};

use super::error::BridgeError;
use super::handler::{Bridge, Handled, Skipped};
use super::problems::{Problem, ProblemPlace};
use super::turns::{TaskId, Turns, task_id_of};

/// How a bridge takes messages from a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Messages handled at the same time, at most; the broker need not hand out more.
    pub prefetch: u16,
    /// How long a message waits before it is given back after a failure that may pass.
    pub pause: Duration,
    /// Longest wait before a source that failed is asked again.
    pub longest_wait: Duration,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { prefetch: 40, pause: Duration::from_secs(5), longest_wait: Duration::from_secs(30) }
    }
}

impl Bridge {
    /// Handles what the source hands out until it ends or `stop` is cancelled, and finishes what it has begun.
    ///
    /// A message is acknowledged after its jobs are published, and also when it can never give a job. After a failure
    /// that may pass it is given back, once. Messages of one task are handled in the order in which they come; one that is
    /// given back comes again behind those that were there already.
    pub async fn run(&self, source: &mut dyn Source, options: RunOptions, stop: &CancellationToken) {
        let mut at_work = FuturesUnordered::new();
        let mut turns = Turns::default();
        let mut wait = Duration::from_millis(100);
        let mut has_ended = false;
        loop {
            let has_room = at_work.len() + turns.waiting() < usize::from(options.prefetch.max(1));
            let listens = has_room && !has_ended && !stop.is_cancelled();
            if !listens && at_work.is_empty() {
                return;
            }
            tokio::select! {
                biased;
                () = stop.cancelled(), if listens => {}
                Some(task_id) = at_work.next(), if !at_work.is_empty() => {
                    // After a stop, what waits comes again.
                    if let Some((task_id, next)) = turns.settled(task_id)
                        && !stop.is_cancelled()
                    {
                        at_work.push(self.settle(task_id, next, options.pause, stop));
                    }
                }
                next = source.next(), if listens => match next {
                    Ok(Some(received)) => {
                        wait = Duration::from_millis(100);
                        if let Some((task_id, received)) = turns.arrived(received) {
                            at_work.push(self.settle(task_id, received, options.pause, stop));
                        }
                    }
                    // What is being handled may still come back.
                    Ok(None) => has_ended = true,
                    Err(error) => {
                        tracing::error!(%error, "a source failed, trying again");
                        stop.run_until_cancelled(tokio::time::sleep(wait)).await;
                        wait = (wait * 2).min(options.longest_wait);
                    }
                },
            }
        }
    }

    /// Handles one message, tells the source, and returns whose turn it was.
    async fn settle(
        &self,
        task_id: TaskId,
        received: Received,
        pause: Duration,
        stop: &CancellationToken,
    ) -> TaskId {
        let handled = match &received.incoming {
            Incoming::Delivery(delivery) => {
                let handled = self.handle(delivery).await;
                if handled.is_transient_failure() && !received.is_redelivered() {
                    for error in &handled.errors {
                        tracing::warn!(%error, "a task event failed, giving it back");
                    }
                    stop.run_until_cancelled(tokio::time::sleep(pause)).await;
                    if let Err(error) = received.retry().await {
                        tracing::warn!(%error, "cannot give a message back, it will come again");
                    }
                    return task_id;
                }
                self.report(delivery, &handled);
                handled
            }
            Incoming::Broken(broken) => self.report_broken(broken),
        };
        if let Err(error) = received.ack().await {
            let published = handled.published;
            tracing::warn!(%error, published, "cannot acknowledge a message, it will come again");
        }
        task_id
    }

    /// Logs what went wrong for good and keeps it for the page of errors.
    pub fn report(&self, delivery: &Delivery, handled: &Handled) {
        let exchange = delivery.exchange.as_str();
        let task_id = task_id_of(delivery);
        for error in &handled.errors {
            tracing::error!(
                kind = error.label(),
                task_id,
                project = error.project(),
                exchange,
                job = error.job().map(tracing::field::display),
                %error,
                "a task event was not published"
            );
            self.keep(exchange, task_id.clone(), error);
        }
        for skipped in &handled.skipped {
            if let Skipped::InvalidConfig { project, violations } = skipped {
                self.problems().add(Problem {
                    time: Utc::now(),
                    kind: "invalid-config",
                    task_id: task_id.clone(),
                    project: Some(project.clone()),
                    exchange: exchange.to_owned(),
                    message: format!(
                        "the task's configuration for Treeherder violates the schema: {violations}"
                    ),
                    violations: violations.as_slice().iter().map(ProblemPlace::from).collect(),
                    job: None,
                });
            }
        }
    }

    fn report_broken(&self, broken: &Broken) -> Handled {
        let error = BridgeError::Broken { place: broken.place.clone(), reason: broken.error.clone() };
        tracing::error!(%error, "what arrived is no message");
        self.keep("", None, &error);
        Handled::default()
    }

    fn keep(&self, exchange: &str, task_id: Option<String>, error: &BridgeError) {
        self.problems().add(Problem {
            time: Utc::now(),
            kind: error.label(),
            task_id,
            project: error.project().map(str::to_owned),
            exchange: exchange.to_owned(),
            message: error.to_string(),
            violations: error.violations().iter().map(ProblemPlace::from).collect(),
            job: error.job().cloned(),
        });
    }
}

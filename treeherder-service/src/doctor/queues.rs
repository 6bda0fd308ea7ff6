//! The queues: whether they answer, what waits on them, what could not be done, and who works on them.

use std::time::Duration;

use treeherder_ingest::queue::{Depth, Page, QueueName};
use treeherder_ingest::store::WorkerRow;

use super::finding::Findings;
use super::is_served;
use crate::output::{printable, shortened, span};
use crate::roles::Database;

const CHECK: &str = "queues";
/// How long a message may be due before nobody can be said to keep up.
const TOO_LATE: Duration = Duration::from_secs(600);
/// Where the age is not known: messages that make a backlog.
const MANY: u64 = 20_000;
/// Characters of an error that are shown.
const ERROR_SHOWN: usize = 160;

/// Looks at what the queues hold and returns it.
pub(super) async fn examine(database: &Database, findings: &mut Findings) -> Option<Vec<Depth>> {
    let depths = match database.queue.depths().await {
        Ok(depths) => depths,
        Err(error) => {
            let error = crate::error::sentence(&error.into()).replace('\n', " ");
            findings.problem(
                CHECK,
                format!("the queues cannot be counted: {error}"),
                "Start the broker, or correct --broker-url (BROKER_URL); workers and listeners wait for it and go on by \
                 themselves.",
            );
            return None;
        }
    };
    for depth in depths.iter().filter(|depth| depth.dead > 0) {
        let newest = newest_error(database, depth.queue).await;
        findings.problem(
            CHECK,
            format!("{}: {} dead letters{newest}", depth.queue, depth.dead),
            format!(
                "`treeherder queues dead {0}` lists them. When the cause is gone: `treeherder queues put-back --all {0}`. \
                 What can never succeed: `treeherder queues discard ID`.",
                depth.queue
            ),
        );
    }
    let waiting: u64 = depths.iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum();
    findings.ok(CHECK, format!("answer; {waiting} messages wait or are being worked on"));
    Some(depths)
}

async fn newest_error(database: &Database, queue: QueueName) -> String {
    let page = Page { before: None, limit: 1 };
    match database.queue.dead_letters(queue, page).await {
        Ok(letters) => letters.first().map_or_else(String::new, |letter| {
            format!(", the newest: {}", printable(&shortened(&letter.error, ERROR_SHOWN)))
        }),
        Err(_) => String::new(),
    }
}

/// Compares what waits with who works on it.
pub(super) fn compare(workers: &[WorkerRow], depths: &[Depth], findings: &mut Findings) {
    let is_anybody = workers.iter().any(|worker| worker.alive && !worker.queues.is_empty());
    if !is_anybody {
        findings.problem(
            CHECK,
            "no worker is alive: what is on the queues waits",
            "Start `treeherder serve`, or the workers that `treeherder services list` shows.",
        );
        return;
    }
    let mut idle = Vec::new();
    for depth in depths {
        if !is_served(depth, workers) {
            if depth.ready + depth.delayed > 0 {
                findings.problem(
                    CHECK,
                    format!(
                        "{}: {} messages wait and no living worker serves the queue",
                        depth.queue,
                        depth.ready + depth.delayed
                    ),
                    format!("Start `treeherder {}`.", depth.queue.worker_process()),
                );
            } else {
                idle.push(depth.queue.as_str());
            }
        } else if depth.oldest_ready.map_or(depth.ready > MANY, |age| age > TOO_LATE) {
            let age =
                depth.oldest_ready.map_or_else(String::new, |age| format!(", the oldest for {}", span(age)));
            findings.problem(
                CHECK,
                format!("{}: {} messages wait{age}: its workers do not keep up", depth.queue, depth.ready),
                format!(
                    "Start more of `treeherder {}`, or raise --concurrency; `/workers` shows what they are doing.",
                    depth.queue.worker_process()
                ),
            );
        }
    }
    if !idle.is_empty() {
        findings.note(
            CHECK,
            format!("no living worker serves {}", idle.join(", ")),
            "Nothing waits there now. `treeherder services list` shows who would serve them.",
        );
    }
}

#[cfg(test)]
mod tests {
    use treeherder_ingest::queue::Message;

    use super::*;
    use crate::doctor::{Finding, Level, database_in};

    fn found(workers: &[WorkerRow], depths: &[Depth]) -> Vec<(Level, String, String)> {
        let mut findings = Findings::default();
        compare(workers, depths, &mut findings);
        let findings: Vec<Finding> = findings.into();
        findings
            .into_iter()
            .map(|found| (found.level, found.message, found.remedy.unwrap_or_default()))
            .collect()
    }

    fn serving(queues: &[QueueName]) -> WorkerRow {
        let now = chrono::Utc::now();
        WorkerRow {
            name: "worker@here.1".to_owned(),
            pool: "worker".to_owned(),
            host: "here".to_owned(),
            pid: 1,
            queues: queues.to_vec(),
            concurrency: 1,
            version: String::new(),
            started: now,
            heartbeat: now,
            age: Duration::ZERO,
            stopped: None,
            alive: true,
            active: std::collections::BTreeMap::new(),
            received: 0,
            succeeded: 0,
            retried: 0,
            dead: 0,
            clock_offset_ms: 0,
        }
    }

    #[test]
    fn queues_without_workers_and_backlogs_are_told_with_who_would_help() {
        let late = Depth { ready: 7, oldest_ready: Some(TOO_LATE * 2), ..Depth::empty(QueueName::LogParser) };
        let waiting = Depth { delayed: 2, ..Depth::empty(QueueName::PerfIngest) };
        let fine = Depth { ready: 5, oldest_ready: Some(TOO_LATE / 2), ..Depth::empty(QueueName::Statsd) };
        let idle = Depth::empty(QueueName::Pushlog);
        let depths = [late, waiting, fine, idle];
        let none = found(&[], &depths);
        assert_eq!((none.len(), none[0].0), (1, Level::Problem));
        assert!(none[0].1.starts_with("no worker is alive"));

        let some = found(&[serving(&[QueueName::LogParser, QueueName::Statsd])], &depths);
        assert_eq!(some.len(), 3, "{some:?}");
        assert_eq!(
            some[0].1,
            "log_parser: 7 messages wait, the oldest for 20 min: its workers do not keep up"
        );
        assert_eq!(some[1].1, "perf_ingest: 2 messages wait and no living worker serves the queue");
        assert_eq!(some[1].2, "Start `treeherder worker_perf_ingest`.");
        assert_eq!((some[2].0, some[2].1.as_str()), (Level::Note, "no living worker serves pushlog"));
    }

    #[tokio::test]
    async fn dead_letters_are_told_with_the_newest_error() {
        let folder = tempfile::tempdir().unwrap();
        let database = database_in(folder.path()).await;
        let message = Message::new(QueueName::LogParser, "{}");
        database.queue.publish_dead(&[(message, "no job\u{1b} 7".to_owned())]).await.unwrap();
        let mut findings = Findings::default();
        examine(&database, &mut findings).await.unwrap();
        let findings: Vec<Finding> = findings.into();
        assert_eq!(findings[0].message, "log_parser: 1 dead letters, the newest: no job  7");
        assert!(findings[0].remedy.as_ref().unwrap().contains("put-back --all log_parser"));
    }
}

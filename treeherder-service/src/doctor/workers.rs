//! The processes of the deployment.

use treeherder_ingest::store::WorkerRow;

use super::finding::Findings;
use crate::output::span;
use crate::roles::Database;

const CHECK: &str = "processes";
/// Leases last a minute; this much they bear.
const TOLERATED_OFFSET_MS: i64 = 2_000;
/// Processes that put periodic tasks on the queues.
const SCHEDULERS: [&str; 3] = ["scheduler", "serve", "demo"];

pub(super) async fn examine(database: &Database, findings: &mut Findings) -> Option<Vec<WorkerRow>> {
    match database.store.workers().await {
        Ok(workers) => {
            judge(&workers, findings);
            Some(workers)
        }
        Err(error) => {
            findings.problem(
                CHECK,
                format!("the processes cannot be listed: {error}"),
                "See what the database server logs.",
            );
            None
        }
    }
}

fn judge(workers: &[WorkerRow], findings: &mut Findings) {
    let alive: Vec<&WorkerRow> = workers.iter().filter(|worker| worker.alive).collect();
    for worker in workers.iter().filter(|worker| worker.is_lost()) {
        // Where a supervisor started it again, its successor beats under another number.
        let has_successor = alive.iter().any(|other| {
            other.pool == worker.pool && other.host == worker.host && other.heartbeat > worker.heartbeat
        });
        if has_successor {
            continue;
        }
        findings.problem(
            CHECK,
            format!("{} was last heard of {} ago and did not say that it stops", worker.name, span(worker.age)),
            "Look for the end of its log, and start it again. What it had in its hands is handed out again by itself; a \
             process that is gone for good is forgotten after a day.",
        );
    }
    for worker in alive.iter().filter(|worker| worker.clock_offset_ms.abs() > TOLERATED_OFFSET_MS) {
        findings.problem(
            CHECK,
            format!(
                "the clock of {} is off by {} ms from the database's",
                worker.name, worker.clock_offset_ms
            ),
            "Let its machine set its clock by NTP: leases and retries are reckoned by the clock.",
        );
    }
    let mut versions: Vec<&str> = alive.iter().map(|worker| worker.version.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    if versions.len() > 1 {
        findings.note(
            CHECK,
            format!("processes of several versions work together: {}", versions.join(", ")),
            "Restart those of the old version when the deployment is done.",
        );
    }
    if !alive.is_empty() {
        findings.ok(CHECK, format!("{} alive", alive.len()));
        if !alive.iter().any(|worker| SCHEDULERS.contains(&worker.pool.as_str())) {
            findings.note(
                CHECK,
                "no scheduler is alive: periodic tasks are not put on their queues",
                "Start `treeherder scheduler`.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{TimeDelta, Utc};

    use super::*;
    use crate::doctor::{Finding, Level};

    fn worker(pool: &str, pid: u32, age: u64) -> WorkerRow {
        let heartbeat = Utc::now() - TimeDelta::seconds(i64::try_from(age).unwrap());
        WorkerRow {
            name: format!("{pool}@here.{pid}"),
            pool: pool.to_owned(),
            host: "here".to_owned(),
            pid,
            queues: vec![],
            concurrency: 1,
            version: "1".to_owned(),
            started: heartbeat,
            heartbeat,
            age: Duration::from_secs(age),
            stopped: None,
            alive: age < 20,
            active: std::collections::BTreeMap::new(),
            received: 0,
            succeeded: 0,
            retried: 0,
            dead: 0,
            clock_offset_ms: 0,
        }
    }

    fn problems(workers: &[WorkerRow]) -> Vec<String> {
        let mut findings = Findings::default();
        judge(workers, &mut findings);
        let findings: Vec<Finding> = findings.into();
        findings
            .into_iter()
            .filter(|found| found.level == Level::Problem)
            .map(|found| found.message)
            .collect()
    }

    #[test]
    fn a_lost_process_is_a_problem_until_its_successor_beats() {
        let lost = worker("worker_misc", 1, 180);
        let text = problems(std::slice::from_ref(&lost));
        assert_eq!(text, ["worker_misc@here.1 was last heard of 3 min ago and did not say that it stops"]);
        assert_eq!(problems(&[lost.clone(), worker("worker_misc", 2, 1)]), [""; 0]);
        assert_eq!(problems(&[lost.clone(), worker("web", 2, 1)]).len(), 1);
        let stopped = WorkerRow { stopped: Some(Utc::now()), ..lost };
        assert_eq!(problems(&[stopped]), [""; 0]);
    }

    #[test]
    fn a_process_with_a_wrong_clock_is_a_problem() {
        let wrong = WorkerRow { clock_offset_ms: -7_000, ..worker("serve", 1, 1) };
        assert_eq!(problems(&[wrong]).len(), 1);
    }
}

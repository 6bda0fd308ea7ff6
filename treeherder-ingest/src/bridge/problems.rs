//! What went wrong lately, for the page `/bridge/errors` (`spec/bridge-l10n-platform.md` §1.7, §1.10).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use crate::job::schema::Violation;

/// Largest job that is kept as it is; a larger one loses its links.
const JOB_SIZE: usize = 64 * 1024;

/// Longest text that is kept.
const TEXT_LENGTH: usize = 4 * 1024;

/// A message that gave no job, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// When it was found.
    pub time: DateTime<Utc>,
    /// Kind of problem, such as `schema`, `invalid-config` or `no-route`.
    pub kind: &'static str,
    /// Task the message is about, if that could be read.
    pub task_id: Option<String>,
    /// Project of the job, if that could be read.
    pub project: Option<String>,
    /// Exchange of the message.
    pub exchange: String,
    /// What is wrong.
    pub message: String,
    /// What is wrong at which place, for violations of a schema.
    pub violations: Vec<ProblemPlace>,
    /// The job that was not published; a very large one without its links.
    pub job: Option<Value>,
}

/// A violation of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemPlace {
    /// JSON pointer into the job message, or into the task definition.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl From<&Violation> for ProblemPlace {
    fn from(violation: &Violation) -> Self {
        Self { pointer: violation.pointer.clone(), message: violation.message.clone() }
    }
}

/// The last problems, newest first.
#[derive(Debug)]
pub struct ProblemLog {
    capacity: usize,
    problems: Mutex<VecDeque<Problem>>,
}

impl Default for ProblemLog {
    /// Keeps 200 problems, which is 15 MB if every job among them is as large as can be.
    fn default() -> Self {
        Self::new(200)
    }
}

impl ProblemLog {
    /// Keeps the last `capacity` problems.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, problems: Mutex::default() }
    }

    fn problems(&self) -> MutexGuard<'_, VecDeque<Problem>> {
        // A queue of whole entries is valid whatever happened to the thread that changed it.
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a problem and forgets the oldest one when there are too many.
    pub fn add(&self, mut problem: Problem) {
        problem.job = problem.job.map(within_limits);
        if problem.message.len() > TEXT_LENGTH {
            problem.message.truncate(problem.message.floor_char_boundary(TEXT_LENGTH));
            problem.message.push('…');
        }
        let mut problems = self.problems();
        problems.push_front(problem);
        problems.truncate(self.capacity);
    }

    /// Returns the problems, newest first.
    #[must_use]
    pub fn latest(&self) -> Vec<Problem> {
        self.problems().iter().cloned().collect()
    }
}

fn within_limits(mut job: Value) -> Value {
    if job.to_string().len() <= JOB_SIZE {
        return job;
    }
    if let Some(links) = job.pointer_mut("/jobInfo/links") {
        let count = links.as_array().map_or(0, Vec::len);
        *links = json!(format!("{count} links, left out here"));
    }
    let text = job.to_string();
    if text.len() <= JOB_SIZE {
        return job;
    }
    let end = text.floor_char_boundary(JOB_SIZE);
    json!({ "bytes": text.len(), "beginning": text.get(..end).unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(message: &str, job: Option<Value>) -> Problem {
        Problem {
            time: Utc::now(),
            kind: "schema",
            task_id: None,
            project: None,
            exchange: "e".to_owned(),
            message: message.to_owned(),
            violations: Vec::new(),
            job,
        }
    }

    #[test]
    fn the_last_problems_are_kept_newest_first() {
        let log = ProblemLog::new(2);
        for message in ["a", "b", "c"] {
            log.add(problem(message, None));
        }
        let messages: Vec<String> = log.latest().into_iter().map(|problem| problem.message).collect();
        assert_eq!(messages, ["c", "b"]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let log = ProblemLog::default();
        let links = vec![json!({"url": "x".repeat(100)}); 1000];
        log.add(problem(&"é".repeat(10_000), Some(json!({"owner": "o", "jobInfo": {"links": links}}))));
        log.add(problem("b", Some(json!({"owner": "é".repeat(100_000)}))));
        let latest = log.latest();
        assert_eq!(
            latest[1].job,
            Some(json!({"owner": "o", "jobInfo": {"links": "1000 links, left out here"}}))
        );
        assert!(latest[1].message.len() < 5_000);
        assert_eq!(latest[0].job.as_ref().unwrap()["bytes"], 200_012);
        assert!(latest[0].job.as_ref().unwrap().to_string().len() < 70_000);
    }
}

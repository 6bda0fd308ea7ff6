//! What happens: the events and their bodies (§4.2).

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::store::{EventJob, EventPush};

/// Lines that one `failure_lines` event carries at most; the rest is read from the API.
const LINES: usize = 20;
/// Characters of a line that an event carries at most.
const LINE_LENGTH: usize = 500;

/// Something that happened to a repository's data.
///
/// | event | routing key | body |
/// |---|---|---|
/// | `job` | `events.<branch>.job` | `status`, `job_guids`: push id and time by guid |
/// | `job_failure` | `events.job_failure` | `id` of the job |
/// | `failure_lines` | `events.<branch>.failure_lines` | `id`, `job_guid`, `push_id`, `total`, `lines` |
/// | `resultset` | `events.<branch>.resultset` | `id` of the push, `author` |
/// | `job_classification` | `events.<branch>.job_classification` | `id` of the job, `who` |
/// | `unclassified_failure_count` | `events.<branch>.unclassified_failure_count` | `count`, `count_excluded` |
///
/// Every body also has `event` and `branch`, the name of the repository. `failure_lines` is an addition to the historic
/// ones: it brings the first lines to the page without a further request.
///
/// ```
/// use treeherder_ingest::events::Event;
///
/// let event = Event::job_classification("autoland", 4711, "sheriff@example.com");
/// assert_eq!((event.branch(), event.name()), ("autoland", "job_classification"));
/// assert_eq!(event.routing_key(), "events.autoland.job_classification");
/// assert_eq!(event.body()["id"], 4711);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    name: &'static str,
    branch: String,
    body: Value,
}

/// A failure line as an event carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventLine {
    /// Number of the line in the log, from 0.
    pub line_number: u64,
    /// Its text, cut where it is very long.
    pub line: String,
}

impl Event {
    fn new(name: &'static str, branch: &str, properties: Value) -> Self {
        let mut body = Map::new();
        body.insert("event".to_owned(), name.into());
        body.insert("branch".to_owned(), branch.into());
        if let Value::Object(properties) = properties {
            body.extend(properties);
        }
        Self { name, branch: branch.to_owned(), body: Value::Object(body) }
    }

    /// Jobs of one repository were stored or changed their state.
    #[must_use]
    pub fn jobs<'a>(branch: &str, jobs: impl IntoIterator<Item = &'a EventJob>) -> Self {
        let guids: Map<String, Value> = jobs
            .into_iter()
            .map(|job| {
                let push = json!({
                    "result_set_id": job.push_id,
                    "result_set_push_timestamp": job.push_time.timestamp(),
                });
                (job.guid.clone(), push)
            })
            .collect();
        Self::new("job", branch, json!({"status": "processed", "job_guids": guids}))
    }

    /// The log of a failed job was parsed.
    #[must_use]
    pub fn job_failure(branch: &str, job_id: i64) -> Self {
        Self::new("job_failure", branch, json!({"id": job_id}))
    }

    /// A log of the job has these failure lines; `total` counts those too that the event has no room for.
    #[must_use]
    pub fn failure_lines<'a>(job: &EventJob, lines: impl ExactSizeIterator<Item = (u64, &'a str)>) -> Self {
        let total = lines.len();
        let lines: Vec<EventLine> = lines
            .take(LINES)
            .map(|(line_number, line)| EventLine {
                line_number,
                line: line.chars().take(LINE_LENGTH).collect(),
            })
            .collect();
        let body = json!({
            "id": job.id, "job_guid": job.guid, "push_id": job.push_id, "total": total, "lines": lines,
        });
        Self::new("failure_lines", &job.branch, body)
    }

    /// There is a new push.
    #[must_use]
    pub fn push(push: &EventPush) -> Self {
        Self::new("resultset", &push.branch, json!({"id": push.id, "author": push.author}))
    }

    /// Somebody (an e-mail address) changed what a job is classified as, or the bugs it is mapped to.
    #[must_use]
    pub fn job_classification(branch: &str, job_id: i64, who: &str) -> Self {
        Self::new("job_classification", branch, json!({"id": job_id, "who": who}))
    }

    /// Failed jobs that nobody has classified yet; `count_excluded` leaves those out that are hidden by default.
    #[must_use]
    pub fn unclassified_failure_count(branch: &str, count: u64, count_excluded: u64) -> Self {
        let body = json!({"count": count, "count_excluded": count_excluded});
        Self::new("unclassified_failure_count", branch, body)
    }

    /// Returns the word for what happened.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// Returns the name of the repository.
    #[must_use]
    pub fn branch(&self) -> &str {
        &self.branch
    }

    /// Returns what readers get.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// Returns the key under which the event is published on the exchange.
    #[must_use]
    pub fn routing_key(&self) -> String {
        routing_key(&self.branch, self.name)
    }
}

/// The key of an event; failures have always been published without the branch.
pub(super) fn routing_key(branch: &str, name: &str) -> String {
    match name {
        "job_failure" => "events.job_failure".to_owned(),
        _ => format!("events.{branch}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> EventJob {
        EventJob {
            id: 7,
            guid: "abc/0".to_owned(),
            branch: "try".to_owned(),
            push_id: 3,
            push_time: chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap(),
            result: "testfailed".to_owned(),
        }
    }

    #[test]
    fn bodies_are_those_of_the_table() {
        let push = EventPush { id: 3, branch: "try".to_owned(), author: "ana@example.com".to_owned() };
        for (event, key, body) in [
            (
                Event::jobs("try", [&job()]),
                "events.try.job",
                json!({"event": "job", "branch": "try", "status": "processed", "job_guids":
                    {"abc/0": {"result_set_id": 3, "result_set_push_timestamp": 1_767_225_600}}}),
            ),
            (
                Event::job_failure("try", 7),
                "events.job_failure",
                json!({"id": 7, "event": "job_failure", "branch": "try"}),
            ),
            (
                Event::push(&push),
                "events.try.resultset",
                json!({"id": 3, "event": "resultset", "branch": "try", "author": "ana@example.com"}),
            ),
            (
                Event::job_classification("try", 7, "x@y.z"),
                "events.try.job_classification",
                json!({"id": 7, "who": "x@y.z", "event": "job_classification", "branch": "try"}),
            ),
            (
                Event::unclassified_failure_count("try", 5, 4),
                "events.try.unclassified_failure_count",
                json!({"count": 5, "count_excluded": 4, "event": "unclassified_failure_count", "branch": "try"}),
            ),
        ] {
            assert_eq!((event.routing_key().as_str(), event.body()), (key, &body));
        }
    }

    #[test]
    fn an_event_has_room_for_some_lines_only() {
        let long = "ü".repeat(2000);
        let lines = (0..40).map(|number| (number, long.as_str())).collect::<Vec<_>>();
        let event = Event::failure_lines(&job(), lines.into_iter());
        let shown = event.body()["lines"].as_array().unwrap();
        assert_eq!((event.body()["total"].as_u64(), shown.len()), (Some(40), 20));
        assert_eq!(shown[3]["line"].as_str().unwrap().chars().count(), 500);
        assert!(event.body().to_string().len() < 25_000);
    }
}

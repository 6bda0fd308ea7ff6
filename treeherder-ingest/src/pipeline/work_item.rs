//! What the messages on the queues say (§2.5).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::queue::{Disposition, Failure, Message, QueueName};

/// Root URL of the Taskcluster deployment whose tasks and pushes are ingested.
pub(crate) const FIREFOX_CI: &str = "https://firefox-ci-tc.services.mozilla.com";
/// Root URL of the Taskcluster deployment where mozci classifies pushes.
pub(crate) const COMMUNITY_TC: &str = "https://community-tc.services.mozilla.com";

fn firefox_ci() -> String {
    FIREFOX_CI.to_owned()
}

fn community_tc() -> String {
    COMMUNITY_TC.to_owned()
}

/// One thing to do, as it travels on a queue.
///
/// The payload is JSON: `{"task": "log-parser", "args": {"job_id": 1, "job_log_ids": [2], "priority": "normal"}}`.
/// Task names are upstream's; arguments go by name, so that one can be added without breaking what is queued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", content = "args", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WorkItem {
    /// Stores the job that a task event tells about (§4).
    StorePulseTasks {
        /// Body of the message.
        body: Value,
        /// Exchange it was published to.
        exchange: String,
        /// Its routing key.
        routing_key: String,
        /// Root URL of the Taskcluster deployment it is about.
        #[serde(default = "firefox_ci")]
        root_url: String,
    },
    /// Stores the push that a message tells about (§3).
    StorePulsePushes {
        /// Body of the message.
        body: Value,
        /// Exchange it was published to.
        exchange: String,
        /// Its routing key.
        routing_key: String,
        /// Root URL of the Taskcluster deployment it is about.
        #[serde(default = "firefox_ci")]
        root_url: String,
    },
    /// Stores mozci's classification of a push (§6.9); the name is upstream's [Q-05].
    StorePulsePushesClassification {
        /// Body of the message.
        body: Value,
        /// Exchange it was published to.
        exchange: String,
        /// Its routing key.
        routing_key: String,
        /// Root URL of the Taskcluster deployment it is about.
        #[serde(default = "community_tc")]
        root_url: String,
    },
    /// Parses logs of a job (§5.1).
    LogParser {
        /// Which job.
        job_id: i64,
        /// Which of its logs.
        job_log_ids: Vec<i64>,
        /// Whether the job failed.
        priority: LogPriority,
    },
    /// Ingests Perfherder artifacts of a job (§5.7).
    IngestPerfherderData {
        /// Which job.
        job_id: i64,
        /// Which of its artifacts.
        job_log_ids: Vec<i64>,
    },
    /// Looks for changes in the series of a performance signature.
    GenerateAlerts {
        /// Which signature.
        signature_id: i64,
    },
    /// Queues [`FetchHgPushLogs`](Self::FetchHgPushLogs) for every active Mercurial repository (§3.8).
    FetchPushLogs,
    /// Polls the pushlog of one Mercurial repository (§3.8).
    FetchHgPushLogs {
        /// Name of the repository.
        name: String,
        /// Its URL.
        url: String,
    },
    /// Counts what was ingested lately (§2.7).
    PublishStats,
    /// Brings the copy of Bugzilla's bugs up to date (§7.1).
    UpdateBugscache,
    /// Copies which group may see security bugs of which Bugzilla product (§7.4).
    UpdateBugzillaSecurityGroups,
    /// Copies what changed in the projects that a site watches (`spec/api.md` §3.22).
    UpdateChangelog,
    /// Tells live readers how many failures nobody has classified, for each repository.
    UnclassifiedFailureCount,
    /// Removes what is too old (§7.6).
    CycleData,
}

/// Whether a log belongs to a job that failed; a text that upstream passes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogPriority {
    /// The job succeeded.
    Normal,
    /// It did not.
    Failures,
}

impl LogPriority {
    /// Returns upstream's text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Failures => "failures",
        }
    }
}

/// A work item cannot be read or be sent where it should go.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkItemError {
    /// The payload is not a JSON object with a text `task`.
    #[error("payload is not a work item: {0}")]
    NotAWorkItem(#[source] serde_json::Error),
    /// No task has this name.
    #[error("unknown task \"{task}\"")]
    UnknownTask {
        /// The name.
        task: String,
    },
    /// The arguments do not fit the task; the source tells what and where.
    #[error("arguments of task {task}: {source}")]
    Arguments {
        /// Which task.
        task: String,
        /// What is wrong, with line and column of the payload.
        source: serde_json::Error,
    },
    /// The task does not belong on that queue.
    #[error("task {task} does not belong on queue {queue}")]
    WrongQueue {
        /// Which task.
        task: &'static str,
        /// Which queue.
        queue: QueueName,
    },
}

impl Failure for WorkItemError {
    fn disposition(&self) -> Disposition {
        Disposition::Permanent
    }
}

impl WorkItem {
    /// Names of all tasks.
    pub const TASKS: [&'static str; 14] = [
        "store-pulse-tasks",
        "store-pulse-pushes",
        "store-pulse-pushes-classification",
        "log-parser",
        "ingest-perfherder-data",
        "generate-alerts",
        "fetch-push-logs",
        "fetch-hg-push-logs",
        "publish-stats",
        "update-bugscache",
        "update-bugzilla-security-groups",
        "update-changelog",
        "unclassified-failure-count",
        "cycle-data",
    ];

    /// Returns upstream's name of the task.
    #[must_use]
    pub fn task(&self) -> &'static str {
        match self {
            Self::StorePulseTasks { .. } => "store-pulse-tasks",
            Self::StorePulsePushes { .. } => "store-pulse-pushes",
            Self::StorePulsePushesClassification { .. } => "store-pulse-pushes-classification",
            Self::LogParser { .. } => "log-parser",
            Self::IngestPerfherderData { .. } => "ingest-perfherder-data",
            Self::GenerateAlerts { .. } => "generate-alerts",
            Self::FetchPushLogs => "fetch-push-logs",
            Self::FetchHgPushLogs { .. } => "fetch-hg-push-logs",
            Self::PublishStats => "publish-stats",
            Self::UpdateBugscache => "update-bugscache",
            Self::UpdateBugzillaSecurityGroups => "update-bugzilla-security-groups",
            Self::UpdateChangelog => "update-changelog",
            Self::UnclassifiedFailureCount => "unclassified-failure-count",
            Self::CycleData => "cycle-data",
        }
    }

    /// Tells whether a failure is tried again; polls and statistics come around by themselves (§2.4).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        !matches!(
            self,
            Self::FetchPushLogs
                | Self::FetchHgPushLogs { .. }
                | Self::PublishStats
                | Self::UpdateBugscache
                | Self::UpdateBugzillaSecurityGroups
                | Self::UpdateChangelog
                | Self::UnclassifiedFailureCount
                | Self::CycleData
        )
    }

    /// Returns the queues the task may be on; the first is the one it goes to unless told otherwise.
    #[must_use]
    pub fn queues(&self) -> &'static [QueueName] {
        match self {
            Self::StorePulseTasks { .. } => &[QueueName::StorePulseTasks],
            Self::StorePulsePushes { .. } => &[QueueName::StorePulsePushes],
            Self::StorePulsePushesClassification { .. } => &[QueueName::StorePulseTasksClassification],
            Self::LogParser { .. } => &[
                QueueName::LogParser,
                QueueName::LogParserFailRawSheriffed,
                QueueName::LogParserFailRawUnsheriffed,
                QueueName::LogParserFailJsonSheriffed,
                QueueName::LogParserFailJsonUnsheriffed,
            ],
            Self::IngestPerfherderData { .. } => &[QueueName::PerfIngest],
            Self::GenerateAlerts { .. } => &[QueueName::GeneratePerfAlerts],
            Self::FetchPushLogs | Self::FetchHgPushLogs { .. } => &[QueueName::Pushlog],
            Self::PublishStats => &[QueueName::Statsd],
            Self::UpdateBugscache
            | Self::UpdateBugzillaSecurityGroups
            | Self::UpdateChangelog
            | Self::UnclassifiedFailureCount
            | Self::CycleData => &[QueueName::Default],
        }
    }

    /// Makes the message for the first of the task's [`queues`](Self::queues).
    ///
    /// # Errors
    /// Never for items that were built in code; the signature allows for values that JSON cannot express.
    pub fn to_message(&self) -> Result<Message, WorkItemError> {
        self.to_message_on(self.queues()[0])
    }

    /// Makes the message for one of the task's [`queues`](Self::queues), such as the log parser's.
    ///
    /// # Errors
    /// When the task does not belong on that queue.
    pub fn to_message_on(&self, queue: QueueName) -> Result<Message, WorkItemError> {
        let task = self.task();
        if !self.queues().contains(&queue) {
            return Err(WorkItemError::WrongQueue { task, queue });
        }
        let payload = serde_json::to_string(self)
            .map_err(|source| WorkItemError::Arguments { task: task.to_owned(), source })?;
        Ok(Message::new(queue, payload))
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// When it is not JSON, names no known task or the arguments do not fit; the error names the task and the place.
    pub fn from_payload(payload: &str) -> Result<Self, WorkItemError> {
        #[derive(Deserialize)]
        struct Name {
            task: String,
        }

        serde_json::from_str(payload).map_err(|source| match serde_json::from_str::<Name>(payload) {
            Err(source) => WorkItemError::NotAWorkItem(source),
            Ok(Name { task }) if Self::TASKS.contains(&task.as_str()) => {
                WorkItemError::Arguments { task, source }
            }
            Ok(Name { task }) => WorkItemError::UnknownTask { task },
        })
    }
}

/// The tasks that take a Pulse message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PulseTask {
    /// [`WorkItem::StorePulseTasks`].
    Tasks,
    /// [`WorkItem::StorePulsePushes`].
    Pushes,
    /// [`WorkItem::StorePulsePushesClassification`].
    Classification,
}

impl PulseTask {
    /// Returns upstream's name of the task.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tasks => "store-pulse-tasks",
            Self::Pushes => "store-pulse-pushes",
            Self::Classification => "store-pulse-pushes-classification",
        }
    }

    /// Returns the queue the task goes to.
    #[must_use]
    pub fn queue(self) -> QueueName {
        match self {
            Self::Tasks => QueueName::StorePulseTasks,
            Self::Pushes => QueueName::StorePulsePushes,
            Self::Classification => QueueName::StorePulseTasksClassification,
        }
    }

    /// Makes the message for a Pulse message whose body is the JSON text `body`.
    ///
    /// The text is taken over as it is: no number or key order changes, and nothing is parsed twice.
    #[must_use]
    pub fn message(self, body: &str, exchange: &str, routing_key: &str, root_url: &str) -> Message {
        let quote = |text: &str| Value::from(text).to_string();
        let payload = format!(
            r#"{{"task":"{}","args":{{"body":{},"exchange":{},"routing_key":{},"root_url":{}}}}}"#,
            self.name(),
            body,
            quote(exchange),
            quote(routing_key),
            quote(root_url)
        );
        Message::new(self.queue(), payload)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn every_item() -> Vec<(WorkItem, Value)> {
        let body = json!({"status": {"taskId": "abc"}, "z": 1.0, "a": null});
        let (exchange, routing_key, root_url) = ("e".to_owned(), "r".to_owned(), "https://tc".to_owned());
        let pulse = json!({"body": body, "exchange": "e", "routing_key": "r", "root_url": "https://tc"});
        vec![
            (
                WorkItem::StorePulseTasks {
                    body: body.clone(),
                    exchange: exchange.clone(),
                    routing_key: routing_key.clone(),
                    root_url: root_url.clone(),
                },
                json!({"task": "store-pulse-tasks", "args": pulse}),
            ),
            (
                WorkItem::StorePulsePushes {
                    body: body.clone(),
                    exchange: exchange.clone(),
                    routing_key: routing_key.clone(),
                    root_url: root_url.clone(),
                },
                json!({"task": "store-pulse-pushes", "args": pulse}),
            ),
            (
                WorkItem::StorePulsePushesClassification { body, exchange, routing_key, root_url },
                json!({"task": "store-pulse-pushes-classification", "args": pulse}),
            ),
            (
                WorkItem::LogParser { job_id: 1, job_log_ids: vec![2, 3], priority: LogPriority::Failures },
                json!({"task": "log-parser", "args": {"job_id": 1, "job_log_ids": [2, 3], "priority": "failures"}}),
            ),
            (
                WorkItem::IngestPerfherderData { job_id: 1, job_log_ids: vec![2] },
                json!({"task": "ingest-perfherder-data", "args": {"job_id": 1, "job_log_ids": [2]}}),
            ),
            (
                WorkItem::GenerateAlerts { signature_id: 5 },
                json!({"task": "generate-alerts", "args": {"signature_id": 5}}),
            ),
            (WorkItem::FetchPushLogs, json!({"task": "fetch-push-logs"})),
            (
                WorkItem::FetchHgPushLogs { name: "autoland".into(), url: "https://hg/autoland".into() },
                json!({"task": "fetch-hg-push-logs", "args": {"name": "autoland", "url": "https://hg/autoland"}}),
            ),
            (WorkItem::PublishStats, json!({"task": "publish-stats"})),
            (WorkItem::UpdateBugscache, json!({"task": "update-bugscache"})),
            (WorkItem::UpdateBugzillaSecurityGroups, json!({"task": "update-bugzilla-security-groups"})),
            (WorkItem::UpdateChangelog, json!({"task": "update-changelog"})),
            (WorkItem::UnclassifiedFailureCount, json!({"task": "unclassified-failure-count"})),
            (WorkItem::CycleData, json!({"task": "cycle-data"})),
        ]
    }

    #[test]
    fn every_task_keeps_its_form() {
        let mut names = Vec::new();
        for (item, payload) in every_item() {
            let message = item.to_message().unwrap();
            assert_eq!(serde_json::from_str::<Value>(&message.payload).unwrap(), payload);
            assert_eq!(payload["task"], item.task());
            assert_eq!(WorkItem::from_payload(&message.payload).unwrap(), item);
            names.push(item.task());
        }
        assert_eq!(names, WorkItem::TASKS);
    }

    #[test]
    fn tasks_go_to_the_queues_of_the_specification() {
        let queues: Vec<_> = every_item().iter().map(|(item, _)| item.queues()[0].as_str()).collect();
        assert_eq!(
            queues,
            [
                "store_pulse_tasks",
                "store_pulse_pushes",
                "store_pulse_tasks_classification",
                "log_parser",
                "perf_ingest",
                "generate_perf_alerts",
                "pushlog",
                "pushlog",
                "statsd",
                "default",
                "default",
                "default",
                "default",
                "default",
            ]
        );
        let retryable: Vec<_> = every_item()
            .iter()
            .filter(|(item, _)| !item.is_retryable())
            .map(|(item, _)| item.task())
            .collect();
        assert_eq!(
            retryable,
            [
                "fetch-push-logs",
                "fetch-hg-push-logs",
                "publish-stats",
                "update-bugscache",
                "update-bugzilla-security-groups",
                "update-changelog",
                "unclassified-failure-count",
                "cycle-data"
            ]
        );
    }

    #[test]
    fn a_log_parser_item_can_go_to_each_log_queue_and_nowhere_else() {
        let item = WorkItem::LogParser { job_id: 1, job_log_ids: vec![2], priority: LogPriority::Failures };
        let queue = QueueName::LogParserFailJsonSheriffed;
        assert_eq!(item.to_message_on(queue).unwrap().queue, queue);
        let error = item.to_message_on(QueueName::PerfIngest).unwrap_err();
        assert_eq!(error.to_string(), "task log-parser does not belong on queue perf_ingest");
    }

    #[test]
    fn a_missing_root_url_gets_the_default_of_the_task() {
        let defaults = [
            ("store-pulse-tasks", FIREFOX_CI),
            ("store-pulse-pushes", FIREFOX_CI),
            ("store-pulse-pushes-classification", COMMUNITY_TC),
        ];
        for (task, expected) in defaults {
            let args = r#"{"body": {}, "exchange": "e", "routing_key": "r"}"#;
            let item = WorkItem::from_payload(&format!(r#"{{"args": {args}, "task": "{task}"}}"#)).unwrap();
            let (WorkItem::StorePulseTasks { root_url, .. }
            | WorkItem::StorePulsePushes { root_url, .. }
            | WorkItem::StorePulsePushesClassification { root_url, .. }) = item
            else {
                panic!("{task} became {item:?}");
            };
            assert_eq!(root_url, expected, "{task}");
        }
    }

    #[test]
    fn errors_name_the_task_and_the_place() {
        let cases = [
            ("{", "payload is not a work item: EOF while parsing an object at line 1 column 1"),
            ("{}", "payload is not a work item: missing field `task` at line 1 column 2"),
            (r#"{"task":"parse-logs"}"#, "unknown task \"parse-logs\""),
            (
                r#"{"task":"log-parser","args":{"job_id":"one"}}"#,
                "arguments of task log-parser: invalid type: string \"one\", expected i64 at line 1 column 43",
            ),
            (
                r#"{"task":"generate-alerts","args":{}}"#,
                "arguments of task generate-alerts: missing field `signature_id` at line 1 column 35",
            ),
            (r#"{"task":"generate-alerts"}"#, "arguments of task generate-alerts: missing field `args`"),
        ];
        for (payload, expected) in cases {
            let error = WorkItem::from_payload(payload).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{payload}: {error}");
            assert_eq!(error.disposition(), Disposition::Permanent);
        }
    }

    #[test]
    fn a_pulse_body_is_taken_over_unchanged() {
        let body = r#"{"n": 1.10, "big": 123456789012345678901234567890, "text": "a\"b\u0000"}"#;
        let message = PulseTask::Tasks.message(body, "exchange/\"x\"", "a.b", "https://tc");
        assert!(message.payload.contains(body), "{}", message.payload);
        assert_eq!(message.queue, QueueName::StorePulseTasks);
        let item = WorkItem::from_payload(&message.payload).unwrap();
        let expected = WorkItem::StorePulseTasks {
            body: serde_json::from_str(body).unwrap(),
            exchange: "exchange/\"x\"".into(),
            routing_key: "a.b".into(),
            root_url: "https://tc".into(),
        };
        assert_eq!(item, expected);
        for task in [PulseTask::Pushes, PulseTask::Classification] {
            let item = WorkItem::from_payload(&task.message("{}", "e", "r", "u").payload).unwrap();
            assert_eq!((item.task(), item.queues()), (task.name(), &[task.queue()][..]));
        }
    }
}

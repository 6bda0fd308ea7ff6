//! Which work item parses which log (`spec/ingest.md` §4.10).

use super::LogStatus;

/// Names of the logs that are parsed; logs of other names are stored only.
const PARSED_LOGS: [&str; 2] = ["errorsummary_json", "live_backing_log"];

/// Repositories watched by sheriffs: the logs of their failed jobs have queues of their own.
const SHERIFFED: [&str; 9] = [
    "autoland",
    "mozilla-central",
    "mozilla-beta",
    "mozilla-release",
    "mozilla-esr115",
    "mozilla-esr140",
    "mozilla-esr153",
    "reference-browser",
    "toolchains",
];

/// Where the work item for one log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dispatch {
    /// Name of the queue.
    pub queue: &'static str,
    /// Name of the task, an entry of the task table (§2.5).
    pub task: &'static str,
    /// Text passed to the log parser (`normal` or `failures`); perf ingestion takes none.
    pub priority: Option<&'static str>,
}

/// Tells whether sheriffs watch the repository.
pub fn is_sheriffed(repository: &str) -> bool {
    SHERIFFED.contains(&repository)
}

/// Chooses queue, task and priority text for a log of a job, or `None` when it is not to be parsed.
///
/// `result` is the job's stored result, `log_status` the status the log has in the store.
pub fn log_dispatch(
    repository: &str,
    result: &str,
    log_name: &str,
    log_status: LogStatus,
) -> Option<Dispatch> {
    if log_status != LogStatus::Pending || !PARSED_LOGS.contains(&log_name) {
        return None;
    }
    let (queue, priority) = if result == "success" {
        ("log_parser", "normal")
    } else {
        let queue = match (log_name == "errorsummary_json", is_sheriffed(repository)) {
            (true, true) => "log_parser_fail_json_sheriffed",
            (true, false) => "log_parser_fail_json_unsheriffed",
            (false, true) => "log_parser_fail_raw_sheriffed",
            (false, false) => "log_parser_fail_raw_unsheriffed",
        };
        (queue, "failures")
    };
    Some(Dispatch { queue, task: "log-parser", priority: Some(priority) })
}

/// Chooses queue and task for a Perfherder artifact of a job, or `None` when it is not to be ingested.
///
/// Artifacts count whose name starts with `perfherder_data`, with `-` read as `_`.
pub fn perfherder_dispatch(name: &str, status: LogStatus) -> Option<Dispatch> {
    let wanted = "perfherder_data";
    let named = name.len() >= wanted.len()
        && name
            .bytes()
            .zip(wanted.bytes())
            .all(|(have, want)| have == want || (have == b'-' && want == b'_'));
    (named && status == LogStatus::Pending).then_some(Dispatch {
        queue: "perf_ingest",
        task: "ingest-perfherder-data",
        priority: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_choice_follows_the_table() {
        let table = [
            ("autoland", "success", "errorsummary_json", Some(("log_parser", "normal"))),
            ("try", "success", "live_backing_log", Some(("log_parser", "normal"))),
            (
                "autoland",
                "testfailed",
                "errorsummary_json",
                Some(("log_parser_fail_json_sheriffed", "failures")),
            ),
            (
                "try",
                "testfailed",
                "errorsummary_json",
                Some(("log_parser_fail_json_unsheriffed", "failures")),
            ),
            ("toolchains", "busted", "live_backing_log", Some(("log_parser_fail_raw_sheriffed", "failures"))),
            ("try", "busted", "live_backing_log", Some(("log_parser_fail_raw_unsheriffed", "failures"))),
            ("try", "exception", "errorsummary_json", Some(("log_parser_fail_json_unsheriffed", "failures"))),
            ("autoland", "testfailed", "builds-4h", None),
            ("autoland", "success", "", None),
        ];
        for (repository, result, log, expected) in table {
            let got = log_dispatch(repository, result, log, LogStatus::Pending);
            let expected = expected.map(|(queue, priority)| Dispatch {
                queue,
                task: "log-parser",
                priority: Some(priority),
            });
            assert_eq!(got, expected, "{repository} {result} {log}");
        }
    }

    #[test]
    fn only_pending_logs_are_scheduled() {
        for status in [LogStatus::Parsed, LogStatus::Failed, LogStatus::SkippedSize] {
            assert_eq!(log_dispatch("autoland", "busted", "live_backing_log", status), None);
            assert_eq!(perfherder_dispatch("perfherder-data.json", status), None);
        }
        assert_eq!(LogStatus::from_text("skipped-size"), LogStatus::SkippedSize);
        assert_eq!(LogStatus::from_text("anything"), LogStatus::Pending);
        assert_eq!(LogStatus::from_code(2), Some(LogStatus::Failed));
        assert_eq!(LogStatus::from_code(4), None);
    }

    #[test]
    fn perfherder_artifacts_are_known_by_name() {
        for name in ["perfherder-data.json", "perfherder_data-x.json", "perfherder-data_y.json (1)"] {
            let dispatch = perfherder_dispatch(name, LogStatus::Pending).unwrap();
            assert_eq!((dispatch.queue, dispatch.task), ("perf_ingest", "ingest-perfherder-data"), "{name}");
        }
        for name in
            ["", "perfherder", "x-perfherder-data.json", "Perfherder-data.json", "perfherder.data.json"]
        {
            assert_eq!(perfherder_dispatch(name, LogStatus::Pending), None, "{name}");
        }
    }
}

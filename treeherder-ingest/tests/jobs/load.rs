//! What the loader makes of job messages.

use serde_json::json;
use treeherder_ingest::job::{load, load_json, read};

use super::support::{GUID, full, minimal, with, without};

#[test]
fn a_full_message_keeps_everything() {
    let loaded = load_json(full()).unwrap();
    assert_eq!(loaded.repository, "try");
    assert_eq!(
        serde_json::to_value(&loaded).unwrap(),
        json!({
            "revision": "219d38523a321229f7f48aca6592f76b993fb1aa",
            "superseded": ["other/0", "other/1"],
            "job": {
                "job_guid": GUID,
                "name": "test-x",
                "job_symbol": "bc3",
                "group_name": "Group",
                "group_symbol": "M",
                "product_name": "Firefox",
                "state": "completed",
                "result": "testfailed",
                "reason": "retriggered",
                "who": "someone@example.com",
                "build_system_type": "taskcluster",
                "tier": 2,
                "machine": "builder",
                "option_collection": {"debug": true, "asan": true},
                "log_references": [
                    {"name": "live_backing_log", "url": "https://tc/live.log", "parse_status": "pending"},
                    {"name": "errorsummary_json", "url": "https://tc/a/x_errorsummary.log", "parse_status": "pending"}
                ],
                "perfherder_data_references": [
                    {"name": "perfherder-data-x.json", "url": "https://tc/a/perfherder-data-x.json", "parse_status": "pending"},
                    {"name": "data.json", "url": "https://tc/perfherder-data/data.json", "parse_status": "pending"}
                ],
                "submit_timestamp": 1_740_638_717,
                "start_timestamp": 1_740_639_843,
                "end_timestamp": 1_740_640_002,
                "build_platform": {"platform": "linux64", "os_name": "linux", "architecture": "x86_64"},
                "machine_platform": {"platform": "windows11", "os_name": "win", "architecture": "aarch64"},
                "taskcluster_task_id": "A35mWTRuQmyj88yMnIF0fA",
                "taskcluster_retry_id": 2
            }
        })
    );
}

#[test]
fn a_minimal_message_gets_the_defaults() {
    let loaded = load_json(minimal()).unwrap();
    assert_eq!(
        serde_json::to_value(&loaded).unwrap(),
        json!({
            "revision": "219d38523a321229f7f48aca6592f76b993fb1aa",
            "superseded": [],
            "job": {
                "job_guid": "any-build/7", "name": "x", "job_symbol": "", "group_name": "unknown", "group_symbol": "?",
                "product_name": "unknown", "state": "pending", "result": "unknown", "reason": "unknown",
                "who": "someone@example.com", "build_system_type": "other-ci", "tier": 1, "machine": "unknown",
                "option_collection": {}, "log_references": [], "perfherder_data_references": []
            }
        })
    );
}

#[test]
fn the_only_machine_stands_for_both() {
    let machine = json!({"name": "runner", "platform": "mac", "os": "-", "architecture": "-"});
    for key in ["/buildMachine", "/runMachine"] {
        let job = load_json(with(minimal(), key, machine.clone())).unwrap().job;
        assert_eq!(job.build_platform.as_ref().unwrap().platform, "mac", "{key}");
        assert_eq!(job.machine_platform, job.build_platform, "{key}");
        assert_eq!(job.machine, "runner", "{key}");
    }
}

#[test]
fn results_follow_state_kind_and_retry() {
    let table = [
        ("success", "success", "success"),
        ("fail", "testfailed", "busted"),
        ("exception", "exception", "exception"),
        ("retry", "retry", "retry"),
        ("canceled", "usercancel", "usercancel"),
        ("superseded", "superseded", "superseded"),
        ("unknown", "unknown", "unknown"),
    ];
    for (result, as_test, as_other) in table {
        for (kind, expected) in [("test", as_test), ("build", as_other), ("other", as_other)] {
            let message = with(with(full(), "/result", json!(result)), "/jobKind", json!(kind));
            assert_eq!(load_json(message.clone()).unwrap().job.result, expected, "{result} {kind}");
            let retried = with(message.clone(), "/isRetried", json!(true));
            assert_eq!(load_json(retried).unwrap().job.result, "retry", "{result} {kind}");
            for state in ["unscheduled", "pending", "running"] {
                let open = with(with(message.clone(), "/state", json!(state)), "/isRetried", json!(true));
                assert_eq!(load_json(open).unwrap().job.result, "unknown", "{result} {kind} {state}");
            }
        }
    }
    assert_eq!(load_json(without(full(), "/result")).unwrap().job.result, "unknown");
}

#[test]
fn times_are_read_in_every_usual_form() {
    for (text, expected) in [
        ("2019-06-26T19:13:51.402Z", 1_561_576_431),
        ("2025-02-26T22:45:17-08:00", 1_740_638_717),
        ("2025-02-26T22:45:17.5-0800", 1_740_638_717),
        ("2025-02-27T06:45:17", 1_740_638_717),
    ] {
        let job = load_json(with(minimal(), "/timeScheduled", json!(text))).unwrap().job;
        assert_eq!(job.submit_timestamp, Some(expected), "{text}");
    }
    for text in ["", "yesterday", "2025-02-30T00:00:00Z"] {
        let error = load_json(with(minimal(), "/timeStarted", json!(text))).unwrap_err();
        assert_eq!(error.violations.as_slice()[0].pointer, "/timeStarted", "{text}");
    }
}

#[test]
fn long_owners_are_cut_and_missing_ones_refused() {
    let owner = |length: usize| with(minimal(), "/owner", json!("ö".repeat(length)));
    assert_eq!(load_json(owner(50)).unwrap().job.who.chars().count(), 50);
    assert_eq!(load_json(owner(51)).unwrap().job.who.chars().count(), 49);
    assert_eq!(load_json(owner(5000)).unwrap().job.who.chars().count(), 49);
    let error = load_json(without(minimal(), "/owner")).unwrap_err();
    assert_eq!(error.to_string(), "job \"any-build/7\": /owner is missing");
}

#[test]
fn unusual_symbols_are_valid() {
    let message = with(
        with(minimal(), "/display/groupSymbol", json!("Buri/Hamac")),
        "/display/jobSymbol",
        json!("1.1g"),
    );
    let job = load_json(message).unwrap().job;
    assert_eq!((job.group_symbol.as_str(), job.job_symbol.as_str()), ("Buri/Hamac", "1.1g"));
}

#[test]
fn a_message_read_and_loaded_is_the_message_loaded_at_once() {
    for message in [full(), minimal()] {
        let read = read(message.clone()).unwrap();
        assert_eq!(load(read), load_json(message));
    }
    let mut message = read(full()).unwrap();
    message.display.job_name = "x".repeat(141);
    let error = load(message).unwrap_err();
    assert_eq!(error.task_id, GUID);
    assert_eq!(error.violations.as_slice()[0].pointer, "/display/jobName");
}

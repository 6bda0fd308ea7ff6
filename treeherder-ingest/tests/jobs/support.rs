//! Messages to vary.

use serde_json::{Value, json};

pub(crate) const GUID: &str = "037e6659-346e-426c-a3f3-cc8c9c81747c/2";

/// A message with every property.
pub(crate) fn full() -> Value {
    json!({
        "taskId": GUID,
        "retryId": 2,
        "isRetried": false,
        "buildSystem": "taskcluster",
        "origin": {"project": "try", "revision": "219d38523a321229f7f48aca6592f76b993fb1aa", "id": 12},
        "display": {
            "jobSymbol": "bc", "chunkId": 3, "chunkCount": 9, "groupSymbol": "M", "jobName": "test-x", "groupName": "Group"
        },
        "state": "completed",
        "result": "fail",
        "jobKind": "test",
        "tier": 2,
        "coalesced": ["other/0", "other/1"],
        "timeScheduled": "2025-02-26T22:45:17.999-08:00",
        "timeStarted": "2025-02-27T07:04:03Z",
        "timeCompleted": "2025-02-27T07:06:42.000Z",
        "labels": ["debug", "asan"],
        "owner": "someone@example.com",
        "reason": "retriggered",
        "productName": "Firefox",
        "buildMachine": {"name": "builder", "platform": "linux64", "os": "linux", "architecture": "x86_64"},
        "runMachine": {"name": "runner", "platform": "windows11", "os": "win", "architecture": "aarch64"},
        "jobInfo": {
            "summary": "text",
            "links": [
                {"label": "artifact uploaded", "linkText": "x_errorsummary.log", "url": "https://tc/a/x_errorsummary.log"},
                {"label": "artifact uploaded", "linkText": "x_errorsummary.log (1)", "url": "https://tc/b/x_errorsummary.log"},
                {"label": "artifact uploaded", "linkText": "perfherder-data-x.json", "url": "https://tc/a/perfherder-data-x.json"},
                {"label": "artifact uploaded", "linkText": "data.json", "url": "https://tc/perfherder-data/data.json"},
                {"label": "artifact uploaded", "linkText": "perfherder-data.txt", "url": "https://tc/a/perfherder-data.txt"}
            ]
        },
        "logs": [{"name": "live_backing_log", "url": "https://tc/live.log"}],
        "version": 1
    })
}

/// The shortest message that is accepted.
pub(crate) fn minimal() -> Value {
    json!({
        "taskId": "any-build/7",
        "buildSystem": "other-ci",
        "origin": {"project": "try", "revision": "219d38523a321229f7f48aca6592f76b993fb1aa"},
        "display": {"jobSymbol": "", "groupSymbol": "?", "jobName": "x"},
        "state": "pending",
        "jobKind": "other",
        "owner": "someone@example.com",
        "version": 1
    })
}

pub(crate) fn with(mut message: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match message.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.insert(key.to_owned(), value);
        }
        Value::Array(values) => values[key.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
    message
}

pub(crate) fn without(mut message: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    message.pointer_mut(parent).unwrap().as_object_mut().unwrap().shift_remove(key).unwrap();
    message
}

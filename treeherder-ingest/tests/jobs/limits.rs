//! Messages that violate the schema are refused with the place.

use serde_json::{Value, json};
use treeherder_ingest::job::load_json;

use super::support::{full, with, without};

/// At the limit every value is accepted, one beyond it the message is refused with the pointer.
#[test]
fn every_limit_holds_at_its_edge() {
    let lengths = [
        ("/taskId", 1, 50),
        ("/buildSystem", 1, 25),
        ("/origin/project", 1, 50),
        ("/origin/revision", 40, 40),
        ("/display/jobSymbol", 0, 25),
        ("/display/groupSymbol", 1, 25),
        ("/display/jobName", 1, 140),
        ("/display/groupName", 1, 255),
        ("/coalesced/0", 1, 50),
        ("/labels/0", 1, 50),
        ("/reason", 1, 125),
        ("/productName", 1, 125),
        ("/buildMachine/name", 1, 50),
        ("/buildMachine/platform", 1, 100),
        ("/buildMachine/os", 1, 25),
        ("/runMachine/architecture", 1, 25),
        ("/jobInfo/links/0/url", 0, 512),
        ("/jobInfo/links/0/linkText", 1, 125),
        ("/jobInfo/links/0/label", 1, 70),
        ("/logs/0/url", 1, 255),
        ("/logs/0/name", 1, 50),
    ];
    for (pointer, min, max) in lengths {
        for length in [min, max] {
            let message = with(full(), pointer, json!("a".repeat(length)));
            assert!(load_json(message).is_ok(), "{pointer} of length {length}");
        }
        let beyond = [min.checked_sub(1), Some(max + 1)];
        for length in beyond.into_iter().flatten() {
            refused_at(with(full(), pointer, json!("a".repeat(length))), pointer);
        }
        for wrong in [json!(1), json!(null), json!(["a"])] {
            refused_at(with(full(), pointer, wrong), pointer);
        }
    }
    let integers = [
        ("/retryId", Some(0), None),
        ("/origin/id", None, None),
        ("/display/chunkId", Some(1), None),
        ("/display/chunkCount", Some(1), None),
        ("/tier", Some(1), Some(3)),
        ("/version", Some(1), Some(1)),
    ];
    for (pointer, min, max) in integers {
        for number in [min, max].into_iter().flatten() {
            assert!(load_json(with(full(), pointer, json!(number))).is_ok(), "{pointer} {number}");
        }
        for number in [min.map(|min: i64| min - 1), max.map(|max: i64| max + 1)].into_iter().flatten() {
            refused_at(with(full(), pointer, json!(number)), pointer);
        }
        for wrong in [json!("1"), json!(true), json!(1.5), json!(1e300), json!(null)] {
            refused_at(with(full(), pointer, wrong), pointer);
        }
        assert!(load_json(with(full(), pointer, json!(1.0))).is_ok(), "{pointer} as float without fraction");
    }
}

#[test]
fn patterns_and_choices_are_enforced() {
    let table = [
        ("/taskId", "a_b"),
        ("/buildSystem", "a.b"),
        ("/origin/project", "comm.central"),
        ("/origin/revision", "219D38523A321229F7F48ACA6592F76B993FB1AA"),
        ("/coalesced/0", "a.b"),
        ("/labels/0", "a.b"),
        ("/buildMachine/name", "worker.example.com"),
        ("/runMachine/platform", "linux 64"),
        ("/runMachine/os", "10.15"),
        ("/runMachine/architecture", "x86/64"),
        ("/state", "finished"),
        ("/result", "testfailed"),
        ("/jobKind", "perf"),
    ];
    for (pointer, text) in table {
        refused_at(with(full(), pointer, json!(text)), pointer);
    }
    let umlauts = with(full(), "/buildMachine/name", json!("rüdiger"));
    assert_eq!(load_json(umlauts).unwrap().job.machine, "rüdiger");
}

#[test]
fn properties_are_required_or_unknown() {
    for pointer in [
        "/taskId",
        "/origin",
        "/buildSystem",
        "/display",
        "/state",
        "/jobKind",
        "/version",
        "/origin/project",
        "/origin/revision",
        "/display/jobName",
        "/display/jobSymbol",
        "/display/groupSymbol",
        "/buildMachine/platform",
        "/buildMachine/os",
        "/runMachine/architecture",
        "/jobInfo/links/0/url",
        "/jobInfo/links/0/linkText",
        "/jobInfo/links/0/label",
        "/logs/0/url",
        "/logs/0/name",
    ] {
        refused_at(without(full(), pointer), pointer);
    }
    for pointer in [
        "/x",
        "/origin/kind",
        "/display/x",
        "/buildMachine/x",
        "/jobInfo/x",
        "/jobInfo/links/0/x",
        "/logs/0/steps",
    ] {
        refused_at(with(full(), pointer, json!("x")), pointer);
    }
    for pointer in ["/retryId", "/result", "/owner", "/coalesced", "/jobInfo", "/logs", "/tier"] {
        refused_at(with(full(), pointer, json!(null)), pointer);
    }
}

fn refused_at(message: Value, pointer: &str) {
    let error = load_json(message).expect_err(pointer);
    let places: Vec<&str> =
        error.violations.as_slice().iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(places, [pointer], "{error}");
}

#[test]
fn what_is_no_object_is_refused() {
    for value in [json!(null), json!([]), json!("x"), json!(1)] {
        assert!(load_json(value).is_err());
    }
}

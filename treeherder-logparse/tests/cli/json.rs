//! What programs read.

use std::fs;

use serde_json::{Value, json};

use crate::support::{LOG, folder, gzip, objects, run, run_with_input, status, stderr, stdout};

#[test]
fn json_has_one_object_for_each_input_with_lines_from_0() {
    let folder = folder(&[("build.log.gz", &gzip(LOG)), ("good.log", b"all is well\nno end")]);
    let output = run(folder.path(), &["--format", "json", "build.log.gz", "good.log"]);
    let first = LOG.find("[task 2026-11-20T09:14:03.200Z]").unwrap();
    let second = LOG.find("[task 2026-11-20T09:14:03.400Z]").unwrap();
    let expected = [
        json!({
            "source": "build.log.gz",
            "errors": [
                {"linenumber": 2, "line": "make: *** [all] Error 2", "offset": first},
                {"linenumber": 4, "line": "\u{1b}[31mPROCESS-CRASH\u{1b}[0m | a.html", "offset": second},
            ],
            "performance_data": [{
                "framework": {"name": "build_metrics"},
                "suites": [{"name": "size", "value": 3, "subtests": []}],
            }],
            "problems": [],
            "lines": 6,
            "bytes": LOG.len(),
            "truncated": false,
        }),
        json!({
            "source": "good.log", "errors": [], "performance_data": [], "problems": [],
            "lines": 2, "bytes": 18, "truncated": false,
        }),
    ];
    assert_eq!(objects(&output), expected);
    assert_eq!((stderr(&output), status(&output)), ("", 1));
}

#[test]
fn problems_of_performance_data_are_told_and_are_no_trouble() {
    let log = b"fine\nPERFHERDER_DATA: {\"framework\": 1}\n";
    let output = run_with_input(&[], log);
    assert!(stderr(&output).starts_with("logparse: <stdin>:2: "), "{}", stderr(&output));
    assert_eq!((stdout(&output), status(&output)), ("", 0));
    let output = run_with_input(&["--format=json"], log);
    let problem = &objects(&output)[0]["problems"][0];
    assert_eq!((&problem["linenumber"], &problem["offset"]), (&json!(1), &json!(5)));
    assert!(problem["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert_eq!((stderr(&output), status(&output)), ("", 0));
}

#[test]
fn problems_of_one_kind_are_told_a_few_times_and_are_all_in_the_json() {
    let log = b"PERFHERDER_DATA: {\"framework\": 1}\n".repeat(10_000);
    let output = run_with_input(&[], &log);
    let told: Vec<&str> = stderr(&output).lines().collect();
    assert_eq!(told.len(), 21);
    assert_eq!(told[20], "logparse: <stdin>: 9980 more problems of that kind");
    let problems = objects(&run_with_input(&["--format=json"], &log))[0]["problems"].clone();
    let lines: Vec<u64> =
        problems.as_array().unwrap().iter().map(|problem| problem["linenumber"].as_u64().unwrap()).collect();
    assert!(lines.into_iter().eq(0..10_000));
}

#[test]
fn conformance_logs_give_the_expected_json() {
    let Some(folder) = crate::shared::conformance::folder("logs") else { return };
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(".log.gz").map(str::to_owned)
        })
        .collect();
    names.sort();
    let inputs: Vec<String> = names.iter().map(|name| format!("{name}.log.gz")).collect();
    let mut arguments = vec!["--format=json", "--max-errors=none"];
    arguments.extend(inputs.iter().map(String::as_str));
    let output = run(&folder, &arguments);
    assert_eq!(stderr(&output), "");
    for (name, object) in names.iter().zip(objects(&output)) {
        let expected = fs::read_to_string(folder.join(format!("{name}.expected.json"))).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let errors: Vec<Value> = object["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| json!({"linenumber": error["linenumber"], "line": error["line"]}))
            .collect();
        assert_eq!(object["source"], json!(format!("{name}.log.gz")));
        assert_eq!(object["lines"], expected["lines"], "{name}");
        assert_eq!(Value::Array(errors), expected["errors"], "{name}");
        assert_eq!(object["performance_data"], expected["performance_data"], "{name}");
    }
}

//! What the doctor finds on broken deployments, and on a healthy one.

use serde_json::Value;

use crate::support::{Place, Running, eventually};

/// Runs the doctor; returns whether all is well and the findings.
pub(crate) fn doctor(place: &Place, variables: &[(&str, &str)]) -> (bool, Vec<Value>) {
    let mut command = place.command(&["doctor", "--format", "json"]);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let healthy = found["healthy"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!healthy)));
    (healthy, found["findings"].as_array().unwrap().clone())
}

/// Returns message and remedy of the problems of a check.
pub(crate) fn problems(findings: &[Value], check: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .filter(|finding| finding["level"] == "problem" && finding["check"] == check)
        .map(|finding| (text(&finding["message"]), text(&finding["remedy"])))
        .collect()
}

#[test]
fn a_place_where_nothing_was_set_up_is_told_how_to_begin() {
    let place = Place::new();
    let (healthy, findings) = doctor(&place, &[]);
    assert!(!healthy);
    let [(message, remedy)] = &problems(&findings, "database")[..] else { panic!("{findings:?}") };
    assert!(message.contains("there is no database at sqlite://"), "{message}");
    assert!(message.contains("treeherder migrate"), "{message} {remedy}");
    assert!(!place.file("treeherder.sqlite").exists(), "looking makes nothing");
}

#[test]
fn a_database_that_is_down_is_the_one_problem_that_is_told() {
    let place = Place::new();
    let url = "postgres://th:hunter2@127.0.0.1:9/th";
    let (healthy, findings) = doctor(&place, &[("DATABASE_URL", url)]);
    assert!(!healthy);
    let [(message, remedy)] = &problems(&findings, "database")[..] else { panic!("{findings:?}") };
    assert!(message.contains("127.0.0.1:9") && !message.contains("hunter2"), "{message}");
    assert!(remedy.contains("DATABASE_URL"), "{remedy}");
    let all = findings.iter().filter(|finding| finding["level"] == "problem").count();
    assert_eq!(all, 1, "{findings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_tables_are_told_by_their_migrations() {
    let place = Place::new();
    place.text(&["migrate"]);
    let url = format!("sqlite://{}?mode=rwc", place.file("treeherder.sqlite").display());
    let store = treeherder_ingest::store::Store::connect(&url, 1).await.unwrap();
    let delete = "DELETE FROM seaql_migrations WHERE version = 'm0020_monitor'";
    sea_orm::ConnectionTrait::execute_unprepared(store.connection(), delete).await.unwrap();
    let (healthy, findings) = doctor(&place, &[]);
    let [(message, remedy)] = &problems(&findings, "database")[..] else { panic!("{findings:?}") };
    assert!(!healthy && message.contains("m0020_monitor"), "{message}");
    assert!(remedy.contains("treeherder migrate"), "{remedy}");
}

#[test]
fn dead_letters_missing_workers_and_wrong_variables_are_told_until_they_are_mended() {
    let place = Place::new();
    let broken = place.file("broken.jsonl");
    let line =
        r#"{"exchange": "exchange/nobody/knows", "routing_key": "", "root_url": "http://tc", "body": {}}"#;
    std::fs::write(&broken, format!("{line}\n{line}\n")).unwrap();
    place.text(&["replay", "--queue-only", broken.to_str().unwrap()]);

    let wrong = [("TREEHERDER_DATA_DIRECTORY", "/x"), ("BROKER_URL", "http://broker")];
    let (healthy, findings) = doctor(&place, &wrong);
    assert!(!healthy && problems(&findings, "settings")[0].0.contains("BROKER_URL"), "{findings:?}");
    let named = findings.iter().any(|finding| {
        finding["level"] == "note"
            && finding["message"].as_str().unwrap().contains("TREEHERDER_DATA_DIRECTORY")
    });
    assert!(named, "{findings:?}");

    let (healthy, findings) = doctor(&place, &[]);
    let queues = problems(&findings, "queues");
    let [(dead, look), (idle, start)] = &queues[..] else { panic!("{queues:?}") };
    assert!(!healthy && dead.contains(": 2 dead letters, the newest:"), "{dead}");
    assert!(
        dead.contains("exchange/nobody/knows") && look.contains("queues put-back --all"),
        "{dead} {look}"
    );
    assert!(idle.starts_with("no worker is alive") && start.contains("treeherder serve"), "{idle} {start}");

    // What it says helps.
    let letters = place.json(&["queues", "dead", "--format", "json"]);
    for letter in letters.as_array().unwrap() {
        let id = letter["id"].to_string();
        let shown = place.json(&["queues", "show", &id, "--format", "json"]);
        assert_eq!(shown["message_id"], letter["message_id"]);
        assert!(place.text(&["queues", "show", &id]).contains("exchange/nobody/knows"));
        place.text(&["queues", "discard", &id]);
        assert_eq!(place.run(&["queues", "discard", &id]).status.code(), Some(1));
    }
    let (_serve, _url) = Running::serve_with(&place, &[], &[("TREEHERDER_HEARTBEAT_SECONDS", "0.05")]);
    eventually("health", || {
        let (healthy, findings) = doctor(&place, &[]);
        if healthy { Ok(()) } else { Err(findings) }
    });
    let text = place.text(&["doctor"]);
    assert!(text.contains("1 alive") && text.trim_end().ends_with("."), "{text}");
}

//! Queues and repositories from the command line.

use crate::support::Place;

#[test]
fn dead_letters_are_listed_and_put_back() {
    let place = Place::new();
    let file = place.file("broken.jsonl");
    let line =
        r#"{"exchange": "exchange/nobody/knows", "routing_key": "", "root_url": "http://tc", "body": {}}"#;
    std::fs::write(&file, format!("{line}\n{line}\n{line}\n")).unwrap();
    place.text(&["replay", "--queue-only", file.to_str().unwrap()]);
    let dead = place.json(&["queues", "dead", "--format", "json"]);
    let dead = dead.as_array().unwrap();
    assert_eq!(dead.len(), 3);
    assert!(dead[0]["error"].as_str().unwrap().contains("exchange/nobody/knows"));
    assert_eq!(
        place.json(&["queues", "dead", "--limit", "2", "--format", "json"]).as_array().unwrap().len(),
        2
    );
    let queue = dead[0]["queue"].as_str().unwrap().to_owned();
    let id = dead[0]["id"].to_string();
    let table = place.text(&["queues", "dead", &queue]);
    assert!(table.contains(&id) && table.contains("exchange/nobody/knows"), "{table}");

    assert!(place.text(&["queues", "put-back", &id]).contains(&queue));
    assert!(place.text(&["queues", "put-back", "--all", &queue]).contains("2 dead letters"));
    let depths = place.json(&["queues", "--format", "json"]);
    let depth = depths.as_array().unwrap().iter().find(|depth| depth["queue"] == queue.as_str()).unwrap();
    assert_eq!((&depth["ready"], &depth["dead"]), (&3.into(), &0.into()), "{depth}");
    assert!(place.text(&["queues"]).contains("store_pulse_tasks"));
}

#[test]
fn migrating_twice_changes_nothing() {
    let place = Place::new();
    let first = place.text(&["migrate"]);
    assert!(first.contains("treeherder.sqlite is up to date"), "{first}");
    let repositories = place.text(&["repositories", "list", "--all", "--format", "json"]);
    assert_eq!(place.text(&["migrate"]), first);
    assert_eq!(place.text(&["repositories", "list", "--all", "--format", "json"]), repositories);
    assert!(place.text(&["repositories", "list"]).contains("https://hg.mozilla.org/integration/autoland"));
    assert!(place.text(&["migrate", "--skip"]).contains("SKIP_PREDEPLOY"));
}

#[test]
fn loaded_repositories_stay() {
    let place = Place::new();
    let file = place.file("own.json");
    let own = r#"[{"pk": 4242, "model": "model.repository", "fields": {"name": "own", "repository_group": 1,
        "dvcs_type": "git", "url": "https://git.example/own", "tc_root_url": "https://tc.example"}}]"#;
    std::fs::write(&file, own).unwrap();
    place.text(&["repositories", "load", file.to_str().unwrap()]);
    assert!(place.text(&["repositories", "list"]).contains("https://git.example/own"));
}

#[test]
fn the_parser_is_part_of_the_program() {
    let place = Place::new();
    let log = place.file("a.log");
    std::fs::write(&log, "fine\nTEST-UNEXPECTED-FAIL | dom/a.html | boom\n").unwrap();
    let output = place.run(&["parse", log.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("dom/a.html | boom"));
}

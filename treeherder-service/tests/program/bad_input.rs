//! Bad input: status 1 and a sentence that names it.

use crate::support::{Place, Running};

fn refused(place: &Place, args: &[&str], words: &[&str]) {
    let output = place.run(args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
    for word in words {
        assert!(text.contains(word), "{args:?} does not say {word:?}: {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn what_is_wrong_is_named() {
    let place = Place::new();
    let garbage = place.file("garbage.json");
    std::fs::write(&garbage, "[{\"pk\": 1}]").unwrap();
    let garbage = garbage.to_str().unwrap();
    let folder = place.path().to_str().unwrap();
    refused(&place, &["replay", "no-such.jsonl"], &["no-such.jsonl", "No such file"]);
    refused(&place, &["replay", folder], &[folder, "is a folder"]);
    refused(&place, &["serve", "--listen", "127.0.0.1:0", "--replay", "gone.jsonl"], &["gone.jsonl"]);
    refused(&place, &["repositories", "load", garbage], &["garbage.json", "entry 1", "model"]);
    refused(&place, &["failures", "4711"], &["no job 4711"]);
    refused(&place, &["failures", "--repository", "nowhere"], &["nowhere"]);
    refused(&place, &["jobs", "--repository", "nowhere"], &["nowhere"]);
    refused(&place, &["queues", "put-back", "17"], &["no dead letter 17"]);
    refused(&place, &["ingest", "push", "nowhere", "abc"], &["nowhere"]);
    refused(&place, &["ingest", "pull-request", "https://example.org/x"], &["example.org", "pull"]);
    refused(&place, &["ingest", "log", "4711"], &["no job 4711"]);
    refused(&place, &["ingest", "task", "abc", "--root-url", "http://169.254.0.1"], &["169.254.0.1"]);
    refused(&place, &["jobs", "--database-url", "mysql://u:hunter2@h/d"], &["mysql", "DATABASE_URL"]);
    refused(&place, &["jobs", "--data-dir", garbage], &["garbage.json"]);
}

#[test]
fn a_file_that_is_no_database_is_told() {
    let place = Place::new();
    std::fs::write(place.file("treeherder.sqlite"), vec![b'x'; 8192]).unwrap();
    refused(&place, &["jobs"], &["treeherder.sqlite", "not a database"]);
}

#[test]
fn a_port_in_use_is_told() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&place, &["serve", "--listen", &address], &[&address, "in use", "--listen"]);
}

#[test]
fn a_second_process_on_the_same_folder_is_told_who_works_there() {
    let place = Place::new();
    let (first, _) = Running::serve(&place, &[]);
    refused(&place, &["serve", "--listen", "127.0.0.1:0"], &["in use", &first.0.id().to_string()]);
}

#[test]
fn lines_that_are_no_messages_become_dead_letters() {
    let place = Place::new();
    let file = place.file("broken.jsonl");
    std::fs::write(&file, "{\"exchange\": 1}\n\nnot json\n").unwrap();
    let summary = place.json(&["replay", file.to_str().unwrap(), "--format", "json"]);
    assert_eq!((&summary["messages"], &summary["dead_letters"]), (&2.into(), &2.into()), "{summary}");
    let dead = place.json(&["queues", "dead", "--format", "json"]);
    let errors: Vec<&str> =
        dead.as_array().unwrap().iter().map(|dead| dead["error"].as_str().unwrap()).collect();
    assert!(errors.iter().any(|error| error.contains("broken.jsonl:1")), "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("broken.jsonl:3")), "{errors:?}");
}

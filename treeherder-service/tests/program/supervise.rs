//! The supervisor: what ends is started again, and everything ends with it.

use crate::support::{Place, Running, ended, eventually};

fn supervised(place: &Place, procfile: &str) -> Running {
    let file = place.file("Procfile");
    std::fs::write(&file, procfile).unwrap();
    Running(place.command(&["supervise", "--file", file.to_str().unwrap()]).spawn().unwrap())
}

/// Waits until a file has so many lines.
fn await_lines(place: &Place, name: &str, number: usize) -> Vec<String> {
    eventually(&format!("{number} lines in {name}"), || {
        let text = std::fs::read_to_string(place.file(name)).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.len() >= number && text.ends_with('\n') { Ok(lines) } else { Err(text) }
    })
}

fn is_alive(pid: &str) -> bool {
    std::process::Command::new("kill").args(["-0", pid]).output().unwrap().status.success()
}

#[test]
fn what_is_killed_is_started_again_and_a_stop_ends_everything() {
    let place = Place::new();
    let folder = place.path().display();
    // `treeherder` is this program, wherever it is.
    let procfile = format!(
        "release: treeherder services list > {folder}/release\n\
         sleeper: echo $$ >> {folder}/sleeper; exec sleep 1000\n\
         stubborn: echo $$ >> {folder}/stubborn; trap '' INT; sleep 1000 & wait\n"
    );
    let mut supervisor = supervised(&place, &procfile);
    let first = await_lines(&place, "sleeper", 1)[0].clone();
    assert!(std::fs::read_to_string(place.file("release")).unwrap().contains("worker_misc"));
    let status = std::process::Command::new("kill").args(["-KILL", &first]).status().unwrap();
    assert!(status.success());
    let second = await_lines(&place, "sleeper", 2)[1].clone();
    let other = await_lines(&place, "stubborn", 1)[0].clone();
    assert_ne!(first, second);
    assert!(is_alive(&second) && is_alive(&other));
    supervisor.signal("TERM");
    assert_eq!(ended(&mut supervisor.0).code(), Some(0));
    assert!(!is_alive(&second) && !is_alive(&other));
}

#[test]
fn nothing_is_started_after_a_release_that_failed() {
    let place = Place::new();
    let folder = place.path().display();
    let mut supervisor = supervised(&place, &format!("web: touch {folder}/web\nrelease: exit 3\n"));
    assert_eq!(ended(&mut supervisor.0).code(), Some(1));
    assert!(!place.file("web").exists());
    let mut text = String::new();
    std::io::Read::read_to_string(&mut supervisor.0.stderr.take().unwrap(), &mut text).unwrap();
    assert!(text.contains("release failed") && text.contains('3'), "{text}");
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_the_place() {
    let place = Place::new();
    for (procfile, expected) in [
        ("web treeherder", "line 1: \"web treeherder\" is not `name: command`"),
        ("# nothing\n", "nothing to run"),
    ] {
        let mut supervisor = supervised(&place, procfile);
        assert_eq!(ended(&mut supervisor.0).code(), Some(1));
        let mut text = String::new();
        std::io::Read::read_to_string(&mut supervisor.0.stderr.take().unwrap(), &mut text).unwrap();
        assert!(text.contains(expected) && text.contains("Procfile"), "{text}");
    }
    let output = place.run(&["supervise", "--file", "gone", "web"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("gone"));
}

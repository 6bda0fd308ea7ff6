//! The files of `deploy/` against the table of process types.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Place, output_of};

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(deploy(file)).unwrap()
}

/// Words between two texts, one of each line that has both.
fn between<'t>(text: &'t str, before: &str, after: &str) -> BTreeSet<&'t str> {
    let word = |line: &'t str| Some(line.split_once(before)?.1.split_once(after)?.0.trim());
    text.lines().filter_map(word).collect()
}

#[test]
fn every_file_starts_every_process_type_and_nothing_else() {
    let services = Place::new().json(&["services", "list", "--format", "json"]);
    let standard = services.as_array().unwrap().iter().filter(|service| service["standard"] == true);
    let expected: BTreeSet<&str> = standard.map(|service| service["name"].as_str().unwrap()).collect();
    assert!(expected.len() > 10 && expected.contains("release"), "{expected:?}");
    let others = services.as_array().unwrap().iter().filter(|service| service["standard"] == false);
    let others: Vec<&str> = others.map(|service| service["name"].as_str().unwrap()).collect();
    // One in place of three or of one, and what only some deployments want.
    assert_eq!(others, ["bridge", "pulse_listener", "pulse_listener_jobs"]);

    let procfile = read("Procfile");
    assert_eq!(between(&procfile, "", ": treeherder"), expected, "Procfile");
    let compose = read("compose.yaml");
    assert_eq!(between(&compose, "command: [", "]"), expected, "compose.yaml");
    let target = read("systemd/treeherder.target");
    let mut units = between(&target, "Wants=treeherder@", ".service");
    // It has a unit of its own, which the others want.
    assert!(
        read("systemd/treeherder@.service")
            .contains("Wants=network-online.target treeherder-release.service")
    );
    assert!(
        read("systemd/treeherder-release.service").contains("ExecStart=/usr/local/bin/treeherder release")
    );
    units.insert("release");
    assert_eq!(units, expected, "treeherder.target");
}

#[test]
fn every_process_type_is_documented() {
    let services = Place::new().json(&["services", "list", "--format", "json"]);
    let text = read("../docs/OPERATIONS.md");
    let table = text.split("\n\n").find(|part| part.contains("| process type |")).unwrap();
    for service in services.as_array().unwrap() {
        let name = service["name"].as_str().unwrap();
        assert!(table.contains(&format!("`{name}`")), "docs/OPERATIONS.md does not tell of {name}: {table}");
    }
}

#[test]
fn systemd_takes_the_units() {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join("systemd-analyze").is_file())
    });
    if !found {
        println!("skipped: there is no systemd-analyze");
        return;
    }
    // The program is not where they say it is; everything else is as shipped.
    let folder = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for name in ["treeherder.target", "treeherder-release.service", "treeherder@.service"] {
        let text = read(&format!("systemd/{name}"));
        let text = text.replace("ExecStart=/usr/local/bin/treeherder", "ExecStart=/bin/true");
        std::fs::write(folder.path().join(name), text).unwrap();
        units.push(folder.path().join(name));
    }
    let mut command = Command::new("systemd-analyze");
    let output = output_of(command.arg("verify").args(&units));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("treeherder")).collect();
    assert!(output.status.success() && ours.is_empty(), "{}: {said}", output.status);
}

//! Removing what is too old, by the command.

use crate::support::{Place, small_scenario, write_messages};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_jobs_are_removed_and_pushes_stay() {
    let (stand_in, messages) = small_scenario().await;
    let place = Place::new();
    place.load_repositories(&stand_in);
    let file = place.file("m.jsonl");
    write_messages(&file, &messages);
    place.replay_to_the_end(file.to_str().unwrap());
    let jobs = || place.json(&["jobs", "--limit", "2000", "--format", "json"]).as_array().unwrap().len();
    let stored = jobs();
    assert!(stored > 50, "{stored}");
    let of_kind = |rows: &[String], kind: &str| {
        rows.iter().filter(|row| row.starts_with(&format!("[\"{kind}\""))).count()
    };
    let before = place.rows().await;

    // The scenario is of March 2026: nothing of it is that old.
    let kept = place.json(&["cycle_data", "--days", "36000", "--format", "json"]);
    assert_eq!((&kept["jobs"], &kept["complete"]), (&0.into(), &true.into()));
    assert_eq!(jobs(), stored);
    let told = place.text(&["cycle-data", "--days", "0", "--chunk-size", "7", "--debug", "from:treeherder"]);
    assert!(told.starts_with(&format!("{stored} jobs removed, and ")), "{told}");
    assert_eq!(jobs(), 0);
    let after = place.rows().await;
    for kind in ["push", "commit"] {
        assert_eq!(of_kind(&after, kind), of_kind(&before, kind), "{kind}");
    }
    for kind in ["log", "task", "error line", "failure line", "group"] {
        assert!(of_kind(&before, kind) > 0 && of_kind(&after, kind) == 0, "{kind}");
    }
    assert_eq!(of_kind(&after, "datum"), of_kind(&before, "datum"));
    let data = place.json(&["cycle_data", "from:perfherder", "--format", "json"]);
    assert_eq!((&data["main"], &data["complete"]), (&0.into(), &true.into()));

    for (args, status, expected) in [
        (&["cycle_data", "--days", "3", "from:perfherder"][..], 1, "cannot override retention"),
        (&["cycle_data", "from:nowhere"], 2, "from:perfherder"),
        (&["cycle_data", "--chunk-size", "0"], 2, "--chunk-size"),
    ] {
        let output = place.run(args);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(status) && text.contains(expected), "{args:?}: {text}");
    }
    let nowhere = Place::new();
    let output = nowhere.run(&["cycle_data"]);
    assert!(!output.status.success() && !nowhere.file("treeherder.sqlite").exists(), "{output:?}");
    stand_in.shutdown().await;
}

//! Three schedulers on one database.

use serde_json::Value;

use super::servers::{Logged, started};
use crate::servers::postgres::Postgres;
use crate::support::{Place, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_due_time_is_fired_once_among_three_processes() {
    let Some(postgres) = started(Postgres::start) else { return };
    let place = Place::new();
    place.set("DATABASE_URL", &postgres.create_database().await);
    // They wait for the tables, so that all three find the same due times at the same moment.
    let schedulers: Vec<Logged> = ["scheduler", "celery_scheduler", "celery-scheduler"]
        .map(|word| Logged::start(&place, &[word]))
        .into();
    for scheduler in &schedulers {
        scheduler.await_message("the database is not ready");
    }
    place.set("TREEHERDER_DEBUG", "1");
    place.text(&["release"]);
    for scheduler in &schedulers {
        scheduler.await_message("\"scheduling\"");
    }
    // One of them is gone in the middle of it: the others do what it did not.
    let mut schedulers = schedulers;
    schedulers.remove(0).kill();
    tokio::task::block_in_place(|| {
        eventually("firing of every entry", || {
            let entries = place.json(&["schedule", "list", "--format", "json"]);
            if entries.as_array().unwrap().iter().all(|entry| entry["fired"] != 0) {
                Ok(())
            } else {
                Err(entries)
            }
        });
    });
    for scheduler in schedulers {
        scheduler.stop();
    }
    let entries = place.json(&["schedule", "list", "--format", "json"]);
    let depths = place.json(&["queues", "--format", "json"]);
    for depth in depths.as_array().unwrap() {
        let of_queue = entries.as_array().unwrap().iter().filter(|entry| entry["queue"] == depth["queue"]);
        let fired: Vec<u64> = of_queue.map(|entry| entry["fired"].as_u64().unwrap()).collect();
        let (published, noted) = (depth["ready"].as_u64().unwrap(), fired.iter().sum::<u64>());
        // The process that was killed may have published one without noting it; then another one did it again.
        let most = noted + u64::from(!fired.is_empty());
        assert!((noted..=most).contains(&published), "{entries} {depth}");
    }
    let by_hand = place.text(&["schedule", "run", "publish_stats"]);
    assert_eq!(by_hand, "publish-stats is on queue statsd\n");
    let unknown = place.run(&["schedule", "run", "nothing"]);
    let text = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.status.code() == Some(1) && text.contains("publish-stats"), "{text}");
    place.text(&["schedule", "disable", "publish-stats"]);
    let entries = place.json(&["schedule", "list", "--format", "json"]);
    let entry = entries.as_array().unwrap().iter().find(|entry| entry["name"] == "publish-stats").unwrap();
    assert_eq!((&entry["enabled"], &entry["next_due"]), (&Value::from(false), &Value::Null));
}

//! Real messages against the expected jobs.

use serde_json::json;
use treeherder_ingest::job::{LoadedJob, load_json};

use super::conformance;
use super::support::with;

#[test]
fn real_messages_give_the_expected_jobs() {
    let Some((messages, expected)) = conformance::read("pulse/job_messages.json")
        .zip(conformance::read("pulse/expected_loaded_jobs.json"))
    else {
        return;
    };
    let (messages, expected) = (messages.as_array().unwrap(), expected.as_array().unwrap());
    assert_eq!((messages.len(), expected.len()), (15, 15));
    for (message, expected) in messages.iter().zip(expected) {
        // The sample's project is a placeholder.
        let loaded: LoadedJob =
            load_json(with(message.clone(), "/origin/project", json!("autoland"))).unwrap();
        assert_eq!(&serde_json::to_value(&loaded).unwrap(), expected);
    }
}

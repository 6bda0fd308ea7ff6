//! Real events against the expected jobs.

use treeherder_ingest::job;
use treeherder_ingest::task::{Filter, MemoryTaskQueue, TaskEvent, handle};

use super::conformance;
use super::support::task;

#[tokio::test]
async fn real_events_give_the_expected_jobs() {
    let files = ["task_messages", "task_definitions", "expected_jobs"]
        .map(|name| conformance::read(&format!("pulse/{name}.json")));
    let [Some(messages), Some(definitions), Some(expected)] = files else { return };
    let definitions = definitions.as_object().unwrap().iter();
    let queue =
        MemoryTaskQueue::new(definitions.map(|(id, definition)| (id.clone(), task(definition.clone()))));
    let mut jobs = 0;
    for (id, message) in messages.as_object().unwrap() {
        let event =
            TaskEvent::from_value(message["exchange"].as_str().unwrap(), &message["payload"]).unwrap();
        let root = message["root_url"].as_str().unwrap();
        let message = handle(&event, root, &queue, &Filter::default()).await.unwrap().into_job().expect(id);
        let loaded = job::load(message).unwrap();
        assert_eq!(serde_json::to_value(&loaded).unwrap(), expected[id], "{id}");
        jobs += 1;
    }
    assert_eq!(jobs, 47);
}

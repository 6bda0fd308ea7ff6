//! Real task events through the bridge, and real job messages through the other end.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use treeherder_ingest::bridge::{BridgeOptions, job_of_message};
use treeherder_ingest::pulse::Delivery;
use treeherder_ingest::task::MemoryTaskQueue;

use super::conformance;
use super::support::{Published, task};

/// Job names of the bridge end earlier than the ingester's.
const JOB_NAME_LENGTH: usize = 99;

#[tokio::test]
async fn real_events_come_out_at_the_other_end_as_the_expected_jobs() {
    let files = ["task_messages", "task_definitions", "expected_jobs"]
        .map(|name| conformance::read(&format!("pulse/{name}.json")));
    let [Some(messages), Some(definitions), Some(expected)] = files else { return };
    let definitions = definitions.as_object().unwrap();
    let queue = MemoryTaskQueue::new(
        definitions.iter().map(|(id, definition)| (id.clone(), task(definition.clone()))),
    );
    let mut options = BridgeOptions::new(["tc-treeherder"]);
    options.log_name = "live_backing_log".to_owned();
    let bridge = Published::with(queue, options);
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, message) in messages.as_object().unwrap() {
        let routes = definitions[id]["routes"].as_array().unwrap().iter();
        let delivery = Delivery {
            exchange: message["exchange"].as_str().unwrap().to_owned(),
            routing_key: message["routes"].as_str().unwrap_or_default().to_owned(),
            cc: routes.map(|route| format!("route.{}", route.as_str().unwrap())).collect(),
            root_url: message["root_url"].as_str().unwrap().to_owned(),
            body: message["payload"].to_string().into_bytes(),
        };
        let (handled, published) = bridge.handle(&delivery).await;
        if let Some(error) = handled.errors.first() {
            let pointer = error.violations().first().map_or("", |violation| violation.pointer.as_str());
            panic!("{id}: {error} at {pointer}");
        }
        for publication in published {
            let job: Value = serde_json::from_slice(&publication.body).unwrap();
            let is_former = job["isRetried"] == json!(true);
            *outcomes.entry(if is_former { "former run" } else { "job" }).or_default() += 1;
            if is_former {
                continue;
            }
            let mut loaded = serde_json::to_value(job_of_message(job).unwrap()).unwrap();
            let mut expected = expected[id].clone();
            for job in [&mut loaded, &mut expected] {
                // Where the bridge is to differ: the length of names, the host of the old deployment.
                let name =
                    job["job"]["name"].as_str().unwrap().chars().take(JOB_NAME_LENGTH).collect::<String>();
                job["job"]["name"] = json!(name);
                for log in job["job"]["log_references"].as_array_mut().unwrap() {
                    let url = log["url"].as_str().unwrap();
                    let url = url.replace(
                        "https://queue.taskcluster.net/v1/",
                        "https://taskcluster.net/api/queue/v1/",
                    );
                    log["url"] = json!(url);
                }
            }
            assert_eq!(loaded, expected, "{id}");
        }
    }
    assert_eq!(outcomes.get("job"), Some(&47));
}

#[test]
fn real_job_messages_give_the_expected_jobs() {
    let files =
        ["job_messages", "expected_loaded_jobs"].map(|name| conformance::read(&format!("pulse/{name}.json")));
    let [Some(messages), Some(expected)] = files else { return };
    for (message, expected) in messages.as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
        let mut message = message.clone();
        message["origin"]["project"] = json!("autoland");
        message["origin"]["kind"] = json!("hg.mozilla.org");
        message["origin"]["pushLogID"] = json!(1);
        let loaded = serde_json::to_value(job_of_message(message).unwrap()).unwrap();
        assert_eq!(loaded["job"], expected["job"]);
    }
}

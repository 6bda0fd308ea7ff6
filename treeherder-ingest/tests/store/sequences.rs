//! A batch does what its messages would do one after the other, whatever they are.

use sea_orm::EntityTrait as _;
use treeherder_ingest::job::{JobState, LoadedJob};
use treeherder_ingest::store::entity::{job, job_log, taskcluster_metadata};

use crate::messages::{REVISION, loaded, log, store_push, store_with_push};
use crate::support::database::{Backend, TestStore};

on_every_database!(a_batch_does_what_its_messages_do_one_by_one);

/// Cases tried; each has guids of its own.
const CASES: u64 = 60;

/// A fixed sequence of numbers below `limit`, so that a failure can be repeated.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one_of<'list, Item>(&mut self, list: &'list [Item]) -> &'list Item {
        &list[self.below(list.len())]
    }
}

fn messages(case: u64) -> Vec<LoadedJob> {
    let mut numbers = Numbers(case);
    let second_revision = "b".repeat(40);
    let guids: Vec<String> =
        ["x", "x_00001", "x_00002", "y/0", "y/1", "z"].iter().map(|guid| format!("c{case}{guid}")).collect();
    (0..2 + numbers.below(12))
        .map(|position| {
            let state = *numbers.one_of(&JobState::ALL);
            let mut message = loaded(numbers.one_of(&guids).as_str(), state.as_str());
            message.revision = numbers.one_of(&[REVISION, second_revision.as_str(), "missing"]).to_string();
            message.job.who = format!("owner of message {position}");
            message.job.tier = 1 + i64::try_from(numbers.below(3)).unwrap();
            message.job.machine = format!("worker-{}", numbers.below(4));
            if numbers.below(2) == 0 {
                message.job.taskcluster_task_id = Some(format!("task {position}"));
                message.job.taskcluster_retry_id = Some(0);
            }
            if numbers.below(2) == 0 {
                message.job.log_references = vec![log("live_backing_log", &format!("u{}", numbers.below(3)))];
            }
            if numbers.below(4) == 0 {
                message.superseded = vec![numbers.one_of(&guids).clone()];
            }
            message
        })
        .collect()
}

/// Every job with its logs and task, without ids and times of storing.
async fn contents(test: &TestStore) -> Vec<String> {
    let connection = test.store.connection();
    let logs = job_log::Entity::find().all(connection).await.unwrap();
    let tasks = taskcluster_metadata::Entity::find().all(connection).await.unwrap();
    let describe = |job: job::Model| {
        let mut urls: Vec<_> =
            logs.iter().filter(|log| log.job_id == job.id).map(|log| log.url.as_str()).collect();
        urls.sort_unstable();
        let task = tasks.iter().find(|task| task.job_id == job.id).map(|task| task.task_id.as_str());
        let job::Model { guid, state, result, who, tier, push_id, .. } = job;
        format!("{guid}: {state} {result} {who} tier {tier} push {push_id} {task:?} {urls:?}")
    };
    let mut rows: Vec<_> =
        job::Entity::find().all(connection).await.unwrap().into_iter().map(describe).collect();
    rows.sort();
    rows
}

async fn a_batch_does_what_its_messages_do_one_by_one(backend: Backend) {
    let Some(together) = store_with_push(backend).await else { return };
    let Some(one_by_one) = store_with_push(backend).await else { return };
    for test in [&together, &one_by_one] {
        store_push(&test.store, &"b".repeat(40)).await;
    }
    for case in 0..CASES {
        let messages = messages(case);
        // Some of the messages come earlier, so that the batch meets stored jobs.
        let (earlier, batch) = messages.split_at(messages.len() / 3);
        together.store.store_jobs(earlier).await.unwrap();
        let mut expected = Vec::new();
        for message in &messages {
            expected.extend(one_by_one.store.store_jobs(std::slice::from_ref(message)).await.unwrap());
        }
        let outcomes = together.store.store_jobs(batch).await.unwrap();
        for (outcome, expected) in outcomes.iter().zip(&expected[earlier.len()..]) {
            assert_eq!((&outcome.guid, &outcome.status), (&expected.guid, &expected.status), "case {case}");
            if outcome.status.is_stored() {
                assert_eq!(outcome.logs.len(), expected.logs.len(), "case {case}");
            }
        }
        assert_eq!(contents(&together).await, contents(&one_by_one).await, "case {case}");
    }
}

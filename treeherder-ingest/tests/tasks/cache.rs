//! Definitions are remembered.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use treeherder_ingest::task::{
    Artifact, CachedTaskQueue, TaskDefinition, TaskQueue, TaskQueueError, TaskQueueErrorKind,
};

use super::support::{definition, task};

/// Counts how often each definition is asked for.
#[derive(Default)]
struct Counting {
    asked: Mutex<HashMap<String, usize>>,
    failures_left: AtomicUsize,
}

#[async_trait]
impl TaskQueue for Counting {
    async fn task(&self, root: &str, task_id: &str) -> Result<Arc<TaskDefinition>, TaskQueueError> {
        *self.asked.lock().unwrap().entry(format!("{root} {task_id}")).or_default() += 1;
        if self.failures_left.load(Ordering::SeqCst) > 0 {
            self.failures_left.fetch_sub(1, Ordering::SeqCst);
            return Err(TaskQueueError { kind: TaskQueueErrorKind::Transient, reason: "later".to_owned() });
        }
        let mut definition = task(definition());
        definition.worker_type = Some(format!("{root} {task_id}"));
        Ok(Arc::new(definition))
    }

    async fn artifacts(&self, _: &str, _: &str, _: u32) -> Result<Vec<Artifact>, TaskQueueError> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn definitions_are_remembered_up_to_the_capacity() {
    let counting = Arc::new(Counting::default());
    let room_for_two = task(definition()).weight() * 5 / 2;
    let cached = CachedTaskQueue::new(Arc::clone(&counting), room_for_two);
    let asked = |key: &str| counting.asked.lock().unwrap().get(key).copied().unwrap_or(0);
    for task_id in ["a", "b", "a", "c", "a", "b"] {
        let definition = cached.task("https://tc", task_id).await.unwrap();
        assert_eq!(definition.worker_type, Some(format!("https://tc {task_id}")));
    }
    // "c" displaced "b", whose last use was longest ago.
    assert_eq!((asked("https://tc a"), asked("https://tc b"), asked("https://tc c")), (1, 2, 1));
    let other = cached.task("https://other", "a").await.unwrap();
    assert_eq!(other.worker_type.as_deref(), Some("https://other a"));
}

#[tokio::test]
async fn failures_are_not_remembered() {
    let counting = Arc::new(Counting::default());
    counting.failures_left.store(1, Ordering::SeqCst);
    let cached = CachedTaskQueue::new(Arc::clone(&counting), 1_000_000);
    assert!(cached.task("https://tc", "a").await.is_err());
    assert!(cached.task("https://tc", "a").await.is_ok());
}

#[tokio::test]
async fn a_definition_beyond_the_capacity_is_passed_on_and_not_remembered() {
    let counting = Arc::new(Counting::default());
    let cached = CachedTaskQueue::new(Arc::clone(&counting), 100);
    for _ in 0..2 {
        assert!(cached.task("https://tc", "a").await.is_ok());
    }
    assert_eq!(counting.asked.lock().unwrap()["https://tc a"], 2);
}

#[test]
fn the_weight_grows_with_everything_that_is_kept() {
    let weight = |change: fn(&mut TaskDefinition)| {
        let mut changed = task(definition());
        change(&mut changed);
        changed.weight() - task(definition()).weight()
    };
    assert!(weight(|task| task.routes.push("x".repeat(1000))) >= 1000);
    assert!(weight(|task| task.metadata.description = Some("x".repeat(1000))) > 900);
    assert!(
        weight(|task| task.extra.treeherder["more"] =
            serde_json::json!(["x".repeat(1000), {"y": "z".repeat(1000)}]))
            >= 2000
    );
}

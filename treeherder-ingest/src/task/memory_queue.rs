//! A task queue in memory, for demo and tests.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::TaskDefinition;
use super::queue::{Artifact, TaskQueue, TaskQueueError, TaskQueueErrorKind};

/// A [`TaskQueue`] that knows the tasks it was given, whatever the root URL.
#[derive(Clone, Debug, Default)]
pub struct MemoryTaskQueue {
    definitions: HashMap<String, Arc<TaskDefinition>>,
    artifacts: HashMap<(String, u32), Vec<Artifact>>,
}

impl MemoryTaskQueue {
    /// Starts with the definitions of these tasks, by task id.
    pub fn new(definitions: impl IntoIterator<Item = (String, TaskDefinition)>) -> Self {
        let definitions = definitions.into_iter().map(|(id, task)| (id, Arc::new(task))).collect();
        Self { definitions, artifacts: HashMap::new() }
    }

    /// Adds artifacts of a run by their full names; runs without any have an empty list.
    pub fn add_artifacts(&mut self, task_id: &str, run_id: u32, names: impl IntoIterator<Item = String>) {
        let artifacts = self.artifacts.entry((task_id.to_owned(), run_id)).or_default();
        artifacts.extend(names.into_iter().map(|name| Artifact { name }));
    }
}

#[async_trait]
impl TaskQueue for MemoryTaskQueue {
    async fn task(&self, _root_url: &str, task_id: &str) -> Result<Arc<TaskDefinition>, TaskQueueError> {
        self.definitions.get(task_id).cloned().ok_or_else(|| TaskQueueError {
            kind: TaskQueueErrorKind::NotFound,
            reason: format!("no task {task_id}"),
        })
    }

    async fn artifacts(
        &self,
        _root_url: &str,
        task_id: &str,
        run_id: u32,
    ) -> Result<Vec<Artifact>, TaskQueueError> {
        Ok(self.artifacts.get(&(task_id.to_owned(), run_id)).cloned().unwrap_or_default())
    }
}

//! Remembers task definitions, which never change.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::TaskDefinition;
use super::queue::{Artifact, TaskQueue, TaskQueueError};

/// A [`TaskQueue`] that asks another one for each definition once, as long as it remembers it.
///
/// Every task has four or more events, all of which need the definition. The cache holds a bounded number of
/// definitions and forgets the one whose last use is longest ago. Artifacts and failures are not remembered.
pub struct CachedTaskQueue<Q> {
    inner: Q,
    definitions: Mutex<LeastRecentlyUsed>,
}

impl<Q: TaskQueue> CachedTaskQueue<Q> {
    /// Number of definitions that a process remembers unless told otherwise: some 10 MB.
    pub const DEFAULT_CAPACITY: usize = 4096;

    /// Puts a cache of `capacity` definitions before `inner`.
    pub fn new(inner: Q, capacity: usize) -> Self {
        Self { inner, definitions: Mutex::new(LeastRecentlyUsed::new(capacity)) }
    }

    fn definitions(&self) -> MutexGuard<'_, LeastRecentlyUsed> {
        // A panic between two changes could at worst have lost an entry's order; the definitions stay true.
        self.definitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<Q: TaskQueue> TaskQueue for CachedTaskQueue<Q> {
    async fn task(&self, root_url: &str, task_id: &str) -> Result<Arc<TaskDefinition>, TaskQueueError> {
        let key: Arc<str> = format!("{} {task_id}", root_url.trim_end_matches('/')).into();
        let known = self.definitions().get(&key);
        if let Some(definition) = known {
            return Ok(definition);
        }
        let definition = self.inner.task(root_url, task_id).await?;
        self.definitions().insert(key, Arc::clone(&definition));
        Ok(definition)
    }

    async fn artifacts(
        &self,
        root_url: &str,
        task_id: &str,
        run_id: u32,
    ) -> Result<Vec<Artifact>, TaskQueueError> {
        self.inner.artifacts(root_url, task_id, run_id).await
    }
}

impl<Q: fmt::Debug> fmt::Debug for CachedTaskQueue<Q> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CachedTaskQueue").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// A map of bounded size; `order` has the keys by their last use.
struct LeastRecentlyUsed {
    capacity: usize,
    clock: u64,
    entries: HashMap<Arc<str>, (u64, Arc<TaskDefinition>)>,
    order: BTreeMap<u64, Arc<str>>,
}

impl LeastRecentlyUsed {
    fn new(capacity: usize) -> Self {
        Self { capacity, clock: 0, entries: HashMap::new(), order: BTreeMap::new() }
    }

    fn get(&mut self, key: &Arc<str>) -> Option<Arc<TaskDefinition>> {
        let (used, definition) = self.entries.get_mut(key)?;
        self.clock += 1;
        self.order.remove(used);
        self.order.insert(self.clock, Arc::clone(key));
        *used = self.clock;
        Some(Arc::clone(definition))
    }

    fn insert(&mut self, key: Arc<str>, definition: Arc<TaskDefinition>) {
        self.clock += 1;
        if let Some((used, _)) = self.entries.insert(Arc::clone(&key), (self.clock, definition)) {
            self.order.remove(&used);
        }
        self.order.insert(self.clock, key);
        while self.entries.len() > self.capacity {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.entries.remove(&oldest);
        }
    }
}

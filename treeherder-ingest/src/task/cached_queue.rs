//! Remembers task definitions, which never change.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::TaskDefinition;
use super::queue::{Artifact, ArtifactListing, TaskQueue, TaskQueueError};

/// A [`TaskQueue`] that asks another one for each definition once, as long as it remembers it.
///
/// Every task has four or more events, all of which need the definition. The cache takes a bounded part of the memory
/// and forgets the definition whose last use is longest ago. Artifacts and failures are not remembered.
pub struct CachedTaskQueue<Q> {
    inner: Q,
    definitions: Mutex<LeastRecentlyUsed>,
}

impl<Q: TaskQueue> CachedTaskQueue<Q> {
    /// Bytes that a process gives to definitions unless told otherwise: some 5,000 of the usual ones.
    pub const DEFAULT_CAPACITY: usize = 16 * 1024 * 1024;

    /// Puts a cache of about `capacity` bytes before `inner`.
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

    async fn artifacts_until_error(&self, root_url: &str, task_id: &str, run_id: u32) -> ArtifactListing {
        self.inner.artifacts_until_error(root_url, task_id, run_id).await
    }
}

impl<Q: fmt::Debug> fmt::Debug for CachedTaskQueue<Q> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CachedTaskQueue").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// A map of bounded weight; `order` has the keys by their last use.
struct LeastRecentlyUsed {
    capacity: usize,
    weight: usize,
    clock: u64,
    entries: HashMap<Arc<str>, Entry>,
    order: BTreeMap<u64, Arc<str>>,
}

struct Entry {
    used: u64,
    weight: usize,
    definition: Arc<TaskDefinition>,
}

impl LeastRecentlyUsed {
    fn new(capacity: usize) -> Self {
        Self { capacity, weight: 0, clock: 0, entries: HashMap::new(), order: BTreeMap::new() }
    }

    fn get(&mut self, key: &Arc<str>) -> Option<Arc<TaskDefinition>> {
        let entry = self.entries.get_mut(key)?;
        self.clock += 1;
        self.order.remove(&entry.used);
        self.order.insert(self.clock, Arc::clone(key));
        entry.used = self.clock;
        Some(Arc::clone(&entry.definition))
    }

    fn insert(&mut self, key: Arc<str>, definition: Arc<TaskDefinition>) {
        self.clock += 1;
        let weight = definition.weight();
        let entry = Entry { used: self.clock, weight, definition };
        if let Some(former) = self.entries.insert(Arc::clone(&key), entry) {
            self.order.remove(&former.used);
            self.weight -= former.weight;
        }
        self.order.insert(self.clock, key);
        self.weight += weight;
        while self.weight > self.capacity {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            if let Some(forgotten) = self.entries.remove(&oldest) {
                self.weight -= forgotten.weight;
            }
        }
    }
}

//! How many requests may be under way to one host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hosts remembered before idle ones are forgotten.
const REMEMBERED_HOSTS: usize = 256;

/// One semaphore per host.
#[derive(Debug)]
pub(super) struct HostLimit {
    per_host: usize,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl HostLimit {
    pub(super) fn new(per_host: usize) -> Self {
        Self { per_host: per_host.clamp(1, Semaphore::MAX_PERMITS), hosts: Mutex::default() }
    }

    /// Waits for a free slot of `host`; the slot is free again when the permit is dropped.
    pub(super) async fn acquire(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        // The semaphores are never closed, so this is always a permit.
        self.semaphore(host).acquire_owned().await.ok()
    }

    fn semaphore(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= REMEMBERED_HOSTS {
            // A semaphore somebody holds or waits for is shared and stays.
            hosts.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
        let new = || Arc::new(Semaphore::new(self.per_host));
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn limits_each_host_on_its_own() {
        let limit = HostLimit::new(1);
        let first = limit.acquire("a").await;
        assert!(first.is_some());
        assert!(limit.semaphore("a").try_acquire().is_err());
        assert!(limit.semaphore("b").try_acquire().is_ok());
        drop(first);
        assert!(limit.semaphore("a").try_acquire().is_ok());
    }

    #[tokio::test]
    async fn forgets_idle_hosts_but_not_busy_ones() {
        let limit = HostLimit::new(1);
        let busy = limit.acquire("busy").await;
        for number in 0..2 * REMEMBERED_HOSTS {
            limit.semaphore(&format!("host{number}"));
        }
        assert!(limit.hosts.lock().unwrap().len() <= REMEMBERED_HOSTS);
        assert!(limit.semaphore("busy").try_acquire().is_err());
        drop(busy);
    }
}

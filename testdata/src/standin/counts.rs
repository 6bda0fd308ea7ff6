//! How often the stand-in was asked for what.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many different paths are counted one by one.
const PATHS: usize = 500_000;

/// Number of requests by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All requests.
    pub total: u64,
    /// Task definitions.
    pub definitions: u64,
    /// Pages of artifact listings.
    pub listings: u64,
    /// Artifacts asked of the queue, answered by a redirect.
    pub redirects: u64,
    /// Objects fetched from storage.
    pub objects: u64,
    /// Pushlogs.
    pub pushlogs: u64,
    /// Requests to the GitHub API.
    pub github: u64,
    /// Requests that met an injected fault.
    pub faults: u64,
    /// Answers 404 because nothing is there.
    pub not_found: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    inner: Mutex<(Counts, HashMap<String, u64>)>,
}

impl Counters {
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner).0);
    }

    /// Counts a request and returns how many there were for the path before.
    pub(crate) fn request(&self, path: &str) -> u64 {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0.total += 1;
        if let Some(count) = inner.1.get_mut(path) {
            *count += 1;
            return *count - 1;
        }
        if inner.1.len() < PATHS {
            inner.1.insert(path.to_owned(), 1);
        }
        0
    }

    pub(crate) fn snapshot(&self) -> Counts {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn of_path(&self, path: &str) -> u64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1.get(path).copied().unwrap_or_default()
    }
}

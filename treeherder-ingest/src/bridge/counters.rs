//! What the bridge counts (`spec/bridge-l10n-platform.md` §1.10).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::monitor::Metric;

/// What the names of all counters begin with.
pub const COUNTER_PREFIX: &str = "taskcluster-treeherder.";

/// Projects that are counted by name. Routes name them and anybody can write routes, so there has to be an end.
const MAX_PROJECTS: usize = 1_000;

/// The name under which all further projects are counted.
const OTHER_PROJECTS: &str = "other-projects";

/// Counters since the start of the process.
#[derive(Debug, Default)]
pub struct BridgeCounters(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    counts: BTreeMap<&'static str, u64>,
    projects: BTreeMap<String, BTreeMap<&'static str, u64>>,
    time: HandlingTime,
}

/// How long messages took, `handle-message.time`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HandlingTime {
    /// Messages handled.
    pub count: u64,
    /// Milliseconds all of them took together.
    pub total_ms: u64,
    /// Milliseconds the slowest took.
    pub max_ms: u64,
}

impl BridgeCounters {
    fn state(&self) -> MutexGuard<'_, State> {
        // Counters are independent numbers: a panic elsewhere cannot make them wrong.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, name: &'static str) {
        *self.state().counts.entry(name).or_default() += 1;
        Metric::BridgeEvents.add(&[("event", name)], 1);
    }

    pub(super) fn add_of_project(&self, project: &str, name: &'static str) {
        let mut state = self.state();
        let is_counted = state.projects.contains_key(project) || state.projects.len() < MAX_PROJECTS;
        let project = if is_counted { project } else { OTHER_PROJECTS };
        *state.projects.entry(project.to_owned()).or_default().entry(name).or_default() += 1;
        drop(state);
        Metric::BridgeProjectEvents.add(&[("project", project), ("event", name)], 1);
    }

    pub(super) fn add_time(&self, time: Duration) {
        Metric::BridgeHandleMessage.record(&[], time, 1);
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut state = self.state();
        state.time.count += 1;
        state.time.total_ms = state.time.total_ms.saturating_add(milliseconds);
        state.time.max_ms = state.time.max_ms.max(milliseconds);
    }

    /// Returns one counter by its name without prefix, such as `autoland.handle-message`.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        let state = self.state();
        let of_project = || {
            let (project, name) = name.split_once('.')?;
            state.projects.get(project)?.get(name)
        };
        state.counts.get(name).or_else(of_project).copied().unwrap_or_default()
    }

    /// Returns all counters by their full names.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, u64> {
        let state = self.state();
        let counts = state.counts.iter().map(|(name, count)| (format!("{COUNTER_PREFIX}{name}"), *count));
        let of_projects = state.projects.iter().flat_map(|(project, counts)| {
            counts.iter().map(move |(name, count)| (format!("{COUNTER_PREFIX}{project}.{name}"), *count))
        });
        counts.chain(of_projects).collect()
    }

    /// Returns how long messages took.
    #[must_use]
    pub fn handling_time(&self) -> HandlingTime {
        self.state().time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_have_their_published_names() {
        let counters = BridgeCounters::default();
        counters.add("handle-message");
        counters.add("handle-message");
        counters.add_of_project("autoland", "publish-message.success");
        let all: Vec<(String, u64)> = counters.all().into_iter().collect();
        assert_eq!(
            all,
            [
                ("taskcluster-treeherder.autoland.publish-message.success".to_owned(), 1),
                ("taskcluster-treeherder.handle-message".to_owned(), 2),
            ]
        );
        assert_eq!(counters.get("handle-message"), 2);
        assert_eq!(counters.get("autoland.publish-message.success"), 1);
        assert_eq!(counters.get("autoland.publish-message.failure"), 0);
    }

    #[test]
    fn the_number_of_projects_has_an_end() {
        let counters = BridgeCounters::default();
        for number in 0..MAX_PROJECTS + 5 {
            counters.add_of_project(&format!("project-{number}"), "handle-message");
        }
        counters.add_of_project("project-0", "handle-message");
        assert_eq!(counters.get("project-0.handle-message"), 2);
        assert_eq!(counters.get("other-projects.handle-message"), 5);
        assert_eq!(counters.all().len(), MAX_PROJECTS + 1);
    }

    #[test]
    fn times_are_summed_up() {
        let counters = BridgeCounters::default();
        counters.add_time(Duration::from_millis(20));
        counters.add_time(Duration::from_millis(5));
        assert_eq!(counters.handling_time(), HandlingTime { count: 2, total_ms: 25, max_ms: 20 });
    }
}

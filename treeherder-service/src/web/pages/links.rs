//! Addresses of what is kept elsewhere: commits, tasks, bugs.

use treeherder_ingest::store::entity::repository;

use super::query::encoded;

/// Returns the address of a commit in its repository.
pub(super) fn commit(repository: &repository::Model, revision: &str) -> String {
    let path = if repository.dvcs_type == "git" { "commit" } else { "rev" };
    format!("{}/{path}/{}", repository.url.trim_end_matches('/'), encoded(revision))
}

/// Returns the address of all commits of a push.
pub(super) fn push(repository: &repository::Model, revision: &str) -> String {
    let url = repository.url.trim_end_matches('/');
    if repository.dvcs_type == "git" {
        format!("{url}/commits/{}", encoded(revision))
    } else {
        format!("{url}/pushloghtml?changeset={}", encoded(revision))
    }
}

/// Returns the address of a run of a task in the Taskcluster deployment of a repository.
pub(super) fn task(repository: &repository::Model, task_id: &str, run: i32) -> String {
    format!("{}/tasks/{}/runs/{run}", repository.tc_root_url.trim_end_matches('/'), encoded(task_id))
}

/// Returns the address of a bug.
pub(super) fn bug(number: impl std::fmt::Display) -> String {
    format!("https://bugzilla.mozilla.org/show_bug.cgi?id={number}")
}

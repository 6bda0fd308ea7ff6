//! Reopening bugs that occur again (§7.2).

use serde_json::json;

use super::client::Bugzilla;
use super::update::UpdateError;
use crate::store::Store;

/// Where the comment sends people.
const VIEWER: &str = "https://treeherder.mozilla.org/logviewer";

/// Reopens incomplete bugs that at least `minimum` jobs of the last week have; returns how many. Without a key for filing
/// none is.
pub(super) async fn reopen_bugs(
    bugzilla: &Bugzilla,
    store: &Store,
    minimum: i64,
) -> Result<usize, UpdateError> {
    let Some(key) = &bugzilla.options().filer_key else { return Ok(0) };
    let mut reopened = 0;
    for candidate in store.reopen_candidates(minimum).await? {
        let url = format!("{VIEWER}?job_id={}&repo={}", candidate.job_id, candidate.repository);
        let change = json!({
            "status": "REOPENED",
            "comment": {"body": format!("New failure instance: {url}")},
            "comment_tags": "treeherder",
        });
        match bugzilla.change_bug(key, i64::from(candidate.bugzilla_id), &change).await {
            Ok(_) => {
                store.set_bug_open(candidate.job_id, candidate.bug_id).await?;
                reopened += 1;
            }
            Err(error) => tracing::error!(bug = candidate.bugzilla_id, %error, "cannot reopen a bug"),
        }
    }
    Ok(reopened)
}

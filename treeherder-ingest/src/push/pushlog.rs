//! Polling of pushlogs: repairs what messages missed (§3.8).

use super::error::{FailedPush, PushError};
use super::hg::{Pushlog, PushlogPush};
use super::store::{PushStore, PushlogCache};
use super::upstream::Upstream;

/// Which part of which pushlog to read.
#[derive(Clone, Copy, Debug)]
pub struct PushlogPoll<'a> {
    /// Id of the repository.
    pub repository_id: i32,
    /// Name of the repository.
    pub repository: &'a str,
    /// URL of the repository, without slash at the end.
    pub url: &'a str,
    /// Only the push of this changeset.
    pub changeset: Option<&'a str>,
    /// Only pushes after this id; the remembered one when absent.
    pub last_push_id: Option<i64>,
}

impl<'a> PushlogPoll<'a> {
    /// What the schedule asks for: everything new in `repository`.
    #[must_use]
    pub fn new(repository_id: i32, repository: &'a str, url: &'a str) -> Self {
        Self { repository_id, repository, url, changeset: None, last_push_id: None }
    }
}

/// Reads a pushlog and stores its pushes; returns the head of the newest one that has changesets.
///
/// Pushes that fail do not keep the others from being stored. The last push id is remembered when all are
/// stored; storing a push again is harmless, so nothing is lost by a failure.
///
/// # Errors
/// [`PushError::HgPushFetch`] when the server cannot be asked, [`PushError::Collection`] when some pushes
/// failed, [`PushError::Store`] when the cache did.
pub async fn poll_pushlog(
    upstream: &Upstream,
    cache: &dyn PushlogCache,
    store: &dyn PushStore,
    poll: PushlogPoll<'_>,
) -> Result<Option<String>, PushError> {
    let pushes = fetch(upstream, cache, poll).await?.pushes.0;
    if pushes.is_empty() {
        return Ok(None);
    }
    let mut failures = Vec::new();
    for (push_id, push) in &pushes {
        // Obsolete changesets leave an empty push behind.
        if push.changesets.is_empty() {
            continue;
        }
        if let Err(error) = load_and_store(store, poll.repository_id, push_id, push).await {
            tracing::error!(repository = poll.repository, push_id, %error, "cannot store a push of the pushlog");
            failures.push(FailedPush { push_id: push_id.clone(), error });
        }
    }
    if !failures.is_empty() {
        return Err(PushError::Collection { project: poll.repository.to_owned(), failures });
    }
    let mut numbered = Vec::with_capacity(pushes.len());
    for (id, push) in &pushes {
        numbered.push((id_number(id)?, push));
    }
    numbered.sort_by_key(|(number, _)| *number);
    if let (None, Some((last_push_id, _))) = (poll.changeset, numbered.last()) {
        cache.set_last_push_id(poll.repository, *last_push_id).await?;
    }
    Ok(numbered.iter().rev().find_map(|(_, push)| push.changesets.last()?.node.clone()))
}

async fn load_and_store(
    store: &dyn PushStore,
    repository_id: i32,
    push_id: &str,
    push: &PushlogPush,
) -> Result<(), PushError> {
    store.store_push(repository_id, &push.load(push_id)?).await?;
    Ok(())
}

/// Asks for the part of the pushlog that `poll` means, or for the default part when the repository was reset.
async fn fetch(
    upstream: &Upstream,
    cache: &dyn PushlogCache,
    poll: PushlogPoll<'_>,
) -> Result<Pushlog, PushError> {
    let source = format!("{}/json-pushes/?full=1&version=2", poll.url.trim_end_matches('/'));
    if let Some(changeset) = poll.changeset {
        let changeset: String = url::form_urlencoded::byte_serialize(changeset.as_bytes()).collect();
        return upstream.pushlog(&format!("{source}&changeset={changeset}")).await;
    }
    let last_push_id = match poll.last_push_id {
        Some(last_push_id) => Some(last_push_id),
        None => cache.last_push_id(poll.repository).await?,
    };
    let Some(last_push_id) = last_push_id else { return upstream.pushlog(&source).await };
    let pushlog = upstream.pushlog(&format!("{source}&startID={last_push_id}")).await?;
    if pushlog.lastpushid.is_none_or(|newest| newest >= last_push_id) {
        return Ok(pushlog);
    }
    tracing::warn!(repository = poll.repository, last_push_id, "the repository was reset: reading it anew");
    cache.forget_last_push_id(poll.repository).await?;
    upstream.pushlog(&source).await
}

fn id_number(id: &str) -> Result<i64, PushError> {
    id.parse()
        .map_err(|_| PushError::field("pushlog", "pushes", &format!("keyed by {id:?}, which is no number")))
}

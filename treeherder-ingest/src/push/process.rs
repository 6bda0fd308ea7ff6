//! The way of one push message to storage (§3.3).

use serde_json::Value;

use super::error::PushError;
use super::loaded::LoadedPush;
use super::message::PushMessage;
use super::resolve::{Resolution, resolve};
use super::store::PushStore;
use super::upstream::Upstream;

/// What became of a push message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushOutcome {
    /// Its pushes are stored.
    Stored {
        /// Name of the repository.
        repository: String,
        /// Head revisions, in the order they were stored.
        revisions: Vec<String>,
    },
    /// Nobody follows that repository or branch: dropped.
    UnknownRepository {
        /// URL of the repository.
        url: String,
    },
    /// More than one repository or rule fits: dropped.
    AmbiguousRepository {
        /// URL of the repository.
        url: String,
        /// Names of the repositories that fit.
        candidates: Vec<String>,
    },
}

/// Reads a push message, finds its repository, loads its pushes and stores them.
///
/// A second run with the same message changes nothing.
///
/// # Errors
/// When the message is malformed, a server cannot be asked or the store fails;
/// [`PushError::is_permanent`] tells whether a retry is of use.
pub async fn process_push_message(
    upstream: &Upstream,
    store: &dyn PushStore,
    exchange: &str,
    body: &Value,
) -> Result<PushOutcome, PushError> {
    let message = PushMessage::read(exchange, body)?;
    let url = message.repo_url().to_owned();
    let repositories = store.repositories_at(&url).await?;
    let (repository, branch) = match resolve(&message, &repositories) {
        Resolution::Found { repository, branch } => (repository, branch),
        Resolution::Unknown => {
            tracing::warn!(repository_url = url, "skipping a push of an unknown repository");
            return Ok(PushOutcome::UnknownRepository { url });
        }
        Resolution::Ambiguous(candidates) => {
            let candidates: Vec<String> = candidates.into_iter().map(str::to_owned).collect();
            tracing::error!(repository_url = url, ?candidates, "more than one repository fits a push");
            return Ok(PushOutcome::AmbiguousRepository { url, candidates });
        }
    };
    let mut revisions = Vec::new();
    for mut push in load_pushes(upstream, &message).await? {
        push.branch.clone_from(&branch);
        store.store_push(repository.id, &push).await?;
        revisions.push(push.revision);
    }
    let repository = repository.name.clone();
    tracing::info!(repository, ?revisions, "stored pushes");
    Ok(PushOutcome::Stored { repository, revisions })
}

/// Loads the pushes of a message, oldest first; GitHub messages have one, Mercurial's may have more.
///
/// # Errors
/// When a server cannot be asked or a push has no commits.
pub async fn load_pushes(upstream: &Upstream, message: &PushMessage) -> Result<Vec<LoadedPush>, PushError> {
    match message {
        PushMessage::Hg(push) => upstream.announced_pushes(push).await,
        PushMessage::GithubPush(push) => Ok(vec![upstream.github_push(push).await?]),
        PushMessage::GithubPullRequest(push) => Ok(vec![upstream.github_pull_request(push).await?]),
    }
}

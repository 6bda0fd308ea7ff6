//! What the push loader needs from storage.

use std::error::Error;

use async_trait::async_trait;

use super::loaded::LoadedPush;
use super::resolve::RepositoryRule;

/// A store or cache that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot store: {source}")]
pub struct PushStoreError {
    permanent: bool,
    source: Box<dyn Error + Send + Sync>,
}

impl PushStoreError {
    /// A failure that may be gone the next time (connection, lock, time).
    pub fn transient(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { permanent: false, source: source.into() }
    }

    /// A failure that the same data will meet again (integrity, programming error, §2.4).
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { permanent: true, source: source.into() }
    }

    /// Tells whether trying again is useless.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }
}

/// Where repositories are known and pushes are kept (§3.6).
#[async_trait]
pub trait PushStore: Send + Sync {
    /// The active repositories whose URL is exactly `url`, each with its branch rules.
    async fn repositories_at(&self, url: &str) -> Result<Vec<RepositoryRule>, PushStoreError>;

    /// Creates or updates the push and its commits, in one transaction.
    async fn store_push(&self, repository_id: i32, push: &LoadedPush) -> Result<(), PushStoreError>;
}

/// Remembers up to where the pushlog of each repository was read (§3.8; key `<repository>:last_push_id`).
#[async_trait]
pub trait PushlogCache: Send + Sync {
    /// The last push id of the repository, when it is remembered and not too old.
    async fn last_push_id(&self, repository: &str) -> Result<Option<i64>, PushStoreError>;

    /// Remembers the last push id for a week.
    async fn set_last_push_id(&self, repository: &str, push_id: i64) -> Result<(), PushStoreError>;

    /// Forgets the last push id.
    async fn forget_last_push_id(&self, repository: &str) -> Result<(), PushStoreError>;
}

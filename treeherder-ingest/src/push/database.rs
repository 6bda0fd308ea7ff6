//! The database as the place where pushes are kept.

use async_trait::async_trait;

use super::loaded::LoadedPush;
use super::resolve::RepositoryRule;
use super::store::{PushStore, PushStoreError, PushlogCache};
use crate::store::{RepositoryRules, Store, StoreError};

impl From<StoreError> for PushStoreError {
    fn from(error: StoreError) -> Self {
        if error.is_permanent() { Self::permanent(error) } else { Self::transient(error) }
    }
}

impl From<RepositoryRules> for RepositoryRule {
    fn from(RepositoryRules { repository, branches }: RepositoryRules) -> Self {
        Self {
            id: repository.id,
            active: repository.active_status == "active",
            name: repository.name,
            url: repository.url,
            dvcs_type: repository.dvcs_type,
            accepts_pull_requests: repository.accepts_pull_requests,
            branches,
        }
    }
}

#[async_trait]
impl PushStore for Store {
    async fn repositories_at(&self, url: &str) -> Result<Vec<RepositoryRule>, PushStoreError> {
        let found = self.active_repositories_by_url(url).await?;
        Ok(found.into_iter().map(RepositoryRule::from).collect())
    }

    async fn store_push(&self, repository_id: i32, push: &LoadedPush) -> Result<(), PushStoreError> {
        Self::store_push(self, repository_id, push).await?;
        Ok(())
    }
}

#[async_trait]
impl PushlogCache for Store {
    async fn last_push_id(&self, repository: &str) -> Result<Option<i64>, PushStoreError> {
        Ok(Self::last_push_id(self, repository).await?)
    }

    async fn set_last_push_id(&self, repository: &str, push_id: i64) -> Result<(), PushStoreError> {
        Ok(Self::set_last_push_id(self, repository, push_id).await?)
    }

    async fn forget_last_push_id(&self, repository: &str) -> Result<(), PushStoreError> {
        Ok(Self::forget_last_push_id(self, repository).await?)
    }
}

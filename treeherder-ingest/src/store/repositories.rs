//! Looking repositories up (`spec/ingest.md` §3.4, §3.8, §4.8).

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::Store;
use super::entity::{repository, repository_branch, repository_group};
use super::error::StoreError;

/// A repository with its branch rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRules {
    /// The repository.
    pub repository: repository::Model,
    /// Branch names; one that ends in `*` is a wildcard.
    pub branches: Vec<String>,
}

impl Store {
    /// Returns the active repositories with exactly this URL, each with its branch rules, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active_repositories_by_url(&self, url: &str) -> Result<Vec<RepositoryRules>, StoreError> {
        let repositories = repository::Entity::find()
            .filter(repository::Column::Url.eq(url))
            .filter(repository::Column::ActiveStatus.eq("active"))
            .order_by_asc(repository::Column::Id)
            .all(self.connection())
            .await?;
        if repositories.is_empty() {
            return Ok(Vec::new());
        }
        let rules = repository_branch::Entity::find()
            .filter(repository_branch::Column::RepositoryId.is_in(repositories.iter().map(|row| row.id)))
            .order_by_asc(repository_branch::Column::Id)
            .all(self.connection())
            .await?;
        let mut branches: HashMap<i32, Vec<String>> = HashMap::new();
        for rule in rules {
            branches.entry(rule.repository_id).or_default().push(rule.branch);
        }
        let with_rules = |repository: repository::Model| RepositoryRules {
            branches: branches.remove(&repository.id).unwrap_or_default(),
            repository,
        };
        Ok(repositories.into_iter().map(with_rules).collect())
    }

    /// Returns the repository of this name, active or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn repository_by_name(&self, name: &str) -> Result<Option<repository::Model>, StoreError> {
        let found = repository::Entity::find()
            .filter(repository::Column::Name.eq(name))
            .one(self.connection())
            .await?;
        Ok(found)
    }

    /// Returns all repositories in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn repositories(&self) -> Result<Vec<repository::Model>, StoreError> {
        Ok(repository::Entity::find().order_by_asc(repository::Column::Id).all(self.connection()).await?)
    }

    /// Returns all groups of repositories in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn repository_groups(&self) -> Result<Vec<repository_group::Model>, StoreError> {
        let groups = repository_group::Entity::find().order_by_asc(repository_group::Column::Id);
        Ok(groups.all(self.connection()).await?)
    }

    /// Returns the active Mercurial repositories, whose pushlogs are polled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active_hg_repositories(&self) -> Result<Vec<repository::Model>, StoreError> {
        let repositories = repository::Entity::find()
            .filter(repository::Column::DvcsType.eq("hg"))
            .filter(repository::Column::ActiveStatus.eq("active"))
            .order_by_asc(repository::Column::Id)
            .all(self.connection())
            .await?;
        Ok(repositories)
    }
}

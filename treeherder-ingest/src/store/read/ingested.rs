//! How much was ingested in an interval (`spec/ingest.md` §2.7).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};
use serde::Serialize;

use super::count_at;
use crate::store::Store;
use crate::store::entity::push;
use crate::store::error::StoreError;

/// What was ingested in an interval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IngestedCounts {
    /// Pushes of that time.
    pub pushes: u64,
    /// Jobs that ended in that time, by repository and state.
    pub groups: Vec<JobGroupCount>,
}

/// Jobs of one repository and state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobGroupCount {
    /// Name of the repository.
    pub repository: String,
    /// State of the jobs.
    pub state: String,
    /// How many there are.
    pub jobs: u64,
}

impl IngestedCounts {
    /// Counts all jobs.
    #[must_use]
    pub fn jobs(&self) -> u64 {
        self.groups.iter().map(|group| group.jobs).sum()
    }

    /// Counts the jobs of each repository.
    #[must_use]
    pub fn jobs_by_repository(&self) -> BTreeMap<&str, u64> {
        self.sums(|group| &group.repository)
    }

    /// Counts the jobs of each state.
    #[must_use]
    pub fn jobs_by_state(&self) -> BTreeMap<&str, u64> {
        self.sums(|group| &group.state)
    }

    fn sums<'a>(&'a self, key: impl Fn(&'a JobGroupCount) -> &'a str) -> BTreeMap<&'a str, u64> {
        let mut sums = BTreeMap::new();
        for group in &self.groups {
            *sums.entry(key(group)).or_default() += group.jobs;
        }
        sums
    }
}

impl Store {
    /// Counts pushes and ended jobs after `start` up to and including `end`, with two queries.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ingested_counts(
        &self,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<IngestedCounts, StoreError> {
        let pushes = push::Entity::find()
            .filter(push::Column::Time.gt(start))
            .filter(push::Column::Time.lte(end))
            .count(self.connection())
            .await?;
        let mut select = Query::select();
        select
            .column(("repository", "name"))
            .column(("job", "state"))
            .expr(Func::count(Expr::col(("job", "id"))))
            .from("job")
            .inner_join("repository", Expr::col(("repository", "id")).equals(("job", "repository_id")))
            .and_where(Expr::col(("job", "end_time")).gt(start))
            .and_where(Expr::col(("job", "end_time")).lte(end))
            .group_by_columns([("repository", "name"), ("job", "state")]);
        let mut groups = Vec::new();
        for row in self.connection().query_all(&select).await? {
            groups.push(JobGroupCount {
                repository: row.try_get_by_index(0)?,
                state: row.try_get_by_index(1)?,
                jobs: count_at(&row, 2)?,
            });
        }
        groups.sort_by(|a, b| (&a.repository, &a.state).cmp(&(&b.repository, &b.state)));
        Ok(IngestedCounts { pushes, groups })
    }
}

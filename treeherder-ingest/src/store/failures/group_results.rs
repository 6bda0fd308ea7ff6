//! The query of group results of a push (`spec/ingest.md` §5.8.6).

use indexmap::IndexMap;
use sea_orm::FromQueryResult;
use sea_orm::sea_query::{Expr, ExprTrait as _, JoinType, Order, Query};

use treeherder_logparse::errorsummary::GroupStatus;

use crate::store::entity::{group, group_status, job, job_log, push, taskcluster_metadata};
use crate::store::{Store, StoreError};

/// Whether each group passed, by task id; jobs without Taskcluster metadata are under `None`.
pub type GroupResults = IndexMap<Option<String>, IndexMap<String, bool>>;

#[derive(FromQueryResult)]
struct Row {
    task_id: Option<String>,
    name: String,
    status: i16,
}

impl Store {
    /// Returns how the groups of all tasks of a push ended; skipped and unknown ones are left out.
    ///
    /// When a group ended several times in one task, the newest row counts.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn group_results(
        &self,
        repository_id: i32,
        revision: &str,
    ) -> Result<GroupResults, StoreError> {
        let query = Query::select()
            .column((taskcluster_metadata::Entity, taskcluster_metadata::Column::TaskId))
            .column((group::Entity, group::Column::Name))
            .column((group_status::Entity, group_status::Column::Status))
            .from(push::Entity)
            .join(
                JoinType::InnerJoin,
                job::Entity,
                Expr::col((job::Entity, job::Column::PushId)).equals((push::Entity, push::Column::Id)),
            )
            .join(
                JoinType::InnerJoin,
                job_log::Entity,
                Expr::col((job_log::Entity, job_log::Column::JobId)).equals((job::Entity, job::Column::Id)),
            )
            .join(
                JoinType::InnerJoin,
                group_status::Entity,
                Expr::col((group_status::Entity, group_status::Column::JobLogId))
                    .equals((job_log::Entity, job_log::Column::Id)),
            )
            .join(
                JoinType::InnerJoin,
                group::Entity,
                Expr::col((group::Entity, group::Column::Id))
                    .equals((group_status::Entity, group_status::Column::GroupId)),
            )
            .join(
                JoinType::LeftJoin,
                taskcluster_metadata::Entity,
                Expr::col((taskcluster_metadata::Entity, taskcluster_metadata::Column::JobId))
                    .equals((job::Entity, job::Column::Id)),
            )
            .and_where(Expr::col((push::Entity, push::Column::RepositoryId)).eq(repository_id))
            .and_where(Expr::col((push::Entity, push::Column::Revision)).eq(revision))
            .and_where(
                Expr::col((group_status::Entity, group_status::Column::Status))
                    .is_in([GroupStatus::Ok.code(), GroupStatus::Error.code()]),
            )
            .order_by((group_status::Entity, group_status::Column::Id), Order::Asc)
            .take();
        let rows = Row::find_by_statement(self.backend().build(&query)).all(self.connection()).await?;
        let mut results = GroupResults::new();
        for row in rows {
            let passed = row.status == GroupStatus::Ok.code();
            results.entry(row.task_id).or_default().insert(row.name, passed);
        }
        Ok(results)
    }
}

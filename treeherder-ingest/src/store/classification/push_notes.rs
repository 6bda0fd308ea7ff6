//! The notes of all jobs of a push (`spec/api.md` §3.11).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _};

use crate::store::Store;
use crate::store::entity::{push, repository};
use crate::store::error::StoreError;

/// A note with what one wants to know of its job.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct PushNote {
    /// Id of the note.
    pub id: i64,
    /// Slug of the job's task, if it is one.
    pub task_id: Option<String>,
    /// Name of the job's type.
    pub job_type_name: String,
    /// Result of the job.
    pub result: String,
    /// When the job was scheduled.
    pub submit_time: DateTime<Utc>,
    /// When the job started.
    pub start_time: DateTime<Utc>,
    /// When the job ended.
    pub end_time: DateTime<Utc>,
    /// Name of the classification.
    pub classification: String,
    /// When the note was written.
    pub created: DateTime<Utc>,
    /// Mail address of the author; `None` when the note was written by a program.
    pub email: Option<String>,
    /// What the author has to say.
    pub text: String,
}

impl Store {
    /// Returns the notes of a push in the order of their ids; `None` when the repository has no such push.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_notes(
        &self,
        repository: &str,
        revision: &str,
    ) -> Result<Option<Vec<PushNote>>, StoreError> {
        let Some(push) = self.push_of_revision(repository, revision).await? else { return Ok(None) };
        let mut select = Query::select();
        for (table, column, name) in [
            ("job_note", "id", "id"),
            ("taskcluster_metadata", "task_id", "task_id"),
            ("job_type", "name", "job_type_name"),
            ("job", "result", "result"),
            ("job", "submit_time", "submit_time"),
            ("job", "start_time", "start_time"),
            ("job", "end_time", "end_time"),
            ("failure_classification", "name", "classification"),
            ("job_note", "created", "created"),
            ("auth_user", "email", "email"),
            ("job_note", "text", "text"),
        ] {
            select.expr_as(Expr::col((table, column)), name);
        }
        select
            .from("job")
            .inner_join("job_note", Expr::col(("job_note", "job_id")).equals(("job", "id")))
            .inner_join("job_type", Expr::col(("job_type", "id")).equals(("job", "job_type_id")))
            .inner_join(
                "failure_classification",
                Expr::col(("failure_classification", "id")).equals(("job_note", "failure_classification_id")),
            )
            .left_join(
                "taskcluster_metadata",
                Expr::col(("taskcluster_metadata", "job_id")).equals(("job", "id")),
            )
            .left_join("auth_user", Expr::col(("auth_user", "id")).equals(("job_note", "user_id")))
            .and_where(Expr::col(("job", "push_id")).eq(push.id))
            .order_by(("job_note", "id"), Order::Asc);
        let rows = self.connection().query_all(&select).await?;
        Ok(Some(rows.iter().map(|row| PushNote::from_query_result(row, "")).collect::<Result<_, _>>()?))
    }

    /// Returns the push of the repository whose head is exactly this revision.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn push_of_revision(
        &self,
        repository: &str,
        revision: &str,
    ) -> Result<Option<push::Model>, StoreError> {
        let found =
            repository::Entity::find().filter(repository::Column::Name.eq(repository)).one(self.connection());
        let Some(repository) = found.await? else { return Ok(None) };
        let push = push::Entity::find()
            .filter(push::Column::RepositoryId.eq(repository.id))
            .filter(push::Column::Revision.eq(revision));
        Ok(push.one(self.connection()).await?)
    }
}

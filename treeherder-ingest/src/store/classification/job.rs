//! The job that a classification belongs to.

use chrono::{SubsecRound as _, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::events::Event;
use crate::store::entity::{job, job_note};
use crate::store::error::StoreError;
use crate::store::{NOT_CLASSIFIED, Store};
use crate::writer::WriteTransaction;

/// A job whose classification or bugs changed, for those who are told of it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ChangedJob {
    /// Id of the job.
    pub job_id: i64,
    /// Name of its repository.
    pub repository: String,
}

/// The events that tell that somebody (an e-mail address) changed what is said about jobs.
pub(super) fn told(jobs: &[ChangedJob], who: &str) -> Vec<Event> {
    jobs.iter().map(|job| Event::job_classification(&job.repository, job.job_id, who)).collect()
}

impl Store {
    /// Returns the job, with the name of its repository; `None` when there is no such job in `repository`, if one is
    /// named.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn classifiable_job(
        &self,
        job_id: i64,
        repository: Option<&str>,
    ) -> Result<Option<ChangedJob>, StoreError> {
        find(self.connection(), job_id, repository).await
    }
}

/// As [`Store::classifiable_job`], within a transaction.
pub(super) async fn find<Connection: ConnectionTrait>(
    connection: &Connection,
    job_id: i64,
    repository: Option<&str>,
) -> Result<Option<ChangedJob>, StoreError> {
    let mut select = Query::select();
    select
        .expr_as(Expr::col(("job", "id")), "job_id")
        .expr_as(Expr::col(("repository", "name")), "repository")
        .from("job")
        .inner_join("repository", Expr::col(("repository", "id")).equals(("job", "repository_id")))
        .and_where(Expr::col(("job", "id")).eq(job_id));
    if let Some(repository) = repository {
        select.and_where(Expr::col(("repository", "name")).eq(repository));
    }
    let row = connection.query_one(&select).await?;
    Ok(row.map(|row| ChangedJob::from_query_result(&row, "")).transpose()?)
}

/// Notes that the job changes, and keeps others from changing it until the transaction ends.
pub(super) async fn touch(transaction: &WriteTransaction, job_id: i64) -> Result<(), StoreError> {
    job::Entity::update_many()
        .col_expr(job::Column::LastModified, Expr::value(Utc::now().trunc_subsecs(6)))
        .filter(job::Column::Id.eq(job_id))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Gives the job the classification of its newest note; without notes it is not classified.
pub(super) async fn classify_by_notes(transaction: &WriteTransaction, job_id: i64) -> Result<(), StoreError> {
    let newest = job_note::Entity::find()
        .filter(job_note::Column::JobId.eq(job_id))
        .order_by_desc(job_note::Column::Created)
        .order_by_desc(job_note::Column::Id)
        .limit(1)
        .one(transaction)
        .await?;
    let classification = newest.map_or(NOT_CLASSIFIED, |note| note.failure_classification_id);
    job::Entity::update_many()
        .col_expr(job::Column::FailureClassificationId, Expr::value(classification))
        .filter(job::Column::Id.eq(job_id))
        .exec(transaction)
        .await?;
    Ok(())
}

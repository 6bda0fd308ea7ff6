//! Notes: who classified a job as what, and why (`spec/api.md` §3.11, `spec/ingest.md` §6.8).
//!
//! Matching of error lines with structured failure lines after a note is left out: nothing makes the links that it
//! needs, and no client reads its result.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ConnectionTrait as _, EntityTrait as _, FromQueryResult};

use super::ChangedJob;
use super::job::{classify_by_notes, find, told, touch};
use crate::store::Store;
use crate::store::entity::{failure_classification, job_note};
use crate::store::error::{StoreError, check_text};

/// A note with its author.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Note {
    /// Id of the note.
    pub id: i64,
    /// Id of the job.
    pub job_id: i64,
    /// Id of the classification.
    pub failure_classification_id: i32,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// Mail address of the author; `None` when the note was written by a program.
    pub email: Option<String>,
    /// What the author has to say.
    pub text: String,
}

/// A note that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNote {
    /// Id of the job.
    pub job_id: i64,
    /// Id of the classification.
    pub failure_classification_id: i32,
    /// Id of the author's account.
    pub user_id: Option<i32>,
    /// What the author has to say.
    pub text: String,
}

impl Store {
    /// Returns the notes of a job in the order of their ids; none when the job is not in the repository.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notes(&self, repository: &str, job_id: i64) -> Result<Vec<Note>, StoreError> {
        let mut select = select();
        select
            .inner_join("job", Expr::col(("job", "id")).equals(("job_note", "job_id")))
            .inner_join("repository", Expr::col(("repository", "id")).equals(("job", "repository_id")))
            .and_where(Expr::col(("job_note", "job_id")).eq(job_id))
            .and_where(Expr::col(("repository", "name")).eq(repository))
            .order_by(("job_note", "id"), Order::Asc);
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| Note::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }

    /// Returns a note.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note(&self, id: i64) -> Result<Option<Note>, StoreError> {
        let mut select = select();
        select.and_where(Expr::col(("job_note", "id")).eq(id));
        let row = self.connection().query_one(&select).await?;
        Ok(row.map(|row| Note::from_query_result(&row, "")).transpose()?)
    }

    /// Writes a note and classifies its job accordingly; `None` when the job is not in the repository. An event
    /// tells that `who`, an e-mail address, has done it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such classification; when the text cannot be stored; or when the
    /// database fails.
    pub async fn create_note(
        &self,
        repository: &str,
        note: &NewNote,
        who: &str,
    ) -> Result<Option<ChangedJob>, StoreError> {
        check_text("job_note", "text", usize::MAX, &note.text)?;
        let transaction = self.begin_write().await?;
        let Some(job) = find(&transaction, note.job_id, Some(repository)).await? else { return Ok(None) };
        let classification = failure_classification::Entity::find_by_id(note.failure_classification_id);
        if classification.one(&transaction).await?.is_none() {
            let key = note.failure_classification_id.to_string();
            return Err(StoreError::NotFound { what: "failure classification", key });
        }
        touch(&transaction, job.job_id).await?;
        let row = job_note::ActiveModel {
            job_id: Set(note.job_id),
            failure_classification_id: Set(note.failure_classification_id),
            user_id: Set(note.user_id),
            text: Set(note.text.clone()),
            created: Set(Utc::now()),
            ..Default::default()
        };
        job_note::Entity::insert(row).exec_without_returning(&transaction).await?;
        classify_by_notes(&transaction, job.job_id).await?;
        let appended = self.event_log().append(&transaction, &told(std::slice::from_ref(&job), who)).await?;
        transaction.commit().await?;
        appended.announce();
        Ok(Some(job))
    }

    /// Deletes a note and classifies its job by the remaining ones; `None` when there is no such note. An
    /// event tells that `who` has done it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_note(&self, id: i64, who: &str) -> Result<Option<ChangedJob>, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(note) = job_note::Entity::find_by_id(id).one(&transaction).await? else { return Ok(None) };
        touch(&transaction, note.job_id).await?;
        let deleted = job_note::Entity::delete_by_id(id).exec(&transaction).await?;
        let job = find(&transaction, note.job_id, None).await?;
        if deleted.rows_affected == 0 {
            return Ok(None);
        }
        classify_by_notes(&transaction, note.job_id).await?;
        let appended = self.event_log().append(&transaction, &told(job.as_slice(), who)).await?;
        transaction.commit().await?;
        appended.announce();
        Ok(job)
    }
}

/// All notes with their authors.
fn select() -> SelectStatement {
    let mut select = Query::select();
    for column in ["id", "job_id", "failure_classification_id", "created", "text"] {
        select.expr_as(Expr::col(("job_note", column)), column);
    }
    select
        .expr_as(Expr::col(("auth_user", "email")), "email")
        .from("job_note")
        .left_join("auth_user", Expr::col(("auth_user", "id")).equals(("job_note", "user_id")));
    select
}

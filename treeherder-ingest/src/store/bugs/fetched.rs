//! Storing bugs that were fetched from Bugzilla (`spec/ingest.md` §7.1.1).

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _};

use super::issues::{NOT_FETCHED, ensure_bug};
use super::version::bump;
use crate::store::Store;
use crate::store::entity::{bug_job_map, bugscache};
use crate::store::error::{StoreError, check_positive, check_text, truncated};
use crate::writer::WriteTransaction;

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

/// A bug as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedBug {
    /// Number at Bugzilla.
    pub bugzilla_id: i32,
    /// Status.
    pub status: String,
    /// Resolution, empty while open.
    pub resolution: String,
    /// Summary; cut at 255 characters.
    pub summary: String,
    /// Number of the bug that this one is a duplicate of.
    pub dupe_of: Option<i32>,
    /// Crash signatures.
    pub crash_signature: String,
    /// Keywords with commas between them.
    pub keywords: String,
    /// When it changed last.
    pub modified: DateTime<Utc>,
    /// Whiteboard; cut at 100 characters.
    pub whiteboard: String,
}

impl Store {
    /// Returns when the bug that changed last did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_bug_change(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut select = Query::select();
        select
            .expr_as(Func::max(Expr::col("modified")), "newest")
            .from("bugscache")
            .and_where(Expr::col("bugzilla_id").is_not_null());
        let row = self.connection().query_one(&select).await?;
        Ok(row.map(|row| row.try_get("", "newest")).transpose()?.flatten())
    }

    /// Begins an update: forgets bugs that have not changed since `oldest` and that no job has, and notes that every other
    /// one is to be fetched.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_bug_update(&self, oldest: DateTime<Utc>) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        bugscache::Entity::delete_many()
            .filter(bugscache::Column::BugzillaId.is_not_null())
            .filter(bugscache::Column::Summary.ne(NOT_FETCHED))
            .filter(bugscache::Column::Modified.lt(oldest))
            .filter(bugscache::Column::Id.not_in_subquery(mapped()))
            .exec(&transaction)
            .await?;
        bugscache::Entity::update_many()
            .col_expr(bugscache::Column::ProcessedUpdate, Expr::value(false))
            .filter(bugscache::Column::BugzillaId.is_not_null())
            .exec(&transaction)
            .await?;
        bump(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Returns those of the bugs that this update has not fetched yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bugs_to_fetch(&self, mut numbers: BTreeSet<i32>) -> Result<BTreeSet<i32>, StoreError> {
        let all: Vec<i32> = numbers.iter().copied().collect();
        for chunk in all.chunks(IDS_PER_STATEMENT) {
            let fetched = bugscache::Entity::find()
                .filter(bugscache::Column::BugzillaId.is_in(chunk.iter().copied()))
                .filter(bugscache::Column::ProcessedUpdate.eq(true))
                .all(self.connection())
                .await?;
            for number in fetched.iter().filter_map(|bug| bug.bugzilla_id) {
                numbers.remove(&number);
            }
        }
        Ok(numbers)
    }

    /// Returns the numbers of the bugs that jobs have.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mapped_bugs(&self) -> Result<Vec<i32>, StoreError> {
        let mut select = Query::select();
        select
            .distinct()
            .column(("bugscache", "bugzilla_id"))
            .from("bugscache")
            .inner_join("bug_job_map", Expr::col(("bug_job_map", "bug_id")).equals(("bugscache", "id")))
            .and_where(Expr::col(("bugscache", "bugzilla_id")).is_not_null());
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| row.try_get("", "bugzilla_id")).collect::<Result<_, _>>()?)
    }

    /// Stores bugs that were fetched and returns the numbers of those that do not fit.
    ///
    /// A bug that one of them is a duplicate of gets a row, to be filled when it is fetched.
    ///
    /// # Errors
    /// When the database fails; nothing is stored then.
    pub async fn store_fetched_bugs(&self, bugs: &[FetchedBug]) -> Result<HashSet<i32>, StoreError> {
        let mut failed = HashSet::new();
        if bugs.is_empty() {
            return Ok(failed);
        }
        let transaction = self.begin_write().await?;
        for bug in bugs {
            if let Err(error) = check(bug) {
                tracing::error!(bug = bug.bugzilla_id, %error, "a bug cannot be stored");
                failed.insert(bug.bugzilla_id);
                continue;
            }
            if let Some(number) = bug.dupe_of {
                ensure_bug(&transaction, number).await?;
            }
            upsert(&transaction, bug).await?;
        }
        bump(&transaction).await?;
        transaction.commit().await?;
        Ok(failed)
    }

    /// Deletes bugs that have not changed since `oldest` and that no job has; internal issues stay.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_old_bugs(&self, oldest: DateTime<Utc>) -> Result<u64, StoreError> {
        let transaction = self.begin_write().await?;
        let deleted = bugscache::Entity::delete_many()
            .filter(bugscache::Column::BugzillaId.is_not_null())
            .filter(bugscache::Column::Modified.lt(oldest))
            .filter(bugscache::Column::Id.not_in_subquery(mapped()))
            .exec(&transaction)
            .await?;
        bump(&transaction).await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected)
    }

    /// Makes no bug newer than `latest`, so that the next update begins there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn limit_bug_changes(&self, latest: DateTime<Utc>) -> Result<(), StoreError> {
        bugscache::Entity::update_many()
            .col_expr(bugscache::Column::Modified, Expr::value(latest))
            .filter(bugscache::Column::BugzillaId.is_not_null())
            .filter(bugscache::Column::Modified.gt(latest))
            .exec(self.writer())
            .await?;
        Ok(())
    }
}

/// Ids of the bugs that jobs have.
fn mapped() -> sea_orm::sea_query::SelectStatement {
    let mut select = Query::select();
    select.column("bug_id").from(bug_job_map::Entity);
    select
}

fn check(bug: &FetchedBug) -> Result<(), StoreError> {
    check_positive("bugscache", "bugzilla_id", i64::from(bug.bugzilla_id))?;
    if let Some(number) = bug.dupe_of {
        check_positive("bugscache", "dupe_of", i64::from(number))?;
    }
    check_text("bugscache", "status", 64, &bug.status)?;
    check_text("bugscache", "resolution", 64, &bug.resolution)?;
    for (column, text) in [
        ("summary", &bug.summary),
        ("crash_signature", &bug.crash_signature),
        ("keywords", &bug.keywords),
        ("whiteboard", &bug.whiteboard),
    ] {
        check_text("bugscache", column, usize::MAX, text)?;
    }
    Ok(())
}

async fn upsert(transaction: &WriteTransaction, bug: &FetchedBug) -> Result<(), StoreError> {
    let row = bugscache::ActiveModel {
        bugzilla_id: Set(Some(bug.bugzilla_id)),
        status: Set(bug.status.clone()),
        resolution: Set(bug.resolution.clone()),
        summary: Set(truncated(&bug.summary, 255).to_owned()),
        dupe_of: Set(bug.dupe_of),
        crash_signature: Set(bug.crash_signature.clone()),
        keywords: Set(bug.keywords.clone()),
        modified: Set(bug.modified),
        whiteboard: Set(truncated(&bug.whiteboard, 100).to_owned()),
        processed_update: Set(true),
        ..Default::default()
    };
    let update = OnConflict::column("bugzilla_id")
        .update_columns([
            "status",
            "resolution",
            "summary",
            "dupe_of",
            "crash_signature",
            "keywords",
            "modified",
            "whiteboard",
            "processed_update",
        ])
        .to_owned();
    bugscache::Entity::insert(row).on_conflict(update).exec_without_returning(transaction).await?;
    Ok(())
}

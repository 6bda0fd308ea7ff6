//! Bugs that are made here: issues that Bugzilla does not have yet, and places for bugs that are still to be fetched.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::version::bump;
use crate::store::Store;
use crate::store::entity::bugscache;
use crate::store::error::{StoreError, check_positive, check_text};
use crate::writer::WriteTransaction;

/// Summary of a bug of which only the number is known.
pub(super) const NOT_FETCHED: &str = "(no bug data fetched)";

/// An issue that Bugzilla does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalIssue {
    /// Id of its row.
    pub internal_id: i64,
    /// Summary.
    pub summary: String,
}

impl Store {
    /// Returns the open internal issue with this summary; makes it when there is none (`spec/api.md` §3.21).
    ///
    /// # Errors
    /// When the summary is too long or the database fails.
    pub async fn internal_issue(&self, summary: &str) -> Result<InternalIssue, StoreError> {
        check_text("bugscache", "summary", 255, summary)?;
        let transaction = self.begin_write().await?;
        let known = bugscache::Entity::find()
            .filter(bugscache::Column::Summary.eq(summary))
            .filter(bugscache::Column::BugzillaId.is_null())
            .filter(bugscache::Column::Resolution.eq(""))
            .order_by_asc(bugscache::Column::Id)
            .one(&transaction)
            .await?;
        let internal_id = match known {
            Some(bug) => bug.id,
            None => {
                let row = new_row(None, summary, Utc::now(), true);
                bump(&transaction).await?;
                bugscache::Entity::insert(row).exec(&transaction).await?.last_insert_id
            }
        };
        transaction.commit().await?;
        Ok(InternalIssue { internal_id, summary: summary.to_owned() })
    }

    /// Returns the id of the row of a bug that was just filed with this summary (`spec/api.md` §3.20).
    ///
    /// The internal issue that was filed gets the number; other rows keep theirs.
    ///
    /// # Errors
    /// When the number is negative or the database fails.
    pub async fn adopt_filed_bug(&self, bugzilla_id: i64, summary: &str) -> Result<Option<i64>, StoreError> {
        let number = check_positive("bugscache", "bugzilla_id", bugzilla_id)?;
        let transaction = self.begin_write().await?;
        let known = bugscache::Entity::find()
            .filter(bugscache::Column::BugzillaId.eq(number))
            .one(&transaction)
            .await?;
        if let Some(bug) = known {
            return Ok(Some(bug.id));
        }
        let issue = bugscache::Entity::find()
            .filter(bugscache::Column::Summary.eq(summary))
            .filter(bugscache::Column::BugzillaId.is_null())
            .order_by_desc(bugscache::Column::Modified)
            .order_by_desc(bugscache::Column::Id)
            .one(&transaction)
            .await?;
        let Some(issue) = issue else { return Ok(None) };
        bugscache::Entity::update_many()
            .col_expr(bugscache::Column::BugzillaId, Expr::value(number))
            .col_expr(bugscache::Column::Modified, Expr::value(Utc::now()))
            .filter(bugscache::Column::Id.eq(issue.id))
            .exec(&transaction)
            .await?;
        bump(&transaction).await?;
        transaction.commit().await?;
        Ok(Some(issue.id))
    }
}

/// Returns the id of the row of this bug; a bug that is not known gets one that the next update fills.
pub(in crate::store) async fn ensure_bug(
    transaction: &WriteTransaction,
    number: i32,
) -> Result<i64, StoreError> {
    let find = || bugscache::Entity::find().filter(bugscache::Column::BugzillaId.eq(number));
    if let Some(bug) = find().one(transaction).await? {
        return Ok(bug.id);
    }
    let number = check_positive("bugscache", "bugzilla_id", i64::from(number))?;
    let row = new_row(Some(number), NOT_FETCHED, placeholder_time(), false);
    bugscache::Entity::insert(row)
        .on_conflict(OnConflict::column("bugzilla_id").do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    bump(transaction).await?;
    let bug = find().one(transaction).await?;
    bug.map(|bug| bug.id).ok_or_else(|| StoreError::NotFound { what: "bug", key: number.to_string() })
}

/// The time of a bug of which only the number is known: 1971-01-01, older than any update looks for.
pub(super) fn placeholder_time() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::TimeDelta::days(365)
}

/// A row of which little is known.
pub(super) fn new_row(
    bugzilla_id: Option<i32>,
    summary: &str,
    modified: DateTime<Utc>,
    processed_update: bool,
) -> bugscache::ActiveModel {
    bugscache::ActiveModel {
        bugzilla_id: Set(bugzilla_id),
        status: Set(String::new()),
        resolution: Set(String::new()),
        summary: Set(summary.to_owned()),
        dupe_of: Set(None),
        crash_signature: Set(String::new()),
        keywords: Set(String::new()),
        modified: Set(modified),
        whiteboard: Set(String::new()),
        processed_update: Set(processed_update),
        ..Default::default()
    }
}

//! Bugs to be searched, and what is shown of those that were found (`spec/ingest.md` §6.5.6).

use std::collections::HashMap;

use chrono::{TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Order, Query};
use sea_orm::{ConnectionTrait as _, DbErr};

use crate::store::Store;
use crate::store::bound_ids::BoundIds;
use crate::store::error::StoreError;
use crate::store::rows::{Column, Columns, Row};
use crate::suggestions::IndexedBug;

/// Rows per statement.
const ROWS_PER_STATEMENT: u64 = 20_000;
/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;
/// Most bugs that are searched, the newest rows: more than Bugzilla has with the keyword for intermittent failures.
const MOST_BUGS: usize = 500_000;
/// For so long an internal issue's occurrences are counted.
const OCCURRENCES_WINDOW: TimeDelta = TimeDelta::days(7);

/// A bug as it is suggested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestedBug {
    /// Number at Bugzilla; `None` for an internal issue.
    pub id: Option<i32>,
    /// Id of the row.
    pub internal_id: i64,
    /// Status.
    pub status: String,
    /// Resolution, empty while open.
    pub resolution: String,
    /// Summary.
    pub summary: String,
    /// Number of the bug that this one is a duplicate of.
    pub dupe_of: Option<i32>,
    /// Crash signatures.
    pub crash_signature: String,
    /// Keywords.
    pub keywords: String,
    /// Whiteboard.
    pub whiteboard: String,
    /// Jobs of the last week that are occurrences of it; counted for internal issues only.
    pub occurrences: Option<i64>,
}

/// Columns in the order that [`SuggestedBug::read`] expects them.
const SUGGESTED: [Column; 9] = [
    ("bugscache", "id"),
    ("bugscache", "bugzilla_id"),
    ("bugscache", "status"),
    ("bugscache", "resolution"),
    ("bugscache", "summary"),
    ("bugscache", "dupe_of"),
    ("bugscache", "crash_signature"),
    ("bugscache", "keywords"),
    ("bugscache", "whiteboard"),
];

impl SuggestedBug {
    fn read(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            internal_id: row.number(0)?,
            id: row.optional(1)?,
            status: row.owned(2)?,
            resolution: row.owned(3)?,
            summary: row.owned(4)?,
            dupe_of: row.optional(5)?,
            crash_signature: row.owned(6)?,
            keywords: row.owned(7)?,
            whiteboard: row.owned(8)?,
            occurrences: None,
        })
    }
}

impl Store {
    /// Returns what of all bugs is searched, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn indexed_bugs(&self) -> Result<Vec<IndexedBug>, StoreError> {
        let mut bugs = Vec::new();
        let mut below = i64::MAX;
        while bugs.len() < MOST_BUGS {
            let mut select = Query::select();
            select
                .columns(["id", "summary", "resolution"])
                .from("bugscache")
                .and_where(Expr::col("id").lt(below))
                .order_by("id", Order::Desc)
                .limit(ROWS_PER_STATEMENT);
            let rows = self.connection().query_all(&select).await?;
            for row in &rows {
                let (id, summary, resolution): (i64, String, String) =
                    (row.try_get("", "id")?, row.try_get("", "summary")?, row.try_get("", "resolution")?);
                below = id;
                bugs.push(IndexedBug { id, summary, is_open: resolution.is_empty() });
            }
            if (rows.len() as u64) < ROWS_PER_STATEMENT {
                bugs.reverse();
                return Ok(bugs);
            }
        }
        tracing::warn!(bugs = bugs.len(), "there are too many bugs, older ones are not searched");
        bugs.reverse();
        Ok(bugs)
    }

    /// Returns what is shown of these bugs, in any order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn suggested_bugs(&self, ids: &[i64]) -> Result<Vec<SuggestedBug>, StoreError> {
        let mut bugs = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS_PER_STATEMENT) {
            let mut select = Query::select();
            select.from("bugscache").and_where(BoundIds::of(ids).condition("id", self.backend()));
            let mut read = self.list(select, &Columns::of(SUGGESTED), SuggestedBug::read).await?;
            let internal = read.iter().filter(|bug| bug.id.is_none()).map(|bug| bug.internal_id);
            let occurrences = self.occurrences(&internal.collect::<Vec<_>>()).await?;
            for bug in read.iter_mut().filter(|bug| bug.id.is_none()) {
                bug.occurrences = Some(occurrences.get(&bug.internal_id).copied().unwrap_or_default());
            }
            bugs.append(&mut read);
        }
        Ok(bugs)
    }

    async fn occurrences(&self, ids: &[i64]) -> Result<HashMap<i64, i64>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut select = Query::select();
        select
            .column("bug_id")
            .expr_as(Func::count(Expr::col("id")), "number")
            .from("bug_job_map")
            .and_where(BoundIds::of(ids).condition("bug_id", self.backend()))
            .and_where(Expr::col("created").gte(Utc::now() - OCCURRENCES_WINDOW))
            .group_by_col("bug_id");
        let rows = self.connection().query_all(&select).await?;
        rows.iter().map(|row| Ok((row.try_get("", "bug_id")?, row.try_get("", "number")?))).collect()
    }
}

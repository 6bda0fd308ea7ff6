//! What events tell about jobs and pushes, and the count of failures that wait for somebody.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::events::Event;
use crate::store::{LogJob, Store, StoreError};

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;
/// Jobs that one event tells about at most, so that its body stays small.
const JOBS_PER_EVENT: usize = 200;
/// Results of jobs that somebody has to look at.
const FAILED: [&str; 3] = ["testfailed", "busted", "exception"];
/// Classifications that count as none (`spec/api.md` §6).
const UNCLASSIFIED: [i32; 4] = [1, 6, 7, 8];
/// Tier of the jobs that are hidden unless somebody asks for them.
const HIDDEN_TIER: i32 = 3;
/// How old a push may be whose failures are counted.
const COUNTED_DAYS: i64 = 7;

/// A job as events tell about it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct EventJob {
    /// Id of the job.
    pub id: i64,
    /// Guid of the job.
    pub guid: String,
    /// Name of the repository.
    pub branch: String,
    /// Id of the push.
    pub push_id: i32,
    /// Time of the push.
    pub push_time: DateTime<Utc>,
    /// Result of the job.
    pub result: String,
}

impl EventJob {
    /// Tells whether the job failed in a way that somebody has to look at.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        FAILED.contains(&self.result.as_str())
    }
}

impl From<&LogJob> for EventJob {
    fn from(job: &LogJob) -> Self {
        Self {
            id: job.job_id,
            guid: job.guid.clone(),
            branch: job.repository.clone(),
            push_id: job.push_id,
            push_time: job.push_time,
            result: job.result.clone(),
        }
    }
}

/// A push as events tell about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPush {
    /// Id of the push.
    pub id: i32,
    /// Name of the repository.
    pub branch: String,
    /// Who pushed.
    pub author: String,
}

/// Failed jobs of a repository that nobody has classified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnclassifiedCount {
    /// Name of the repository.
    pub branch: String,
    /// All of them.
    pub count: u64,
    /// Those that are not hidden by default: without tier 3.
    pub count_excluded: u64,
}

/// The events that tell that these jobs were stored or changed: one for each repository, or some when there are many.
pub(in crate::store) fn jobs_told(jobs: &[EventJob]) -> Vec<Event> {
    let mut branches: BTreeMap<&str, Vec<&EventJob>> = BTreeMap::new();
    for job in jobs {
        branches.entry(&job.branch).or_default().push(job);
    }
    let mut events = Vec::with_capacity(branches.len());
    for (branch, jobs) in branches {
        events.extend(jobs.chunks(JOBS_PER_EVENT).map(|jobs| Event::jobs(branch, jobs.iter().copied())));
    }
    events
}

/// As [`Store::event_jobs`], within a transaction.
pub(in crate::store) async fn read_event_jobs(
    connection: &impl ConnectionTrait,
    ids: &[i64],
) -> Result<Vec<EventJob>, StoreError> {
    let mut jobs = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_PER_STATEMENT) {
        let mut select = Query::select();
        for (table, column, name) in [
            ("job", "id", "id"),
            ("job", "guid", "guid"),
            ("repository", "name", "branch"),
            ("job", "push_id", "push_id"),
            ("push", "time", "push_time"),
            ("job", "result", "result"),
        ] {
            select.expr_as(Expr::col((table, column)), name);
        }
        select
            .from("job")
            .inner_join("repository", Expr::col(("repository", "id")).equals(("job", "repository_id")))
            .inner_join("push", Expr::col(("push", "id")).equals(("job", "push_id")))
            .and_where(Expr::col(("job", "id")).is_in(chunk.iter().copied()))
            .order_by(("job", "id"), Order::Asc);
        for row in connection.query_all(&select).await? {
            jobs.push(EventJob::from_query_result(&row, "")?);
        }
    }
    Ok(jobs)
}

impl Store {
    /// Returns what events tell about these jobs, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event_jobs(&self, ids: &[i64]) -> Result<Vec<EventJob>, StoreError> {
        read_event_jobs(self.connection(), ids).await
    }

    /// Counts the failed jobs of the last week's pushes that nobody has classified, for each active repository by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unclassified_counts(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<UnclassifiedCount>, StoreError> {
        let visible = CaseStatement::new()
            .case(Expr::col(("job", "tier")).lt(HIDDEN_TIER), Expr::val(1))
            .finally(Expr::val(0));
        let mut failed = Query::select();
        failed
            .expr_as(Expr::col(("job", "repository_id")), "repository_id")
            .expr_as(Expr::col(("job", "id")).count(), "failures")
            .expr_as(Expr::expr(visible).sum(), "visible")
            .from("job")
            .inner_join("push", Expr::col(("push", "id")).equals(("job", "push_id")))
            .and_where(Expr::col(("push", "time")).gte(now - TimeDelta::days(COUNTED_DAYS)))
            .and_where(Expr::col(("job", "result")).is_in(FAILED))
            .and_where(Expr::col(("job", "failure_classification_id")).is_in(UNCLASSIFIED))
            .group_by_col(("job", "repository_id"));
        let mut select = Query::select();
        select
            .column(("repository", "name"))
            .column(("failed", "failures"))
            .column(("failed", "visible"))
            .from("repository")
            .join_subquery(
                sea_orm::sea_query::JoinType::LeftJoin,
                failed,
                "failed",
                Expr::col(("failed", "repository_id")).equals(("repository", "id")),
            )
            .and_where(Expr::col(("repository", "active_status")).eq("active"))
            .order_by(("repository", "name"), Order::Asc);
        let mut counts = Vec::new();
        for row in self.connection().query_all(&select).await? {
            let number = |index| -> Result<u64, StoreError> {
                let number: Option<i64> = row.try_get_by_index(index)?;
                Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default())
            };
            counts.push(UnclassifiedCount {
                branch: row.try_get_by_index(0)?,
                count: number(1)?,
                count_excluded: number(2)?,
            });
        }
        Ok(counts)
    }
}

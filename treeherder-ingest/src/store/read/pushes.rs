//! Lists of pushes (`spec/api.md` §3.6).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement};
use serde::Serialize;

use crate::store::Store;
use crate::store::error::StoreError;

/// Commits shown with each push.
const COMMITS_SHOWN: u32 = 20;

/// Most pushes of one list.
const PUSHES_LIMIT: u64 = 1000;

/// A push with its newest commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PushSummary {
    /// Id of the push.
    pub id: i32,
    /// Head commit.
    pub revision: String,
    /// Who pushed.
    pub author: String,
    /// Branch, only set when a wildcard rule matched.
    pub branch: Option<String>,
    /// When it was pushed.
    pub time: DateTime<Utc>,
    /// Id of the repository.
    pub repository_id: i32,
    /// Number of commits.
    pub revision_count: i64,
    /// At most 20 commits, the last stored first.
    pub revisions: Vec<CommitSummary>,
}

/// A commit of a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommitSummary {
    /// Commit id.
    pub revision: String,
    /// `Name <mail>`.
    pub author: String,
    /// Commit message.
    pub comments: String,
}

#[derive(Debug, FromQueryResult)]
struct PushRow {
    id: i32,
    revision: String,
    author: String,
    branch: Option<String>,
    time: DateTime<Utc>,
    repository_id: i32,
}

#[derive(Debug, FromQueryResult)]
struct CommitRow {
    push_id: i32,
    revision: String,
    author: String,
    comments: String,
    total: i64,
}

impl Store {
    /// Lists the newest pushes, 1000 at most, of a repository or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recent_pushes(
        &self,
        repository: Option<&str>,
        limit: u64,
    ) -> Result<Vec<PushSummary>, StoreError> {
        let mut select = Query::select();
        for column in ["id", "revision", "author", "branch", "time", "repository_id"] {
            select.column(("push", column));
        }
        select
            .from("push")
            .order_by(("push", "time"), Order::Desc)
            .order_by(("push", "id"), Order::Desc)
            .limit(std::cmp::min(limit, PUSHES_LIMIT));
        if let Some(name) = repository {
            let on = Expr::col(("repository", "id")).equals(("push", "repository_id"));
            select.inner_join("repository", on).and_where(Expr::col(("repository", "name")).eq(name));
        }
        let rows = self.connection().query_all(&select).await?;
        let pushes: Vec<PushRow> =
            rows.iter().map(|row| PushRow::from_query_result(row, "")).collect::<Result<_, _>>()?;
        let mut commits = self.newest_commits(&pushes).await?;
        let with_commits = |push: PushRow| {
            let (revision_count, revisions) = commits.remove(&push.id).unwrap_or_default();
            let PushRow { id, revision, author, branch, time, repository_id } = push;
            PushSummary { id, revision, author, branch, time, repository_id, revision_count, revisions }
        };
        Ok(pushes.into_iter().map(with_commits).collect())
    }

    async fn newest_commits(
        &self,
        pushes: &[PushRow],
    ) -> Result<HashMap<i32, (i64, Vec<CommitSummary>)>, StoreError> {
        let mut commits: HashMap<i32, (i64, Vec<CommitSummary>)> = HashMap::new();
        if pushes.is_empty() {
            return Ok(commits);
        }
        let ids: Vec<String> = pushes.iter().map(|push| push.id.to_string()).collect();
        let sql = format!(
            r#"SELECT push_id, revision, author, comments, total FROM (
                   SELECT push_id, revision, author, comments, id,
                          ROW_NUMBER() OVER (PARTITION BY push_id ORDER BY id DESC) AS place,
                          COUNT(*) OVER (PARTITION BY push_id) AS total
                   FROM "commit" WHERE push_id IN ({})) AS numbered
               WHERE place <= {COMMITS_SHOWN} ORDER BY push_id, id DESC"#,
            ids.join(",")
        );
        let statement = Statement::from_string(self.backend(), sql);
        for row in self.connection().query_all_raw(statement).await? {
            let CommitRow { push_id, revision, author, comments, total } =
                CommitRow::from_query_result(&row, "")?;
            let of_push = commits.entry(push_id).or_default();
            of_push.0 = total;
            of_push.1.push(CommitSummary { revision, author, comments });
        }
        Ok(commits)
    }
}

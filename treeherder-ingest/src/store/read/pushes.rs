//! Lists of pushes with their commits (`spec/api.md` §3.6).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Value};
use serde::Serialize;

use super::placeholders;
use super::push_filter::PushCondition;
use crate::store::Store;
use crate::store::bound_ids::BoundIds;
use crate::store::error::StoreError;
use crate::store::pushes::filter_revision;
use crate::store::rows::{Column, Columns, Row};

/// Commits shown with each push.
const COMMITS_SHOWN: u32 = 20;

/// Most pushes of one list.
const PUSHES_LIMIT: u64 = 2000;

/// Which pushes a list holds, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushQuery {
    /// Id of the repository; all of them without it.
    pub repository_id: Option<i32>,
    /// What pushes must fulfil, all of it.
    pub conditions: Vec<PushCondition>,
    /// Pushes passed over.
    pub offset: u64,
    /// Most pushes returned; never more than 2000.
    pub limit: u64,
}

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

/// Columns in the order that [`PushRow::read`] expects them.
const PUSH: [Column; 6] = [
    ("push", "id"),
    ("push", "revision"),
    ("push", "author"),
    ("push", "branch"),
    ("push", "time"),
    ("push", "repository_id"),
];

#[derive(Debug)]
struct PushRow {
    id: i32,
    revision: String,
    author: String,
    branch: Option<String>,
    time: DateTime<Utc>,
    repository_id: i32,
}

impl PushRow {
    fn read(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.number(0)?,
            revision: row.owned(1)?,
            author: row.owned(2)?,
            branch: row.text(3)?.map(str::to_owned),
            time: row.moment(4)?,
            repository_id: row.number(5)?,
        })
    }
}

/// Columns in the order that [`CommitRow::read`] expects them.
const COMMIT: [Column; 5] = [
    ("numbered", "push_id"),
    ("numbered", "revision"),
    ("numbered", "author"),
    ("numbered", "comments"),
    ("numbered", "total"),
];

#[derive(Debug)]
struct CommitRow {
    push_id: i32,
    revision: String,
    author: String,
    comments: String,
    total: i64,
}

impl CommitRow {
    fn read(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            push_id: row.number(0)?,
            revision: row.owned(1)?,
            author: row.owned(2)?,
            comments: row.owned(3)?,
            total: row.number(4)?,
        })
    }
}

impl Store {
    /// Lists the newest pushes, 2000 at most, of a repository or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recent_pushes(
        &self,
        repository: Option<&str>,
        limit: u64,
    ) -> Result<Vec<PushSummary>, StoreError> {
        let repository_id = match repository {
            None => None,
            Some(name) => match self.repository_by_name(name).await? {
                Some(repository) => Some(repository.id),
                None => return Ok(Vec::new()),
            },
        };
        self.pushes(&PushQuery { repository_id, limit, ..PushQuery::default() }).await
    }

    /// Lists the pushes that fulfil the conditions, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pushes(&self, query: &PushQuery) -> Result<Vec<PushSummary>, StoreError> {
        self.pushes_of(page(query, self.backend())).await
    }

    /// Returns the push of this id, if it belongs to the repository of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_summary(&self, repository: &str, id: i32) -> Result<Option<PushSummary>, StoreError> {
        let mut select = select_pushes();
        select
            .inner_join("repository", Expr::col(("repository", "id")).equals(("push", "repository_id")))
            .and_where(Expr::col(("repository", "name")).eq(repository))
            .and_where(Expr::col(("push", "id")).eq(id));
        Ok(self.pushes_of(select).await?.pop())
    }

    /// Returns the times of the pushes with this revision, or whose revision begins so if it is shorter than 40
    /// characters; no more than two of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_times(
        &self,
        repository_id: i32,
        revision: &str,
    ) -> Result<Vec<DateTime<Utc>>, StoreError> {
        let mut select = Query::select();
        select
            .column(("push", "time"))
            .from("push")
            .and_where(Expr::col(("push", "repository_id")).eq(repository_id))
            .limit(2);
        filter_revision(&mut select, self.backend(), revision);
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    async fn pushes_of(&self, select: SelectStatement) -> Result<Vec<PushSummary>, StoreError> {
        let pushes = self.list(select, &Columns::of(PUSH), PushRow::read).await?;
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

        let ids = pushes.iter().map(|push| push.id);
        let (sql, ids) = commits_of(ids, Columns::of(COMMIT).selected(), self.backend());
        for CommitRow { push_id, revision, author, comments, total } in
            self.list_of(sql, ids, CommitRow::read).await?
        {
            let of_push = commits.entry(push_id).or_default();
            of_push.0 = total;
            of_push.1.push(CommitSummary { revision, author, comments });
        }
        Ok(commits)
    }
}

/// Selects the newest commits of some pushes, with how many each has; `selected` is what is told of each. Returns the statement with
/// the values of its parameters.
pub(super) fn commits_of(
    pushes: impl ExactSizeIterator<Item = i32>,
    selected: &str,
    backend: DbBackend,
) -> (String, Vec<Value>) {
    if backend == DbBackend::Postgres {
        // The commits of each push are looked up by themselves: in one list of ids PostgreSQL searches for that of each row from
        // the beginning.
        let sql = format!(
            r#"SELECT {selected} FROM unnest(string_to_array($1, ',')::integer[]) AS wanted(push)
               CROSS JOIN LATERAL (
                   SELECT push_id, revision, author, comments, id, COUNT(*) OVER () AS total
                   FROM "commit" WHERE push_id = wanted.push ORDER BY id DESC LIMIT {COMMITS_SHOWN}) AS numbered
               ORDER BY push_id, id DESC"#
        );
        return (sql, vec![BoundIds::of(pushes).into_value()]);
    }
    let sql = format!(
        r#"SELECT {selected} FROM (
               SELECT push_id, revision, author, comments, id,
                      ROW_NUMBER() OVER (PARTITION BY push_id ORDER BY id DESC) AS place,
                      COUNT(*) OVER (PARTITION BY push_id) AS total
               FROM "commit" WHERE push_id IN ({})) AS numbered
           WHERE place <= {COMMITS_SHOWN} ORDER BY push_id, id DESC"#,
        placeholders(1, pushes.len())
    );
    (sql, pushes.map(Value::from).collect())
}

/// One page, the newest first.
pub(super) fn page(query: &PushQuery, backend: DbBackend) -> SelectStatement {
    let mut select = select_pushes();
    select
        .order_by(("push", "time"), Order::Desc)
        .order_by(("push", "id"), Order::Desc)
        .limit(std::cmp::min(query.limit, PUSHES_LIMIT))
        .offset(query.offset);
    if let Some(id) = query.repository_id {
        select.and_where(Expr::col(("push", "repository_id")).eq(id));
    }
    for condition in &query.conditions {
        condition.restrict(&mut select, backend);
    }
    select
}

fn select_pushes() -> SelectStatement {
    Query::select().from("push").take()
}

//! The records of tasks.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult};

use super::rows::{Sql, count, maybe_moment, moment, stored};
use crate::monitor::{TaskRecord, TaskState};
use crate::queue::MessageId;
use crate::store::Store;
use crate::store::error::StoreError;

/// Most records that are read at a time.
const MAX_LIMIT: u32 = 1_000;

const SELECT: &str = "SELECT monitor_task.*, monitor_revocation.revoked_by AS revoked_by FROM monitor_task \
                      LEFT JOIN monitor_revocation ON monitor_revocation.id = monitor_task.id";

/// Which records of tasks are wanted; they come newest first.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Only those of this worker.
    pub worker: Option<String>,
    /// Only those of this name.
    pub task: Option<String>,
    /// Only those in this state.
    pub state: Option<TaskState>,
    /// Only those that came into their state at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// At most so many; a thousand is the most.
    pub limit: u32,
}

impl Store {
    /// Lists records of tasks, those that changed last first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_records(&self, filter: &TaskFilter) -> Result<Vec<TaskRecord>, StoreError> {
        let mut sql = Sql::new(self.backend(), SELECT).text(" WHERE monitor_task.updated >= ");
        sql = sql.bind(filter.since.map_or(0, stored));
        let state = filter.state.map(|state| state.as_str().to_owned());
        for (column, value) in [("worker", &filter.worker), ("task", &filter.task), ("state", &state)] {
            if let Some(value) = value {
                sql = sql.text(&format!(" AND monitor_task.{column} = ")).bind(value.as_str());
            }
        }
        sql = sql.text(" ORDER BY monitor_task.updated DESC, monitor_task.id DESC LIMIT ");
        let statement = sql.bind(i64::from(filter.limit.min(MAX_LIMIT))).finish();
        let rows = self.connection().query_all_raw(statement).await?;
        Ok(rows.iter().map(record).collect::<Result<_, _>>()?)
    }

    /// Returns the record of a task; nothing when there is none (any more).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_record(&self, id: MessageId) -> Result<Option<TaskRecord>, StoreError> {
        let sql = Sql::new(self.backend(), SELECT).text(" WHERE monitor_task.id = ").bind(id.to_string());
        let row = self.connection().query_one_raw(sql.finish()).await?;
        Ok(row.as_ref().map(record).transpose()?)
    }

    /// Lists the names of the tasks of which there are records.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_names(&self) -> Result<Vec<String>, StoreError> {
        let sql = Sql::new(self.backend(), "SELECT DISTINCT task FROM monitor_task ORDER BY task");
        let rows = self.connection().query_all_raw(sql.finish()).await?;
        Ok(rows.iter().map(|row| row.try_get("", "task")).collect::<Result<_, _>>()?)
    }
}

fn record(row: &QueryResult) -> Result<TaskRecord, DbErr> {
    fn wrong(error: impl std::fmt::Display) -> DbErr {
        DbErr::Custom(format!("monitor_task: {error}"))
    }
    let text = |column: &str| row.try_get::<String>("", column);
    let state = text("state")?;
    let worker = text("worker")?;
    Ok(TaskRecord {
        id: text("id")?.parse().map_err(wrong)?,
        task: text("task")?,
        queue: text("queue")?.parse().map_err(wrong)?,
        state: TaskState::from_word(&state).ok_or_else(|| wrong(format!("no state {state:?}")))?,
        worker: (!worker.is_empty()).then_some(worker),
        args: text("args")?,
        attempts: u32::try_from(count(row, "attempts")?).unwrap_or(u32::MAX),
        published: moment(row, "published")?,
        received: maybe_moment(row, "received")?,
        started: maybe_moment(row, "started")?,
        updated: moment(row, "updated")?,
        runtime_s: row.try_get("", "runtime")?,
        due: maybe_moment(row, "due")?,
        error: row.try_get("", "error")?,
        revoked_by: row.try_get("", "revoked_by")?,
    })
}

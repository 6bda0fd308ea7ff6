//! Tables of the monitor: processes, records of tasks, revocations, metrics.
//!
//! Times are milliseconds since the epoch, as in the table of messages.

use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(Debug)]
pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0020_monitor"
    }
}

const STATEMENTS: [&str; 7] = [
    "CREATE TABLE monitor_worker (
        name TEXT PRIMARY KEY,
        pool TEXT NOT NULL,
        host TEXT NOT NULL,
        pid BIGINT NOT NULL,
        queues TEXT NOT NULL,
        concurrency BIGINT NOT NULL,
        version TEXT NOT NULL,
        started BIGINT NOT NULL,
        interval_ms BIGINT NOT NULL,
        active TEXT NOT NULL,
        received BIGINT NOT NULL,
        succeeded BIGINT NOT NULL,
        retried BIGINT NOT NULL,
        dead BIGINT NOT NULL,
        clock_offset BIGINT NOT NULL,
        heartbeat BIGINT NOT NULL,
        stopped BIGINT
    )",
    "CREATE TABLE monitor_task (
        id TEXT PRIMARY KEY,
        task TEXT NOT NULL,
        queue TEXT NOT NULL,
        state TEXT NOT NULL,
        worker TEXT NOT NULL,
        args TEXT NOT NULL,
        attempts BIGINT NOT NULL,
        published BIGINT NOT NULL,
        received BIGINT,
        started BIGINT,
        updated BIGINT NOT NULL,
        runtime DOUBLE PRECISION,
        due BIGINT,
        error TEXT
    )",
    "CREATE INDEX ix_monitor_task_updated ON monitor_task (updated)",
    "CREATE INDEX ix_monitor_task_state ON monitor_task (state, updated)",
    "CREATE INDEX ix_monitor_task_task ON monitor_task (task, updated)",
    "CREATE TABLE monitor_revocation (
        id TEXT PRIMARY KEY,
        revoked BIGINT NOT NULL,
        revoked_by TEXT NOT NULL
    )",
    "CREATE TABLE monitor_metric (
        name TEXT NOT NULL,
        labels TEXT NOT NULL,
        part TEXT NOT NULL,
        value DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (name, labels, part)
    )",
];

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait writes them so, and async_trait tells the two forms apart"
)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["monitor_metric", "monitor_revocation", "monitor_task", "monitor_worker"] {
            manager.get_connection().execute_unprepared(&format!("DROP TABLE {table}")).await?;
        }
        Ok(())
    }
}

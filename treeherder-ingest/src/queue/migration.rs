//! The table of the messages.

use sea_orm::{ConnectionTrait as _, DbBackend};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, sea_orm::DbErr};

/// Creates `queue_message` and its indexes.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_queue"
    }
}

/// Large payloads come last, so that reading the small columns of a row does not walk through them.
///
/// A dead letter is never due (`due` is null): claims step over it, and one index answers claims and counts.
const SQLITE: [&str; 3] = [
    "CREATE TABLE queue_message (
        id INTEGER PRIMARY KEY,
        queue TEXT NOT NULL,
        priority SMALLINT NOT NULL,
        attempts INTEGER NOT NULL,
        due BIGINT,
        owner TEXT,
        lease BIGINT,
        first_seen BIGINT NOT NULL,
        dead_since BIGINT,
        error TEXT,
        payload TEXT NOT NULL
    )",
    "CREATE INDEX queue_message_claim ON queue_message (queue, priority, due)",
    "CREATE INDEX queue_message_dead ON queue_message (queue) WHERE due IS NULL",
];

/// Rows live for seconds, so dead tuples have to go by number, not by share of the table.
const POSTGRES: [&str; 3] = [
    "CREATE TABLE queue_message (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        queue TEXT NOT NULL,
        priority SMALLINT NOT NULL,
        attempts INTEGER NOT NULL,
        due BIGINT,
        owner TEXT,
        lease BIGINT,
        first_seen BIGINT NOT NULL,
        dead_since BIGINT,
        error TEXT,
        payload TEXT NOT NULL
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)",
    "CREATE INDEX queue_message_claim ON queue_message (queue, priority, due, id)",
    "CREATE INDEX queue_message_dead ON queue_message (queue, id) WHERE due IS NULL",
];

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait writes them so, and async_trait tells the two forms apart"
)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let statements =
            if manager.get_database_backend() == DbBackend::Postgres { POSTGRES } else { SQLITE };
        for statement in statements {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE queue_message").await.map(|_| ())
    }
}

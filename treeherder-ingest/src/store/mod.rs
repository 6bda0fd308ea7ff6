//! The database: entities, migrations and every statement (`spec/api.md` §5, `spec/ingest.md` §4.9 and §6).
//!
//! [`Store`] is a handle on SQLite (embedded default) or PostgreSQL. It is cheap to clone.

pub mod accounts;
mod batch;
mod bound_ids;
pub mod bugs;
mod cache;
pub mod changelog;
pub mod classification;
mod cycle;
pub mod entity;
pub mod error;
mod events;
pub mod failures;
mod fixture;
pub mod jobs;
mod kept_logs;
mod log_index;
pub mod logs;
pub mod migration;
mod monitor;
pub mod performance;
mod pushes;
pub mod read;
mod repositories;
mod rows;
mod schedule;
mod seed;
mod submitted_push;

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _, postgres::PgConnectOptions};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr, RuntimeErr,
};
use sea_orm_migration::MigratorTrait as _;

use crate::writer::Writer;

pub use crate::writer::WriteTransaction;
pub use cycle::{OldData, Unused};
pub use error::{DataError, DataProblem, StoreError};
pub use events::{EventJob, EventPush, UnclassifiedCount};
pub use jobs::{JobOutcome, JobStatus, LogKind, StoredLog};
pub use kept_logs::{KEPT_CHUNK, KeptLog};
pub use logs::LogJob;
pub use monitor::{MetricValue, Pruned, Retention, TaskFilter, WorkerRow};
pub use read::{
    Board, BoardJob, BoardName, CommitSummary, Comparison, DecisionTask, DetailedJob, DetailedJobs,
    FieldKind, JobCore, JobDetails, JobFilter, JobFilterField, JobGroup, JobQuery, JobRecord, JobRecords,
    JobRow, JobSummary, JobTally, LogPlace, LogTally, NewestPush, PushCondition, PushQuery, PushSummary,
    PushTally, TableCount, Wanted,
};
pub use repositories::RepositoryRules;
pub use schedule::{Claimed, Firing};
pub use seed::NOT_CLASSIFIED;
pub use submitted_push::SubmittedPush;

/// Key of the PostgreSQL advisory lock that lets one process migrate at a time.
const MIGRATION_LOCK: i64 = 0x7472_6565_6865_7264;

/// Key of the PostgreSQL advisory lock that lets one process release at a time.
const RELEASE_LOCK: i64 = 0x7472_6565_7265_6c65;

/// How long a connection to a SQLite file waits for another process's lock.
const BUSY: Duration = Duration::from_secs(10);

/// Rows that SQLite's thread may be ahead of who takes them; a page of jobs.
const ROWS_BETWEEN: usize = 2000;

/// A handle on the database; clones share one connection pool.
#[derive(Clone, Debug)]
pub struct Store {
    connection: DatabaseConnection,
    writer: Writer,
    reference_ids: Arc<jobs::ReferenceIds>,
    names: Arc<read::Names>,
    /// Reads lists from a SQLite file.
    file_reader: Option<rows::FileReader>,
    event_log: Arc<events::EventLog>,
}

/// A process has its turn, until this is dropped.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub struct Turn(Option<WriteTransaction>);

impl Turn {
    /// Lets the next one go on.
    ///
    /// # Errors
    /// When the database cannot be told; the end of the connection does it then.
    pub async fn end(self) -> Result<(), StoreError> {
        match self.0 {
            Some(transaction) => Ok(transaction.rollback().await?),
            None => Ok(()),
        }
    }
}

impl Store {
    /// Connects to `url`: `sqlite://PATH?mode=rwc`, `sqlite::memory:` or `postgres://…`.
    ///
    /// # Errors
    /// When the database cannot be reached or opened.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(max_connections).acquire_timeout(Duration::from_secs(30)).sqlx_logging(false);
        if url.contains(":memory:") {
            // Each connection would have a database of its own, and the data goes when the connection does.
            options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
        }
        if url.starts_with("sqlite:") {
            // A file does not hang up, and asking whether it is there takes as long as a small statement.
            options.test_before_acquire(false);
        }
        options.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .busy_timeout(BUSY)
                .foreign_keys(true)
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "NORMAL")
                // Rows come from a thread of the connection: the fewer of them fit between, the more often both wake each other.
                .row_buffer_size(ROWS_BETWEEN)
        });
        let connection = Database::connect(options).await?;
        let file_reader = (connection.get_database_backend() == DbBackend::Sqlite)
            .then(|| rows::FileReader::of(connection.get_sqlite_connection_pool()));
        Ok(Self {
            writer: Writer::of(&connection),
            file_reader: file_reader.flatten(),
            connection,
            reference_ids: Arc::default(),
            names: Arc::default(),
            event_log: Arc::default(),
        })
    }

    /// Asks whether a PostgreSQL answers within `patience`; [`connect`](Self::connect) itself is patient for half a minute.
    ///
    /// # Errors
    /// When it does not, or refuses the user.
    pub async fn probe(url: &str, patience: Duration) -> Result<(), DbErr> {
        let failed = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
        let options: PgConnectOptions = url.parse().map_err(failed)?;
        // Not by a pool, which would try again and then tell of its own patience only.
        match tokio::time::timeout(patience, options.disable_statement_logging().connect()).await {
            Ok(connected) => connected.map_err(failed)?.close().await.map_err(failed),
            Err(_) => Err(DbErr::Conn(RuntimeErr::Internal(format!("no answer within {patience:?}")))),
        }
    }

    /// Brings the tables up to date. Any number of processes may do so at the same time.
    ///
    /// Tables of a newer version stay as they are: tables are only ever added to, so this version runs on them.
    ///
    /// # Errors
    /// When a migration fails; none of its changes remain then.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let transaction = self.writer.begin_over_pool().await?;
        if self.backend() == DbBackend::Postgres {
            transaction
                .execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                .await?;
        }
        if migration::is_newer(&*transaction).await? {
            tracing::info!("the tables are those of a newer version, nothing is done to them");
        } else {
            migration::Migrator::up(&*transaction, None).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Waits until no other process is between its own call and the end of its turn; for releases, which are to prepare a
    /// database one after the other.
    ///
    /// SQLite needs no such order: each step of a release is one transaction there.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn await_turn(&self) -> Result<Turn, StoreError> {
        if self.backend() != DbBackend::Postgres {
            return Ok(Turn(None));
        }
        let transaction = self.begin_write().await?;
        let lock = format!("SELECT pg_advisory_xact_lock({RELEASE_LOCK})");
        transaction.execute_unprepared(&lock).await?;
        Ok(Turn(Some(transaction)))
    }

    /// Names the migrations of this version that the database lacks, in order; changes nothing.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        migration::pending(&self.connection).await
    }

    /// The connection, for reads.
    #[must_use]
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// The writer, for single statements that write.
    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Ids of reference data that this process knows.
    fn reference_ids(&self) -> &jobs::ReferenceIds {
        &self.reference_ids
    }

    /// What this process has to tell of events.
    fn event_log(&self) -> &Arc<events::EventLog> {
        &self.event_log
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    /// Returns the name of the database's kind, for people.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if self.backend() == DbBackend::Postgres { "PostgreSQL" } else { "SQLite" }
    }

    /// Opens a write transaction: IMMEDIATE on SQLite, so that a read followed by a write cannot fail as "locked".
    ///
    /// # Errors
    /// When no transaction can be opened.
    pub async fn begin_write(&self) -> Result<WriteTransaction, DbErr> {
        self.writer.begin().await
    }
}

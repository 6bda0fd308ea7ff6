//! Table `failure_line` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// A failure that a structured error summary reports.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "failure_line")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Guid of the job; not a foreign key.
    pub job_guid: String,
    /// Repository of the job.
    pub repository_id: i32,
    /// Error summary that the line is from.
    pub job_log_id: Option<i32>,
    /// `test_result`, `log`, `crash`, `truncated`, `test_status` or `test_end`.
    pub action: String,
    /// Number of the line as the harness counts.
    pub line: i32,
    /// Test that failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub test: Option<String>,
    /// Part of the test.
    #[sea_orm(column_type = "Text", nullable)]
    pub subtest: Option<String>,
    /// What happened (`FAIL`, `TIMEOUT`, `CRASH`, …), empty when not told.
    pub status: String,
    /// What should have happened.
    pub expected: Option<String>,
    /// What the test says.
    #[sea_orm(column_type = "Text", nullable)]
    pub message: Option<String>,
    /// Crash signature.
    #[sea_orm(column_type = "Text", nullable)]
    pub signature: Option<String>,
    /// Severity of a `log` line.
    pub level: Option<String>,
    /// Stack of the failure.
    #[sea_orm(column_type = "Text", nullable)]
    pub stack: Option<String>,
    /// Output of the minidump tool.
    #[sea_orm(column_type = "Text", nullable)]
    pub stackwalk_stdout: Option<String>,
    /// Errors of the minidump tool.
    #[sea_orm(column_type = "Text", nullable)]
    pub stackwalk_stderr: Option<String>,
    /// List of statuses that are known to come up now and then.
    #[sea_orm(column_type = "JsonBinary")]
    pub known_intermittent: Json,
    /// Failure that the line was recognised as.
    pub best_classification_id: Option<i64>,
    /// Whether a person confirmed `best_classification_id`.
    pub best_is_verified: bool,
    /// When the row was made.
    pub created: DateTimeUtc,
    /// When the row last changed.
    pub modified: DateTimeUtc,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

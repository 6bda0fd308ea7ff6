//! Table `text_log_error` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// An error line that the scan of a raw log found.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "text_log_error")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Job whose log the line is from.
    pub job_id: Option<i64>,
    /// The line, at most 500 characters of it, filtered (see `store::failures::error_line_text`).
    #[sea_orm(column_type = "Text")]
    pub line: String,
    /// Number of the line in the log, from 0.
    pub line_number: i32,
    /// Whether the line was never seen before this push.
    pub new_failure: bool,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

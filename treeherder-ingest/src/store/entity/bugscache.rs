//! Table `bugscache` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// A bug as last fetched from Bugzilla, or an internal issue.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bugscache")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Bug number; null for an internal issue.
    pub bugzilla_id: Option<i32>,
    /// Status, `NEW` for example.
    pub status: String,
    /// Resolution, empty while open.
    pub resolution: String,
    /// Summary.
    pub summary: String,
    /// Bug number that this one is a duplicate of.
    pub dupe_of: Option<i32>,
    /// Crash signatures.
    #[sea_orm(column_type = "Text")]
    pub crash_signature: String,
    /// Keywords.
    #[sea_orm(column_type = "Text")]
    pub keywords: String,
    /// When the bug last changed.
    pub modified: DateTimeUtc,
    /// Whiteboard.
    pub whiteboard: String,
    /// False when the bug has to be fetched again.
    pub processed_update: bool,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

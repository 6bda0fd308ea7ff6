//! How often failure lines were seen, by day (`spec/ingest.md` §6.4).

use sea_orm::entity::prelude::*;

/// One line on one day.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "line_count")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which repositories are counted together.
    pub root: String,
    /// Hash of the line in the form in which it is counted.
    pub line_key: String,
    /// Day on which the job was scheduled.
    pub day: Date,
    /// How often it was seen.
    pub count: i32,
    /// Push that had it first; null when it was known before that day.
    pub first_revision: Option<String>,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Table `classified_failure` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// A failure that people or the matcher recognised, with its bug once there is one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "classified_failure")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Bug number; 0 says that it is not a real bug.
    pub bug_number: Option<i32>,
    /// When the row was made.
    pub created: DateTimeUtc,
    /// When the row last changed.
    pub modified: DateTimeUtc,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

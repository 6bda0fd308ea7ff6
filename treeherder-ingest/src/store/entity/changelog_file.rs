//! Table `changelog_file` (`spec/api.md` §5.8).

use sea_orm::entity::prelude::*;

/// A file that a change of a project changes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changelog_file")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The change.
    pub changelog_id: i32,
    /// Path of the file.
    pub name: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

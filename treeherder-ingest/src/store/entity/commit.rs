//! Commits of pushes (`spec/api.md` §5.5).

use sea_orm::entity::prelude::*;

/// A row of `commit`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commit")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Push.
    pub push_id: i32,
    /// Commit id.
    pub revision: String,
    /// `Name <mail>`.
    pub author: String,
    /// Commit message.
    #[sea_orm(column_type = "Text")]
    pub comments: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Pushes (`spec/api.md` §5.5).

use sea_orm::entity::prelude::*;

/// A row of `push`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "push")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Repository.
    pub repository_id: i32,
    /// Head commit.
    pub revision: String,
    /// Who pushed, an address normally.
    pub author: String,
    /// When it was pushed.
    pub time: DateTimeUtc,
    /// Branch, only set when a wildcard rule matched.
    pub branch: Option<String>,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

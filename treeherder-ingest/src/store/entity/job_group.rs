//! Job groups (`spec/api.md` §5.2).

use sea_orm::entity::prelude::*;

/// A row of `job_group`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_group")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Symbol, `?` when it has none.
    pub symbol: String,
    /// Name.
    pub name: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub description: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

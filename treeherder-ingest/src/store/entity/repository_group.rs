//! Groups of repositories, as the pages list them (`spec/api.md` §5.2).

use sea_orm::entity::prelude::*;

/// A row of `repository_group`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "repository_group")]
pub struct Model {
    /// Fixed by the fixture.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Unique name.
    pub name: String,
    /// A sentence for people.
    #[sea_orm(column_type = "Text")]
    pub description: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Table `performance_tag` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// A tag of alert summaries.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_tag")]
pub struct Model {
    /// Primary key, fixed by the seed data.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Name.
    pub name: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

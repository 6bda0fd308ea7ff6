//! Table `performance_framework` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// A harness that measures.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_framework")]
pub struct Model {
    /// Primary key, fixed by the seed data.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Name, as in the artifacts.
    pub name: String,
    /// Whether its data is stored.
    pub enabled: bool,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Failure classifications with fixed ids (`spec/api.md` §5.3).

use sea_orm::entity::prelude::*;

/// A row of `failure_classification`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "failure_classification")]
pub struct Model {
    /// Fixed by the fixture.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Unique name.
    pub name: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

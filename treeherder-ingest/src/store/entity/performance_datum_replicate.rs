//! Table `performance_datum_replicate` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// A single measurement behind a point.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_datum_replicate")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Point.
    pub performance_datum_id: i64,
    /// Value.
    pub value: f64,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

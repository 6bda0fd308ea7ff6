//! Table `perf_multicommitdatum` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// Mark of a point whose time is that of a commit other than the head of the push.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "perf_multicommitdatum")]
pub struct Model {
    /// Point.
    #[sea_orm(primary_key, auto_increment = false)]
    pub perf_datum_id: i64,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

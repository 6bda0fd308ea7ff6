//! Table `perf_compare_mwu_cache` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// A kept result of a comparison by Mann-Whitney.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "perf_compare_mwu_cache")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Key of the comparison.
    pub hash_key: String,
    /// Result.
    #[sea_orm(column_type = "JsonBinary")]
    pub results: Json,
    /// When it was computed.
    pub created: DateTimeUtc,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

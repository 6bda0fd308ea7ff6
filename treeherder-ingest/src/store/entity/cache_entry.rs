//! Small values that expire (last push ids, …) (`spec/api.md` §5.1).

use sea_orm::entity::prelude::*;

/// A row of `cache_entry`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cache_entry")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cache_key: String,
    /// The value, text or JSON.
    #[sea_orm(column_type = "Text")]
    pub value: String,
    /// When the row stops counting.
    pub expires: DateTimeUtc,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

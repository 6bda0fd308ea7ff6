//! Sets of build options, one row per member (`spec/api.md` §5.2, hash in §5.4).

use sea_orm::entity::prelude::*;

/// A row of `option_collection`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "option_collection")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// SHA-1 of the sorted option names.
    pub option_collection_hash: String,
    /// Member.
    pub option_id: i32,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

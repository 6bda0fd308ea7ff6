//! Table `file_bugzilla_component` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// The component that owns a source file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "file_bugzilla_component")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Path in the source tree.
    pub path: String,
    /// Last part of the path.
    pub file_name: String,
    /// Owner.
    pub bugzilla_component_id: i32,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Platforms that jobs ran on (`spec/api.md` §5.2).

use sea_orm::entity::prelude::*;

/// A row of `machine_platform`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "machine_platform")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Operating system, `-` when not given.
    pub os_name: String,
    /// Platform name, `linux64`.
    pub platform: String,
    /// Architecture, `-` when not given.
    pub architecture: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Branch rules of git repositories (`spec/api.md` §5.2, `spec/ingest.md` §3.1).

use sea_orm::entity::prelude::*;

/// A row of `repository_branch`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "repository_branch")]
pub struct Model {
    /// Fixed by the fixture.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Repository.
    pub repository_id: i32,
    /// Branch name; a single trailing `*` is a wildcard.
    pub branch: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

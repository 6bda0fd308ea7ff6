//! Table `issue_tracker` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// Where issues are filed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "issue_tracker")]
pub struct Model {
    /// Primary key, fixed by the seed data.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Name.
    pub name: String,
    /// URL that an issue number is appended to.
    pub task_base_url: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

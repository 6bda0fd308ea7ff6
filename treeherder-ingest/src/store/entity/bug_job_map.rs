//! Table `bug_job_map` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// A bug that a job is an occurrence of.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bug_job_map")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Job.
    pub job_id: i64,
    /// Bug.
    pub bug_id: i64,
    /// When it was mapped.
    pub created: DateTimeUtc,
    /// Who mapped it; null when it was automatic.
    pub user_id: Option<i32>,
    /// Whether the bug was open when it was mapped.
    pub bug_open: bool,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Table `group_status` (`spec/api.md` §5.5).

use sea_orm::entity::prelude::*;

/// How one test group ended in one job.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "group_status")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// 1 OK, 2 ERROR, 3 SKIP, 10 anything else.
    pub status: i16,
    /// Error summary that tells it.
    pub job_log_id: i32,
    /// Test group.
    pub group_id: i64,
    /// Whole seconds, 0 when unknown.
    pub duration: i16,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

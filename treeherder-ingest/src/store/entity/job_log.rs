//! Logs and artifacts of jobs (`spec/api.md` §5.5).

use sea_orm::entity::prelude::*;

/// A row of `job_log`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_log")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Job.
    pub job_id: i64,
    /// `live_backing_log`, `errorsummary_json`, or a file name.
    pub name: String,
    /// Where to fetch it.
    pub url: String,
    /// 0 pending, 1 parsed, 2 failed, 3 skipped for its size.
    pub status: i32,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! The Taskcluster task and run of jobs (`spec/api.md` §5.5).

use sea_orm::entity::prelude::*;

/// A row of `taskcluster_metadata`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "taskcluster_metadata")]
pub struct Model {
    /// Job, primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: i64,
    /// Slug of the task.
    pub task_id: String,
    /// Run number.
    pub retry_id: i32,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

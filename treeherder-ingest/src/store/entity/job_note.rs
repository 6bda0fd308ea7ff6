//! Table `job_note` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// A classification of a job with its comment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_note")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Job.
    pub job_id: i64,
    /// Classification given.
    pub failure_classification_id: i32,
    /// Who gave it; null when it was automatic.
    pub user_id: Option<i32>,
    /// Comment.
    #[sea_orm(column_type = "Text")]
    pub text: String,
    /// When it was given.
    pub created: DateTimeUtc,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Table `text_log_error_metadata` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// What is known about an error line beyond its text.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "text_log_error_metadata")]
pub struct Model {
    /// Error line that this describes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub text_log_error_id: i64,
    /// Failure line that tells the same failure.
    pub failure_line_id: Option<i64>,
    /// Failure that the line was recognised as.
    pub best_classification_id: Option<i64>,
    /// Whether a person confirmed it; true without a classification means "ignore the line".
    pub best_is_verified: bool,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

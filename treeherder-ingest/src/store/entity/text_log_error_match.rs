//! Table `text_log_error_match` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// A guess of one matcher that an error line is a known failure.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "text_log_error_match")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Error line.
    pub text_log_error_id: i64,
    /// Failure it may be.
    pub classified_failure_id: i64,
    /// Who guessed, `ManualDetector` for a person.
    pub matcher_name: String,
    /// How sure the matcher is, from 0 to 1.
    pub score: Option<f64>,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

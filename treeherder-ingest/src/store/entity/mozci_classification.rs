//! Table `mozci_classification` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// What mozci thinks of a push.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mozci_classification")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Push.
    pub push_id: i32,
    /// `BAD`, `GOOD` or `UNKNOWN`.
    pub result: String,
    /// When it was classified.
    pub created: DateTimeUtc,
    /// Task that classified it.
    pub task_id: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Live events in the order in which they were published (`spec/bridge-l10n-platform.md` §4.2).

use sea_orm::entity::prelude::*;

/// A row of `event`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Primary key, and the sequence id of the event.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Name of the repository.
    pub branch: String,
    /// Word for what happened.
    pub name: String,
    /// What readers get, as JSON text.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// When it was published.
    pub created: DateTimeUtc,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! What the schedulers know of each periodic task.

use sea_orm::entity::prelude::*;

/// A row of `schedule_entry`; times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule_entry")]
pub struct Model {
    /// Primary key: the entry's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Whether it fires at all.
    pub enabled: bool,
    /// The latest due time that was fired.
    pub last_due: Option<i64>,
    /// When that was done.
    pub last_fired: Option<i64>,
    /// How often it was fired.
    pub fired: i64,
    /// How many due times passed while nobody was there to fire.
    pub missed: i64,
    /// The latest of them.
    pub last_missed: Option<i64>,
    /// The scheduler that is about to fire.
    pub owner: Option<String>,
    /// Until when the others leave it to that one.
    pub lease: Option<i64>,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

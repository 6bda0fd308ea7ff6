//! Table `performance_datum` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// A point of a series.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_datum")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Repository.
    pub repository_id: i32,
    /// Series.
    pub signature_id: i32,
    /// Value.
    pub value: f64,
    /// Time of the push, or of the commit measured.
    pub push_timestamp: DateTimeUtc,
    /// Version of the application, empty when unknown.
    pub application_version: String,
    /// Job that measured.
    pub job_id: Option<i64>,
    /// Push.
    pub push_id: i32,
    /// Operating system.
    pub os_name: Option<String>,
    /// Its version.
    pub platform_version: Option<String>,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

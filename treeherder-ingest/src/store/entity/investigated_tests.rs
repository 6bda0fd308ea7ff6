//! Table `investigated_tests` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// A test of a push that somebody marked as investigated.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "investigated_tests")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Job type that runs the test.
    pub job_type_id: i32,
    /// Test.
    pub test: String,
    /// Push.
    pub push_id: i32,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

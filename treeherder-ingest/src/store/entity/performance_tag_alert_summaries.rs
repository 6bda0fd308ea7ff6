//! Table `performance_tag_alert_summaries` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// A tag given to an alert summary.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_tag_alert_summaries")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Tag.
    pub performancetag_id: i32,
    /// Alert summary.
    pub performancealertsummary_id: i32,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

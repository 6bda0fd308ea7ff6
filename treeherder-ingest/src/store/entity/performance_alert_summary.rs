//! Table `performance_alert_summary` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// The alerts of one push of one framework.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_alert_summary")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Repository.
    pub repository_id: i32,
    /// Framework.
    pub framework_id: i32,
    /// Last push before the change.
    pub prev_push_id: i32,
    /// First value of `prev_push_id`.
    pub original_prev_push_id: Option<i32>,
    /// Push that changed the values.
    pub push_id: i32,
    /// First value of `push_id`.
    pub original_push_id: Option<i32>,
    /// Whether a person made it.
    pub manually_created: bool,
    /// Notes of the sheriffs.
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    /// Who looks after it.
    pub assignee_id: Option<i32>,
    /// False when it is monitored only.
    pub sheriffed: bool,
    /// When it was made.
    pub created: DateTimeUtc,
    /// When it should be triaged.
    pub triage_due_date: Option<DateTimeUtc>,
    /// When a person first touched it.
    pub first_triaged: Option<DateTimeUtc>,
    /// When it last changed.
    pub last_updated: Option<DateTimeUtc>,
    /// 0 untriaged, 1 downstream, 2 reassigned, 3 invalid, 4 improvement, 5 investigating, 6 not to be fixed, 7 fixed, 8 backed out, 9 infra.
    pub status: i32,
    /// Bug filed.
    pub bug_number: Option<i32>,
    /// When the bug should be filed.
    pub bug_due_date: Option<DateTimeUtc>,
    /// When the bug was linked.
    pub bug_updated: Option<DateTimeUtc>,
    /// Where `bug_number` is.
    pub issue_tracker_id: i32,
    /// 0 new, 1 fixed, 2 invalid, 3 inactive, 4 duplicate, 5 not to be fixed, 6 not reproducible, 7 incomplete, 8 moved.
    pub bug_status: Option<i32>,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

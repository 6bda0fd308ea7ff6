//! Table `performance_signature` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// A series: one suite or subtest on one platform of one repository.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_signature")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Hash of the properties (`perf::signature`).
    pub signature_hash: String,
    /// Repository.
    pub repository_id: i32,
    /// Framework.
    pub framework_id: i32,
    /// Platform the jobs run on.
    pub platform_id: i32,
    /// Build options.
    pub option_collection_id: i32,
    /// Suite.
    pub suite: String,
    /// Subtest; empty for the summary of a suite.
    pub test: String,
    /// Application measured, `firefox` for example.
    pub application: String,
    /// Whether a smaller value is an improvement.
    pub lower_is_better: bool,
    /// Time of the newest datum.
    pub last_updated: DateTimeUtc,
    /// Summary that a subtest counts into.
    pub parent_signature_id: Option<i32>,
    /// True for the summary of a suite.
    pub has_subtests: bool,
    /// Name of the suite for people.
    pub suite_public_name: Option<String>,
    /// Name of the subtest for people.
    pub test_public_name: Option<String>,
    /// Tags, sorted, blank between.
    pub tags: String,
    /// Extra options, sorted, blank between.
    pub extra_options: String,
    /// Unit of the values.
    pub measurement_unit: Option<String>,
    /// Whether changes alert; null leaves it to the rule for its kind.
    pub should_alert: Option<bool>,
    /// Whether changes are told to `alert_notify_emails` only.
    pub monitor: Option<bool>,
    /// Who is told, blank between.
    pub alert_notify_emails: Option<String>,
    /// 0 percentage, 1 absolute.
    pub alert_change_type: Option<i32>,
    /// Smallest change that alerts.
    pub alert_threshold: Option<f64>,
    /// Fewest points before a change.
    pub min_back_window: Option<i32>,
    /// Most points before a change.
    pub max_back_window: Option<i32>,
    /// Points after a change.
    pub fore_window: Option<i32>,
    /// `critical`, `subcritical` or `normal`.
    pub alert_severity: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

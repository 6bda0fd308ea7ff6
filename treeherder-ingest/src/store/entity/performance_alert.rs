//! Table `performance_alert` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// A change of a series.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_alert")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Summary it belongs to.
    pub summary_id: i32,
    /// Summary it was moved to.
    pub related_summary_id: Option<i32>,
    /// Series.
    pub series_signature_id: i32,
    /// Whether the change is for the worse.
    pub is_regression: bool,
    /// Whether a sheriff starred it.
    pub starred: bool,
    /// Who classified it.
    pub classifier_id: Option<i32>,
    /// False when it is monitored only.
    pub sheriffed: bool,
    /// When it was made.
    pub created: Option<DateTimeUtc>,
    /// When a person first touched it.
    pub first_triaged: Option<DateTimeUtc>,
    /// When it last changed.
    pub last_updated: Option<DateTimeUtc>,
    /// 0 untriaged, 1 downstream, 2 reassigned, 3 invalid, 4 acknowledged, 5 infra.
    pub status: i32,
    /// Size of the change in percent.
    pub amount_pct: f64,
    /// Size of the change.
    pub amount_abs: f64,
    /// Mean before.
    pub prev_value: f64,
    /// Mean after.
    pub new_value: f64,
    /// Statistic of the test.
    pub t_value: Option<f64>,
    /// Confidence of the detector.
    pub confidence: Option<f64>,
    /// Detector that found it.
    pub detection_method: Option<String>,
    /// `SKEWED`, `OUTLIERS`, `MODAL`, `OK` or `N/A`.
    pub noise_profile: String,
    /// Whether a person made it.
    pub manually_created: bool,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

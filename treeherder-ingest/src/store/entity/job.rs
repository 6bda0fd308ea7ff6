//! Jobs: one row per run of a task (`spec/api.md` §5.5).

use sea_orm::entity::prelude::*;

/// A row of `job`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Repository.
    pub repository_id: i32,
    /// `<uuid of the task>/<run>`, unique.
    pub guid: String,
    /// Not used.
    pub project_specific_id: Option<i32>,
    /// Not used, 0.
    pub autoclassify_status: i32,
    /// Not used.
    pub coalesced_to_guid: Option<String>,
    /// Row of `reference_data_signatures`.
    pub signature_id: i32,
    /// Where it was built.
    pub build_platform_id: i32,
    /// Where it ran.
    pub machine_platform_id: i32,
    /// Machine.
    pub machine_id: i32,
    /// Options; not a foreign key.
    pub option_collection_hash: String,
    /// Job type.
    pub job_type_id: i32,
    /// Job group.
    pub job_group_id: i32,
    /// Product.
    pub product_id: i32,
    /// Failure classification.
    pub failure_classification_id: i32,
    /// Owner.
    pub who: String,
    /// Why it was scheduled.
    pub reason: String,
    /// `success`, `testfailed`, …, `unknown` until completed.
    pub result: String,
    /// `unscheduled`, `pending`, `running` or `completed`.
    pub state: String,
    /// When it was scheduled; 1970-01-01 when not known.
    pub submit_time: DateTimeUtc,
    /// When it started; 1970-01-01 when not known.
    pub start_time: DateTimeUtc,
    /// When it ended; 1970-01-01 when not known.
    pub end_time: DateTimeUtc,
    /// When the row changed last.
    pub last_modified: DateTimeUtc,
    /// Not used.
    pub running_eta: Option<i32>,
    /// 1 to 3.
    pub tier: i32,
    /// Push.
    pub push_id: i32,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Repositories whose pushes and jobs are ingested (`spec/api.md` §5.2, `spec/ingest.md` §3.1).

use sea_orm::entity::prelude::*;

/// A row of `repository`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "repository")]
pub struct Model {
    /// Fixed by the fixture.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Group.
    pub repository_group_id: i32,
    /// Unique name, used in routes and URLs.
    pub name: String,
    /// `hg` or `git`.
    pub dvcs_type: String,
    /// Address without trailing slash and without `.git`.
    pub url: String,
    /// `gecko`, `comm`, …; may be empty.
    pub codebase: String,
    /// A sentence for people; may be empty.
    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// `active` or `onhold`.
    pub active_status: String,
    /// Order in which the component map is refreshed.
    pub life_cycle_order: Option<i32>,
    /// Whether alerts are generated.
    pub performance_alerts_enabled: bool,
    /// Informational.
    pub expire_performance_data: bool,
    /// Whether this is a try repository.
    pub is_try_repo: bool,
    /// Root URL of the Taskcluster deployment that runs its tasks.
    pub tc_root_url: String,
    /// Whether it receives pull-request pushes.
    pub accepts_pull_requests: bool,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

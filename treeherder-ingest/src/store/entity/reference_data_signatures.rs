//! What jobs of one kind have in common, under one hash (`spec/api.md` §5.2, hash in §5.4).

use sea_orm::entity::prelude::*;

/// A row of `reference_data_signatures`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reference_data_signatures")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The signature, unless a builder name was given.
    pub name: String,
    /// SHA-1 over the columns below.
    pub signature: String,
    /// Operating system of the build.
    pub build_os_name: String,
    /// Platform of the build.
    pub build_platform: String,
    /// Architecture of the build.
    pub build_architecture: String,
    /// Operating system of the machine.
    pub machine_os_name: String,
    /// Platform of the machine.
    pub machine_platform: String,
    /// Architecture of the machine.
    pub machine_architecture: String,
    /// Job group.
    pub job_group_name: String,
    /// Its symbol.
    pub job_group_symbol: String,
    /// Job type.
    pub job_type_name: String,
    /// Its symbol.
    pub job_type_symbol: String,
    /// Options.
    pub option_collection_hash: String,
    /// `taskcluster`.
    pub build_system_type: String,
    /// Name of the repository.
    pub repository: String,
    /// When the row was made, seconds since the epoch.
    pub first_submission_timestamp: i32,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

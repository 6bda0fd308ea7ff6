//! Table `changelog_entry` (`spec/api.md` §5.8).

use sea_orm::entity::prelude::*;

/// A change of a project that is watched.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changelog_entry")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Commit id, or id of a release.
    pub remote_id: String,
    /// `commit` or `release`.
    pub r#type: String,
    /// When it was made.
    pub date: DateTimeUtc,
    /// Who made it.
    pub author: String,
    /// Whose the project is.
    pub owner: String,
    /// Name of the project.
    pub project: String,
    /// Where the project is, for people.
    pub project_url: String,
    /// First line of what it says.
    pub message: String,
    /// The rest.
    pub description: String,
    /// Where the change is, for people.
    pub url: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

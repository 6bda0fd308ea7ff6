//! Tokens of scripts.

use sea_orm::entity::prelude::*;

/// A token; the row stays when it is revoked, so that one can see that it was there.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    /// Primary key; how the token is named on the command line.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// SHA-256 of the token, in hexadecimal digits.
    pub token_hash: String,
    /// Whose name the script acts in.
    pub user_id: i32,
    /// What it is for, may be empty.
    pub description: String,
    /// Whether it may do what sheriffs may.
    pub is_sheriff: bool,
    /// When it was made.
    pub created: DateTimeUtc,
    /// When it ends by itself; null when never.
    pub expires: Option<DateTimeUtc>,
    /// When it was revoked; null while it counts.
    pub revoked: Option<DateTimeUtc>,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Sessions of people who signed in.

use sea_orm::entity::prelude::*;

/// A session; it ends when its row is deleted or its time is over.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_session")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// SHA-256 of the key in the person's cookie, in hexadecimal digits.
    pub key_hash: String,
    /// Whose session it is.
    pub user_id: i32,
    /// When the person signed in.
    pub created: DateTimeUtc,
    /// When it ends by itself.
    pub expires: DateTimeUtc,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Table `auth_user` (`spec/api.md` §5.1).

use sea_orm::entity::prelude::*;

/// A person who signed in; classifications and alerts point to them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "auth_user")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Login name.
    pub username: String,
    /// Mail address, empty when unknown.
    pub email: String,
    /// Given name, may be empty.
    pub first_name: String,
    /// Family name, may be empty.
    pub last_name: String,
    /// Never a usable password: people sign in elsewhere.
    pub password: String,
    /// Whether the account may be used.
    pub is_active: bool,
    /// Whether the person is a sheriff.
    pub is_staff: bool,
    /// Whether the person may do everything.
    pub is_superuser: bool,
    /// Last time the person signed in.
    pub last_login: Option<DateTimeUtc>,
    /// First time the person signed in.
    pub date_joined: DateTimeUtc,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

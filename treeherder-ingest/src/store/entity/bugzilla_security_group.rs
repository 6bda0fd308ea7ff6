//! Table `bugzilla_security_group` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// The security group of a Bugzilla product.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bugzilla_security_group")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Product.
    pub product: String,
    /// Group that sees its security bugs.
    pub security_group: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

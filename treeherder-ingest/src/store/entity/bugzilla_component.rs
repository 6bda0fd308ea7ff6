//! Table `bugzilla_component` (`spec/api.md` §5.6).

use sea_orm::entity::prelude::*;

/// A product and component of Bugzilla.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bugzilla_component")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Product.
    pub product: String,
    /// Component.
    pub component: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

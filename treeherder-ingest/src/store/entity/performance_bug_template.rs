//! Table `performance_bug_template` (`spec/api.md` §5.7).

use sea_orm::entity::prelude::*;

/// Text and fields of the bugs filed for a framework.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "performance_bug_template")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Framework.
    pub framework_id: i32,
    /// Keywords.
    pub keywords: String,
    /// Whiteboard.
    pub status_whiteboard: String,
    /// Component.
    pub default_component: String,
    /// Product.
    pub default_product: String,
    /// Who is put on copy.
    pub cc_list: String,
    /// Text for a regression.
    #[sea_orm(column_type = "Text")]
    pub text: String,
    /// Text for a critical regression.
    #[sea_orm(column_type = "Text")]
    pub critical_text: String,
    /// Text when nothing is to be done.
    #[sea_orm(column_type = "Text")]
    pub no_action_required_text: String,
}

/// Joins are written by hand where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

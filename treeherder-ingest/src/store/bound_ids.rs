//! Ids that a statement takes as one parameter.
//!
//! As parameters of their own, each number of ids makes another statement, which the database has to understand and to plan, and connections keep no
//! more than a hundred of them. As one text the statement is always the same.

use std::fmt::Display;

use sea_orm::sea_query::SimpleExpr;
use sea_orm::{DbBackend, Value};

/// Ids on their way to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct BoundIds(String);

impl BoundIds {
    /// Takes ids.
    pub(in crate::store) fn of(ids: impl IntoIterator<Item = impl Display>) -> Self {
        let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
        Self(ids.join(","))
    }

    /// The condition that a column of integers has one of them.
    pub(in crate::store) fn condition(self, column: &str, backend: DbBackend) -> SimpleExpr {
        let template = match backend {
            DbBackend::Postgres => format!("{column} = ANY(string_to_array($1, ',')::bigint[])"),
            _ => format!("{column} IN (SELECT value FROM json_each('[' || ? || ']'))"),
        };
        SimpleExpr::cust_with_values(template, [self.into_value()])
    }

    /// The value of the parameter: the ids with commas between.
    pub(in crate::store) fn into_value(self) -> Value {
        self.0.into()
    }
}

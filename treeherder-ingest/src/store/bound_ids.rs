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

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait as _;
    use sea_orm::sea_query::{Expr, ExprTrait as _, PostgresQueryBuilder, Query};

    use super::*;
    use crate::store::Store;

    fn select(ids: &[i64], backend: DbBackend) -> sea_orm::sea_query::SelectStatement {
        let mut select = Query::select();
        select
            .column("id")
            .from("bugscache")
            .and_where(Expr::col("keywords").eq("crash"))
            .and_where(BoundIds::of(ids).condition("id", backend))
            .and_where(Expr::col("crash_signature").eq(""));
        select
    }

    #[tokio::test]
    async fn sqlite_finds_them_along_the_primary_key() {
        let store = Store::connect("sqlite::memory:", 1).await.unwrap();
        store.migrate().await.unwrap();
        for id in 1..=5 {
            let sql = format!(
                "INSERT INTO bugscache (id, bugzilla_id, status, resolution, summary, crash_signature, keywords, whiteboard, \
                 modified, processed_update) VALUES ({id}, {id}, 'NEW', '', 'a bug', '', 'crash', '', '2026-01-01', 1)"
            );
            store.writer().execute_unprepared(&sql).await.unwrap();
        }
        for (ids, expected) in [(&[][..], vec![]), (&[4], vec![4]), (&[9, 5, 2, 5], vec![2, 5])] {
            let rows = store.connection().query_all(&select(ids, DbBackend::Sqlite)).await.unwrap();
            let mut found: Vec<i64> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{ids:?}");
        }
        let sql = select(&[1, 2], DbBackend::Sqlite).to_string(sea_orm::sea_query::SqliteQueryBuilder);
        let explained =
            sea_orm::Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"));
        let rows = store.connection().query_all_raw(explained).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        assert!(
            steps.iter().any(|step| step.starts_with("SEARCH bugscache USING INTEGER PRIMARY KEY")),
            "{steps:?}"
        );
    }

    #[test]
    fn postgres_has_one_parameter_for_all() {
        for ids in [&[][..], &[7], &[7, 8, 9]] {
            let (sql, values) = select(ids, DbBackend::Postgres).build(PostgresQueryBuilder);
            assert!(
                sql.contains("(id = ANY(string_to_array($2, ',')::bigint[])) AND \"crash_signature\" = $3"),
                "{sql}"
            );
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            assert_eq!(values.0[1], Value::from(ids.join(",")));
        }
    }
}

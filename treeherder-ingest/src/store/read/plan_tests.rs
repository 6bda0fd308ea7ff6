//! How SQLite does the reads that pages and clients do most: by an index, without sorting, whatever the size of the tables.

use sea_orm::sea_query::{SelectStatement, SqliteQueryBuilder};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::job_filter::{JobFilterField, Wanted};
use super::job_records::{JobQuery, page, single, single_with_logs};
use super::pushes::{PushQuery, commits_of, page as page_of_pushes};
use crate::store::Store;

/// The steps of a statement's plan.
async fn plan(store: &Store, sql: String) -> Vec<String> {
    let statement = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = store.connection().query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap()).collect()
}

fn text(select: &SelectStatement) -> String {
    select.to_string(SqliteQueryBuilder)
}

/// A statement that selects jobs, with one of the columns that are in the table alone.
fn jobs(mut select: SelectStatement) -> String {
    text(select.column(("job", "state")))
}

fn of_push(repository_id: Option<i32>, offset: u64) -> JobQuery {
    let push = JobFilterField::of_parameter("push_id").unwrap();
    JobQuery { repository_id, conditions: vec![(push, Wanted::Numbers(vec![7]))], offset, limit: 2000 }
}

#[tokio::test]
async fn lists_are_read_along_an_index() {
    let store = Store::connect("sqlite::memory:", 1).await.unwrap();
    store.migrate().await.unwrap();
    let later = |offset| JobQuery { repository_id: Some(77), conditions: vec![], offset, limit: 2000 };
    let pushes = PushQuery { repository_id: Some(77), conditions: vec![], offset: 20, limit: 10 };
    for (what, sql, may_sort) in [
        ("feed of a push", jobs(page(&of_push(None, 0), DbBackend::Sqlite)), false),
        ("feed of a push, second page", jobs(page(&of_push(None, 2000), DbBackend::Sqlite)), false),
        ("project jobs of a push", jobs(page(&of_push(Some(77), 0), DbBackend::Sqlite)), false),
        ("project jobs", jobs(page(&later(0), DbBackend::Sqlite)), false),
        ("project jobs, later", jobs(page(&later(50_000), DbBackend::Sqlite)), false),
        ("one job", jobs(single(77, 7, DbBackend::Sqlite)), false),
        ("pushes", text(page_of_pushes(&pushes, DbBackend::Sqlite).column(("push", "revision"))), false),
        // Those of each job and each push by themselves, a few.
        ("one job with its logs", single_with_logs(DbBackend::Sqlite).to_owned(), true),
        ("commits of pushes", commits_of(0..10, "comments", DbBackend::Sqlite).0.replace('$', "?"), true),
    ] {
        let steps = plan(&store, sql).await;
        assert!(!steps.is_empty());
        for step in &steps {
            let reads_all =
                step.starts_with("SCAN") && !step.contains("numbered") && !step.contains("SUBQUERY");
            let reads_all = reads_all && !step.starts_with("SCAN (") && step != "SCAN logs";
            assert!(!reads_all, "{what} reads a whole table: {steps:#?}");
            let is_slow =
                step.contains("AUTOMATIC") || (!may_sort && step.contains("TEMP B-TREE FOR ORDER BY"));
            assert!(!is_slow, "{what}: {steps:#?}");
        }
    }
    // What is passed over is passed over in the index alone.
    let steps = plan(&store, jobs(page(&later(50_000), DbBackend::Sqlite))).await;
    assert!(steps.iter().any(|step| step.contains("COVERING INDEX")), "{steps:#?}");
}

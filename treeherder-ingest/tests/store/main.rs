//! Storage, the same tests on SQLite and PostgreSQL.
#![allow(clippy::unwrap_used, reason = "in a test it is the assertion")]

#[path = "../support/mod.rs"]
mod support;

/// Runs each named async test on both databases.
macro_rules! on_every_database {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::support::database::Backend::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::support::database::Backend::Postgres).await;
            })*
        }
    };
}

/// All rows of a table in the order of their ids.
macro_rules! all {
    ($test:expr, $table:ident) => {
        sea_orm::QueryOrder::order_by_asc($table::Entity::find(), $table::Column::Id)
            .all($test.store.connection())
            .await
            .unwrap()
    };
}

mod accounts;
mod bugs;
mod changelog;
mod classification;
mod cycle;
mod failures;
mod job_batches;
mod jobs;
mod line_counts;
mod logs;
mod messages;
mod migration;
mod monitor;
mod performance;
mod pushes;
mod rate;
mod read;
mod real_jobs;
mod rows;
mod sample_job;
mod schedule;
mod sequences;

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

mod failures;
mod jobs;
mod logs;
mod messages;
mod migration;
mod performance;
mod pushes;
mod rate;
mod read;
mod sample_job;

//! Live events: what a reader gets, on SQLite and PostgreSQL, in one process and in many.
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

mod bus;
mod counts;
mod jobs;
mod rabbit;
mod reader;

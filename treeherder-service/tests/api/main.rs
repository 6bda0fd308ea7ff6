//! The REST API as clients see it (`spec/api.md` §1–§4): a running program on both databases.
#![allow(clippy::unwrap_used, reason = "in a test it is the assertion")]

#[allow(dead_code, reason = "shared with the tests of storage, which use more of it")]
#[path = "../../../treeherder-ingest/tests/support/database.rs"]
mod database;
#[path = "../../../treeherder-ingest/tests/support/ports.rs"]
mod ports;
#[allow(dead_code, reason = "shared with the tests of storage, which use more of it")]
#[path = "../../../treeherder-ingest/tests/support/postgres.rs"]
mod postgres;
#[path = "../../../treeherder-ingest/tests/support/python.rs"]
mod python;
#[path = "../../../treeherder-ingest/tests/support/tls.rs"]
mod tls;

/// Runs each named async test on both databases.
macro_rules! on_every_database {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::database::Backend::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::database::Backend::Postgres).await;
            })*
        }
    };
}

mod changes;
mod clients;
mod conventions;
mod failures;
mod jobs;
mod limits;
mod pages;
mod performance;
mod polling;
mod pushes;
mod reference;
mod schema;
mod seeded;
mod site;
mod static_files;

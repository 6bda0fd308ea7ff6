//! Migrations.

use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use sea_orm_migration::MigratorTrait as _;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity;
use treeherder_ingest::store::migration::Migrator;

use crate::support::database::{Backend, TestStore};

on_every_database!(
    every_table_answers_and_migrating_again_changes_nothing,
    all_migrations_can_be_undone_and_redone,
    several_processes_may_migrate_at_once,
    what_is_missing_is_named_without_a_change,
    tables_of_a_newer_version_are_left_alone,
);

async fn every_table_answers_and_migrating_again_changes_nothing(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    test.store.migrate().await.unwrap();
    macro_rules! is_empty {
        ($($table:ident),*) => {
            $(assert!(entity::$table::Entity::find().all(test.store.connection()).await.unwrap().is_empty());)*
        };
    }
    is_empty!(
        build_platform,
        cache_entry,
        commit,
        job,
        job_group,
        job_log,
        job_type,
        machine,
        machine_platform,
        option,
        option_collection,
        product,
        push,
        reference_data_signatures,
        repository_branch,
        taskcluster_metadata
    );
}

async fn all_migrations_can_be_undone_and_redone(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    Migrator::down(test.store.connection(), None).await.unwrap();
    assert!(entity::job::Entity::find().all(test.store.connection()).await.is_err());
    test.store.migrate().await.unwrap();
    assert!(entity::job::Entity::find().all(test.store.connection()).await.unwrap().is_empty());
}

async fn several_processes_may_migrate_at_once(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    Migrator::down(test.store.connection(), None).await.unwrap();
    let mut processes = Vec::new();
    for _ in 0..4 {
        let store = Store::connect(&test.url, 1).await.unwrap();
        processes.push(tokio::spawn(async move { store.migrate().await }));
    }
    for process in processes {
        process.await.unwrap().unwrap();
    }
}

async fn what_is_missing_is_named_without_a_change(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    assert!(test.store.pending_migrations().await.unwrap().is_empty());
    let names: Vec<String> =
        Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    Migrator::down(test.store.connection(), Some(1)).await.unwrap();
    assert_eq!(test.store.pending_migrations().await.unwrap(), names[names.len() - 1..]);
    Migrator::down(test.store.connection(), None).await.unwrap();
    assert_eq!(test.store.pending_migrations().await.unwrap(), names);
    // A database that has never been migrated at all.
    test.store.connection().execute_unprepared("DROP TABLE seaql_migrations").await.unwrap();
    assert_eq!(test.store.pending_migrations().await.unwrap(), names);
    assert!(test.store.connection().execute_unprepared("SELECT 1 FROM seaql_migrations").await.is_err());
}

async fn tables_of_a_newer_version_are_left_alone(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    test.store.migrate().await.unwrap();
    let run = async |sql: &str| test.store.connection().execute_unprepared(sql).await.unwrap();
    run("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 1)").await;
    test.store.migrate().await.unwrap();
    assert_eq!(test.store.pending_migrations().await.unwrap(), Vec::<String>::new());
    // One that lacks something of ours as well is of neither version.
    run("DELETE FROM seaql_migrations WHERE version LIKE 'm0013%'").await;
    let refused = test.store.migrate().await.unwrap_err().to_string();
    assert!(refused.contains("m9999_future"), "{refused}");
}

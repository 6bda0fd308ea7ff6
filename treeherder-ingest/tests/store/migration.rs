//! Migrations.

use sea_orm::EntityTrait as _;
use sea_orm_migration::MigratorTrait as _;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity;
use treeherder_ingest::store::migration::Migrator;

use crate::support::database::{Backend, TestStore};

on_every_database!(
    every_table_answers_and_migrating_again_changes_nothing,
    all_migrations_can_be_undone_and_redone,
    several_processes_may_migrate_at_once,
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

//! PostgreSQL: the index of a push's jobs gives them in the order of lists.
//!
//! A prepared statement's plan is made for any limit: one that has to sort looks dearer to PostgreSQL than reading the jobs of all
//! pushes in the order of their ids. SQLite's indexes end with the id anyhow.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::schema::create_index;

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

async fn replace(manager: &SchemaManager<'_>, columns: &[&'static str]) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    manager.drop_index(Index::drop().name("ix_job_push").table("job").to_owned()).await?;
    create_index(manager, "job", "push", columns).await
}

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace(manager, &["push_id", "repository_id", "id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace(manager, &["push_id", "repository_id"]).await
    }
}

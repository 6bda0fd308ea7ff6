//! Migrations, in order. They run on SQLite and PostgreSQL alike.

mod m0001_reference;
mod m0002_jobs;
mod m0003_failures;
mod m0004_performance;
mod m0005_accounts;
mod m0006_schedule;
mod m0007_line_counts;
mod m0010_events;
mod m0011_log_index;
mod m0012_event_relay;
mod m0013_changelog;
mod m0020_monitor;
mod m0021_push_index;
pub mod schema;
mod table;

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{IntoSchemaManagerConnection, MigrationTrait, MigratorTrait, SchemaManager};

use crate::store::StoreError;

/// Where the migration library notes what it has done.
const TABLE: &str = "seaql_migrations";

/// The list of migrations.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[sea_orm_migration::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_reference::Migration),
            Box::new(m0002_jobs::Migration),
            Box::new(m0003_failures::Migration),
            Box::new(m0004_performance::Migration),
            Box::new(crate::queue::Migration),
            Box::new(m0005_accounts::Migration),
            Box::new(m0006_schedule::Migration),
            Box::new(m0007_line_counts::Migration),
            Box::new(m0010_events::Migration),
            Box::new(m0011_log_index::Migration),
            Box::new(m0012_event_relay::Migration),
            Box::new(m0013_changelog::Migration),
            Box::new(m0020_monitor::Migration),
            Box::new(m0021_push_index::Migration),
        ]
    }
}

/// Names the migrations of this version, in order.
fn names() -> Vec<String> {
    Migrator::migrations().into_iter().map(|migration| migration.name().to_owned()).collect()
}

/// Names the migrations that a database has, of whatever version; the library would make its table first, and stumble over those
/// that it does not know.
async fn applied<'c, C>(connection: &'c C) -> Result<HashSet<String>, StoreError>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    let mut applied = HashSet::new();
    if SchemaManager::new(connection).has_table(TABLE).await? {
        let sql = format!("SELECT version FROM {TABLE}");
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        for row in connection.query_all_raw(statement).await? {
            applied.insert(row.try_get_by_index::<String>(0)?);
        }
    }
    Ok(applied)
}

/// Names the migrations of this version that a database lacks, in order.
pub(super) async fn pending<'c, C>(connection: &'c C) -> Result<Vec<String>, StoreError>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    let applied = applied(connection).await?;
    Ok(names().into_iter().filter(|name| !applied.contains(name)).collect())
}

/// Tells whether a database has all migrations of this version, and others.
pub(super) async fn is_newer<'c, C>(connection: &'c C) -> Result<bool, StoreError>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    let (applied, known) = (applied(connection).await?, names());
    Ok(applied.len() > known.len() && known.iter().all(|name| applied.contains(name)))
}

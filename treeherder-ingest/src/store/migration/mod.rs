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

use sea_orm_migration::{MigrationTrait, MigratorTrait};

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

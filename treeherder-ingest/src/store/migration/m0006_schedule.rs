//! What the schedulers share (`spec/bridge-l10n-platform.md` §4.5).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, string_len, string_len_null};

use super::table::NewTable;

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable::new("schedule_entry")
            .column(string_len("name", 100).primary_key())
            .column(boolean("enabled").default(true))
            .column(big_integer_null("last_due"))
            .column(big_integer_null("last_fired"))
            .column(big_integer("fired").default(0))
            .column(big_integer("missed").default(0))
            .column(big_integer_null("last_missed"))
            .column(string_len_null("owner", 200))
            .column(big_integer_null("lease"))
            .create(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("schedule_entry").take()).await
    }
}

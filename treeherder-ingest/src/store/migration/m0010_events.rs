//! Live events (`spec/bridge-l10n-platform.md` §4.2).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_pk_auto, string_len, text, timestamp_with_time_zone};

use super::table::NewTable;

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable::new("event")
            .column(big_pk_auto("id"))
            .column(string_len("branch", 100))
            .column(string_len("name", 100))
            .column(text("body"))
            .column(timestamp_with_time_zone("created"))
            .create(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("event").take()).await
    }
}

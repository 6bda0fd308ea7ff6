//! How far the broker has been told of live events (`spec/bridge-l10n-platform.md` §4.2).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string_len};

use super::table::NewTable;
use crate::store::events::add_exchange;

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable::new("event_relay")
            .column(string_len("name", 100).primary_key())
            .column(big_integer("position"))
            .column(string_len("owner", 200))
            .column(big_integer("lease"))
            .create(manager)
            .await?;
        add_exchange(manager.get_connection()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("event_relay").take()).await
    }
}

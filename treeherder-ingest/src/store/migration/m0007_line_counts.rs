//! How often failure lines were seen, by day.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{date, string_len, string_len_null};

use super::table::{NewTable, positive};

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable::new("line_count")
            .column(sea_orm_migration::schema::big_pk_auto("id"))
            .column(string_len("root", 16))
            .column(string_len("line_key", 64))
            .column(date("day"))
            .column(positive("count"))
            .column(string_len_null("first_revision", 40))
            .unique("key", &["root", "line_key", "day"])
            .index("day", &["day"])
            .create(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("line_count").take()).await
    }
}

//! What changed in the projects that are watched (`spec/api.md` §5.8).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, pk_auto, string_len, timestamp_with_time_zone};

use super::schema::OnDelete;
use super::table::NewTable;

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable::new("changelog_entry")
            .column(pk_auto("id"))
            .column(string_len("remote_id", 255))
            .column(string_len("type", 100))
            .column(timestamp_with_time_zone("date"))
            .column(string_len("author", 100))
            .column(string_len("owner", 100))
            .column(string_len("project", 100))
            .column(string_len("project_url", 360))
            .column(string_len("message", 360))
            .column(string_len("description", 360))
            .column(string_len("url", 360))
            .unique("id_remote_id_type", &["id", "remote_id", "type"])
            .index("date", &["date"])
            .index("remote_id", &["remote_id", "type"])
            .create(manager)
            .await?;
        NewTable::new("changelog_file")
            .column(pk_auto("id"))
            .reference(integer("changelog_id"), "changelog_id", "changelog_entry", OnDelete::Cascade)
            .column(string_len("name", 255))
            .index("name", &["name"])
            .create(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["changelog_file", "changelog_entry"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

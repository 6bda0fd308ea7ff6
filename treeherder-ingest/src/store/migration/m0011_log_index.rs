//! What viewers of logs need: indexes, and the logs that were submitted.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, binary, integer, integer_null, timestamp_with_time_zone,
};

use super::schema::OnDelete;
use super::table::NewTable;

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable::new("log_index")
            .column(integer("job_log_id").primary_key())
            .refers_to("job_log_id", "job_log", OnDelete::Cascade)
            .column(binary("content"))
            .create(manager)
            .await?;
        // Without `job_log_id` it is still arriving.
        NewTable::new("kept_log")
            .column(big_pk_auto("id"))
            .column(integer_null("job_log_id"))
            .refers_to("job_log_id", "job_log", OnDelete::Cascade)
            .column(big_integer("bytes"))
            .column(timestamp_with_time_zone("created"))
            .unique("job_log_id", &["job_log_id"])
            .create(manager)
            .await?;
        NewTable::new("kept_log_chunk")
            .column(big_pk_auto("id"))
            .column(big_integer("kept_log_id"))
            .refers_to("kept_log_id", "kept_log", OnDelete::Cascade)
            .column(integer("number"))
            .column(binary("content"))
            .unique("key", &["kept_log_id", "number"])
            .create(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["kept_log_chunk", "kept_log", "log_index"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

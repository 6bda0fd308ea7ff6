//! Sessions of people and tokens of scripts; of both only a hash is kept.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    boolean, integer, pk_auto, string_len, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use super::schema::OnDelete;
use super::table::NewTable;

/// Hexadecimal digits of a SHA-256.
const HASH_LENGTH: u32 = 64;

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable::new("login_session")
            .column(pk_auto("id"))
            .column(string_len("key_hash", HASH_LENGTH))
            .reference(integer("user_id"), "user_id", "auth_user", OnDelete::Cascade)
            .column(timestamp_with_time_zone("created"))
            .column(timestamp_with_time_zone("expires"))
            .unique("key_hash", &["key_hash"])
            .index("expires", &["expires"])
            .create(manager)
            .await?;
        NewTable::new("api_token")
            .column(pk_auto("id"))
            .column(string_len("token_hash", HASH_LENGTH))
            .reference(integer("user_id"), "user_id", "auth_user", OnDelete::Cascade)
            .column(string_len("description", 255))
            .column(boolean("is_sheriff"))
            .column(timestamp_with_time_zone("created"))
            .column(timestamp_with_time_zone_null("expires"))
            .column(timestamp_with_time_zone_null("revoked"))
            .unique("token_hash", &["token_hash"])
            .create(manager)
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["api_token", "login_session"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

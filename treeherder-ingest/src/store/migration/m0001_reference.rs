//! Reference data: repositories, what jobs have in common, expiring values (`spec/api.md` §5.1–5.3).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_pk_auto, boolean, integer, integer_null, pk_auto, string_len, text, timestamp_with_time_zone,
};

use super::schema::{OnDelete, create_index, create_unique_index, foreign_key};

/// Names with this limit are unique and alone in their table.
const PLAIN_NAMES: [&str; 4] = ["product", "option", "machine", "failure_classification"];

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        repositories(manager).await?;
        for table in PLAIN_NAMES {
            let statement =
                Table::create().table(table).col(pk_auto("id")).col(string_len("name", 100)).take();
            manager.create_table(statement).await?;
            create_unique_index(manager, table, "name", &["name"]).await?;
        }
        for table in ["build_platform", "machine_platform"] {
            let statement = Table::create()
                .table(table)
                .col(pk_auto("id"))
                .col(string_len("os_name", 25))
                .col(string_len("platform", 100))
                .col(string_len("architecture", 25))
                .take();
            manager.create_table(statement).await?;
            create_unique_index(manager, table, "key", &["os_name", "platform", "architecture"]).await?;
            create_index(manager, table, "platform", &["platform"]).await?;
        }
        for (table, name_limit) in [("job_group", 255), ("job_type", 140)] {
            let statement = Table::create()
                .table(table)
                .col(pk_auto("id"))
                .col(string_len("symbol", 25).default("?"))
                .col(string_len("name", name_limit))
                .col(text("description"))
                .take();
            manager.create_table(statement).await?;
            create_unique_index(manager, table, "key", &["name", "symbol"]).await?;
            create_index(manager, table, "symbol", &["symbol"]).await?;
        }
        options_and_signatures(manager).await?;
        cache(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            "cache_entry",
            "reference_data_signatures",
            "option_collection",
            "job_type",
            "job_group",
            "machine_platform",
            "build_platform",
            "failure_classification",
            "machine",
            "option",
            "product",
            "repository_branch",
            "repository",
            "repository_group",
        ];
        for table in tables {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

async fn repositories(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let group = Table::create()
        .table("repository_group")
        .col(pk_auto("id"))
        .col(string_len("name", 100))
        .col(text("description"))
        .take();
    manager.create_table(group).await?;
    create_unique_index(manager, "repository_group", "name", &["name"]).await?;

    let repository = Table::create()
        .table("repository")
        .col(pk_auto("id"))
        .col(integer("repository_group_id"))
        .col(string_len("name", 50))
        .col(string_len("dvcs_type", 25))
        .col(string_len("url", 255))
        .col(string_len("codebase", 50))
        .col(text("description"))
        .col(string_len("active_status", 7).default("active"))
        .col(integer_null("life_cycle_order").check(Expr::col("life_cycle_order").gte(0)))
        .col(boolean("performance_alerts_enabled").default(false))
        .col(boolean("expire_performance_data").default(true))
        .col(boolean("is_try_repo").default(false))
        .col(string_len("tc_root_url", 255))
        .col(boolean("accepts_pull_requests").default(false))
        .foreign_key(&mut foreign_key(
            "repository",
            "repository_group_id",
            "repository_group",
            "id",
            OnDelete::Refuse,
        ))
        .take();
    manager.create_table(repository).await?;
    create_unique_index(manager, "repository", "name", &["name"]).await?;
    create_index(manager, "repository", "url", &["url", "active_status"]).await?;

    let branch = Table::create()
        .table("repository_branch")
        .col(big_pk_auto("id"))
        .col(integer("repository_id"))
        .col(string_len("branch", 255))
        .foreign_key(&mut foreign_key(
            "repository_branch",
            "repository_id",
            "repository",
            "id",
            OnDelete::Cascade,
        ))
        .take();
    manager.create_table(branch).await?;
    create_unique_index(manager, "repository_branch", "key", &["repository_id", "branch"]).await
}

async fn options_and_signatures(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let collection = Table::create()
        .table("option_collection")
        .col(pk_auto("id"))
        .col(string_len("option_collection_hash", 40))
        .col(integer("option_id"))
        .foreign_key(&mut foreign_key("option_collection", "option_id", "option", "id", OnDelete::Refuse))
        .take();
    manager.create_table(collection).await?;
    create_unique_index(manager, "option_collection", "key", &["option_collection_hash", "option_id"])
        .await?;

    let signatures = Table::create()
        .table("reference_data_signatures")
        .col(pk_auto("id"))
        .col(string_len("name", 255))
        .col(string_len("signature", 50))
        .col(string_len("build_os_name", 25))
        .col(string_len("build_platform", 100))
        .col(string_len("build_architecture", 25))
        .col(string_len("machine_os_name", 25))
        .col(string_len("machine_platform", 100))
        .col(string_len("machine_architecture", 25))
        .col(string_len("job_group_name", 255))
        .col(string_len("job_group_symbol", 25))
        .col(string_len("job_type_name", 140))
        .col(string_len("job_type_symbol", 25))
        .col(string_len("option_collection_hash", 64))
        .col(string_len("build_system_type", 25))
        .col(string_len("repository", 50))
        .col(integer("first_submission_timestamp"))
        .take();
    manager.create_table(signatures).await?;
    let table = "reference_data_signatures";
    create_unique_index(manager, table, "key", &["name", "signature", "build_system_type", "repository"])
        .await?;
    create_index(manager, table, "signature", &["signature"]).await
}

async fn cache(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let cache = Table::create()
        .table("cache_entry")
        .col(string_len("cache_key", 255).primary_key())
        .col(text("value"))
        .col(timestamp_with_time_zone("expires"))
        .take();
    manager.create_table(cache).await?;
    create_index(manager, "cache_entry", "expires", &["expires"]).await
}

//! Pushes, jobs and logs (`spec/api.md` §5.5).

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, integer, integer_null, pk_auto, string_len, string_len_null, text,
    timestamp_with_time_zone,
};

use super::schema::{OnDelete, create_index, create_prefix_index, create_unique_index, foreign_key};

/// Characters of a commit message that the push search sees.
const SEARCHED_CHARACTERS: u32 = 100_000;

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        pushes(manager).await?;
        commit_search(manager).await?;
        jobs(manager).await?;
        job_indexes(manager).await?;
        logs(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["job_log", "taskcluster_metadata", "job", "commit", "push"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        // After the table whose triggers write to it.
        if manager.get_database_backend() == DbBackend::Sqlite {
            manager.drop_table(Table::drop().table("commit_search").take()).await?;
        }
        Ok(())
    }
}

async fn pushes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let push = Table::create()
        .table("push")
        .col(pk_auto("id"))
        .col(integer("repository_id"))
        .col(string_len("revision", 40))
        .col(string_len("author", 150))
        .col(timestamp_with_time_zone("time"))
        .col(string_len_null("branch", 255))
        .foreign_key(&mut foreign_key("push", "repository_id", "repository", "id", OnDelete::Refuse))
        .take();
    manager.create_table(push).await?;
    create_unique_index(manager, "push", "key", &["repository_id", "revision"]).await?;
    create_prefix_index(manager, "push", "revision").await?;
    create_index(manager, "push", "repository_time", &["repository_id", "time"]).await?;

    let commit = Table::create()
        .table("commit")
        .col(pk_auto("id"))
        .col(integer("push_id"))
        .col(string_len("revision", 40))
        .col(string_len("author", 150))
        .col(text("comments"))
        .foreign_key(&mut foreign_key("commit", "push_id", "push", "id", OnDelete::Cascade))
        .take();
    manager.create_table(commit).await?;
    create_unique_index(manager, "commit", "key", &["push_id", "revision"]).await?;
    create_prefix_index(manager, "commit", "revision").await
}

/// The push search's index, which the database keeps up to date itself.
///
/// PostgreSQL: the generated column `commit.search_vector`. SQLite: the full-text table `commit_search`, whose
/// rowid is the commit's id.
async fn commit_search(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    match manager.get_database_backend() {
        DbBackend::Postgres => {
            let column = format!(
                r#"ALTER TABLE "commit" ADD COLUMN search_vector tsvector GENERATED ALWAYS AS (
                    to_tsvector('english', revision || ' ' || author || ' ' ||
                                           left(comments, {SEARCHED_CHARACTERS}))) STORED"#
            );
            connection.execute_unprepared(&column).await?;
            connection
                .execute_unprepared(
                    r#"CREATE INDEX ix_commit_search_vector ON "commit" USING gin (search_vector)"#,
                )
                .await?;
        }
        _ => {
            // The table keeps no text of its own; each change of a commit is passed on by a trigger.
            let old = format!(
                "INSERT INTO commit_search (commit_search, rowid, revision, author, comments) VALUES \
                 ('delete', old.id, old.revision, old.author, substr(old.comments, 1, {SEARCHED_CHARACTERS}));"
            );
            let new = format!(
                "INSERT INTO commit_search (rowid, revision, author, comments) VALUES \
                 (new.id, new.revision, new.author, substr(new.comments, 1, {SEARCHED_CHARACTERS}));"
            );
            let statements = [
                "CREATE VIRTUAL TABLE commit_search USING fts5 (revision, author, comments, \
                 content='', tokenize='porter unicode61')"
                    .to_owned(),
                format!(r#"CREATE TRIGGER commit_search_insert AFTER INSERT ON "commit" BEGIN {new} END"#),
                format!(r#"CREATE TRIGGER commit_search_delete AFTER DELETE ON "commit" BEGIN {old} END"#),
                format!(
                    r#"CREATE TRIGGER commit_search_update AFTER UPDATE ON "commit"
                       WHEN old.author <> new.author OR old.comments <> new.comments
                            OR old.revision <> new.revision OR old.id <> new.id
                       BEGIN {old} {new} END"#
                ),
            ];
            for statement in statements {
                connection.execute_unprepared(&statement).await?;
            }
        }
    }
    Ok(())
}

async fn jobs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let references = [
        ("repository_id", "repository"),
        ("signature_id", "reference_data_signatures"),
        ("build_platform_id", "build_platform"),
        ("machine_platform_id", "machine_platform"),
        ("machine_id", "machine"),
        ("job_type_id", "job_type"),
        ("job_group_id", "job_group"),
        ("product_id", "product"),
        ("failure_classification_id", "failure_classification"),
        ("push_id", "push"),
    ];
    let mut job = Table::create();
    job.table("job")
        .col(big_pk_auto("id"))
        .col(integer("repository_id"))
        .col(string_len("guid", 50))
        .col(integer_null("project_specific_id").check(Expr::col("project_specific_id").gte(0)))
        .col(integer("autoclassify_status").default(0))
        .col(string_len_null("coalesced_to_guid", 50))
        .col(integer("signature_id"))
        .col(integer("build_platform_id"))
        .col(integer("machine_platform_id"))
        .col(integer("machine_id"))
        .col(string_len("option_collection_hash", 64))
        .col(integer("job_type_id"))
        .col(integer("job_group_id"))
        .col(integer("product_id"))
        .col(integer("failure_classification_id"))
        .col(string_len("who", 50))
        .col(string_len("reason", 125))
        .col(string_len("result", 25))
        .col(string_len("state", 25))
        .col(timestamp_with_time_zone("submit_time"))
        .col(timestamp_with_time_zone("start_time"))
        .col(timestamp_with_time_zone("end_time"))
        .col(timestamp_with_time_zone("last_modified"))
        .col(integer_null("running_eta").check(Expr::col("running_eta").gte(0)))
        .col(integer("tier").check(Expr::col("tier").gte(0)))
        .col(integer("push_id"));
    for (column, target) in references {
        job.foreign_key(&mut foreign_key("job", column, target, "id", OnDelete::Refuse));
    }
    manager.create_table(job).await?;

    let metadata = Table::create()
        .table("taskcluster_metadata")
        .col(big_integer("job_id").primary_key())
        .col(string_len("task_id", 22))
        .col(integer("retry_id").check(Expr::col("retry_id").gte(0)))
        .foreign_key(&mut foreign_key("taskcluster_metadata", "job_id", "job", "id", OnDelete::Cascade))
        .take();
    manager.create_table(metadata).await?;
    create_index(manager, "taskcluster_metadata", "task_id", &["task_id"]).await
}

/// The indexes that reads use, plus one for each reference table whose unused rows are deleted (§5.11).
async fn job_indexes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    create_unique_index(manager, "job", "guid", &["guid"]).await?;
    let indexes: [(&str, &[&str]); 12] = [
        ("repository", &["repository_id", "id"]),
        ("push", &["push_id", "repository_id"]),
        ("repository_submit_time", &["repository_id", "submit_time"]),
        ("repository_type_push", &["repository_id", "job_type_id", "push_id"]),
        ("repository_type_start", &["repository_id", "job_type_id", "start_time"]),
        ("platform_option_push", &["machine_platform_id", "option_collection_hash", "push_id"]),
        ("signature", &["signature_id"]),
        ("last_modified", &["last_modified"]),
        ("job_type", &["job_type_id"]),
        ("job_group", &["job_group_id"]),
        ("machine", &["machine_id"]),
        ("build_platform", &["build_platform_id"]),
    ];
    for (name, columns) in indexes {
        create_index(manager, "job", name, columns).await?;
    }
    Ok(())
}

async fn logs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let log = Table::create()
        .table("job_log")
        .col(pk_auto("id"))
        .col(big_integer("job_id"))
        .col(string_len("name", 50))
        .col(string_len("url", 255))
        .col(integer("status").default(0))
        .foreign_key(&mut foreign_key("job_log", "job_id", "job", "id", OnDelete::Cascade))
        .take();
    manager.create_table(log).await?;
    create_unique_index(manager, "job_log", "key", &["job_id", "name", "url"]).await
}

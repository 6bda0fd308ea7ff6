//! Failures and classification (`spec/api.md` §5.6), test groups and people.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, double_null, integer, integer_null, json_binary,
    pk_auto, small_integer, string_len, string_len_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use super::schema::OnDelete;
use super::table::{NewTable, positive, positive_null};

/// The tables in the order they are made; each refers only to earlier ones.
const TABLES: [&str; 16] = [
    "auth_user",
    "classified_failure",
    "text_log_error",
    "failure_line",
    "text_log_error_metadata",
    "text_log_error_match",
    "group",
    "group_status",
    "job_note",
    "bugscache",
    "bug_job_map",
    "investigated_tests",
    "mozci_classification",
    "bugzilla_component",
    "file_bugzilla_component",
    "bugzilla_security_group",
];

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        accounts_and_lines(manager).await?;
        groups(manager).await?;
        classifications(manager).await?;
        components(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.into_iter().rev() {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

async fn accounts_and_lines(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("auth_user")
        .column(pk_auto("id"))
        .column(string_len("username", 150))
        .column(string_len("email", 254))
        .column(string_len("first_name", 150))
        .column(string_len("last_name", 150))
        .column(string_len("password", 128))
        .column(boolean("is_active").default(true))
        .column(boolean("is_staff").default(false))
        .column(boolean("is_superuser").default(false))
        .column(timestamp_with_time_zone_null("last_login"))
        .column(timestamp_with_time_zone("date_joined"))
        .unique("username", &["username"])
        .create(manager)
        .await?;
    NewTable::new("classified_failure")
        .column(big_pk_auto("id"))
        .column(positive_null("bug_number"))
        .column(timestamp_with_time_zone("created"))
        .column(timestamp_with_time_zone("modified"))
        .unique("bug_number", &["bug_number"])
        .create(manager)
        .await?;
    NewTable::new("text_log_error")
        .column(big_pk_auto("id"))
        .reference(big_integer_null("job_id"), "job_id", "job", OnDelete::Cascade)
        .column(text("line"))
        .column(positive("line_number"))
        .column(boolean("new_failure").default(false))
        .unique("key", &["job_id", "line_number"])
        .create(manager)
        .await?;
    NewTable::new("failure_line")
        .column(big_pk_auto("id"))
        .column(string_len("job_guid", 50))
        .reference(integer("repository_id"), "repository_id", "repository", OnDelete::Refuse)
        .reference(integer_null("job_log_id"), "job_log_id", "job_log", OnDelete::Cascade)
        .column(string_len("action", 15))
        .column(positive("line"))
        .column(text_null("test"))
        .column(text_null("subtest"))
        .column(string_len("status", 19))
        .column(string_len_null("expected", 19))
        .column(text_null("message"))
        .column(text_null("signature"))
        .column(string_len_null("level", 19))
        .column(text_null("stack"))
        .column(text_null("stackwalk_stdout"))
        .column(text_null("stackwalk_stderr"))
        .column(json_binary("known_intermittent"))
        .reference(
            big_integer_null("best_classification_id"),
            "best_classification_id",
            "classified_failure",
            OnDelete::SetNull,
        )
        .column(boolean("best_is_verified").default(false))
        .column(timestamp_with_time_zone("created"))
        .column(timestamp_with_time_zone("modified"))
        .unique("key", &["job_log_id", "line"])
        .index("job", &["job_guid", "repository_id"])
        .create(manager)
        .await?;
    NewTable::new("text_log_error_metadata")
        .column(big_integer("text_log_error_id").primary_key())
        .refers_to("text_log_error_id", "text_log_error", OnDelete::Cascade)
        .reference(big_integer_null("failure_line_id"), "failure_line_id", "failure_line", OnDelete::Cascade)
        .reference(
            big_integer_null("best_classification_id"),
            "best_classification_id",
            "classified_failure",
            OnDelete::SetNull,
        )
        .column(boolean("best_is_verified").default(false))
        .unique("failure_line_id", &["failure_line_id"])
        .create(manager)
        .await?;
    NewTable::new("text_log_error_match")
        .column(big_pk_auto("id"))
        .reference(big_integer("text_log_error_id"), "text_log_error_id", "text_log_error", OnDelete::Cascade)
        .reference(
            big_integer("classified_failure_id"),
            "classified_failure_id",
            "classified_failure",
            OnDelete::Cascade,
        )
        .column(string_len("matcher_name", 255))
        .column(double_null("score").check(Expr::col("score").between(0.0, 1.0)))
        .unique("key", &["text_log_error_id", "classified_failure_id", "matcher_name"])
        .create(manager)
        .await
}

async fn groups(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("group")
        .column(big_pk_auto("id"))
        .column(string_len("name", 255))
        .unique("name", &["name"])
        .create(manager)
        .await?;
    NewTable::new("group_status")
        .column(pk_auto("id"))
        .column(small_integer("status"))
        .reference(integer("job_log_id"), "job_log_id", "job_log", OnDelete::Cascade)
        .reference(big_integer("group_id"), "group_id", "group", OnDelete::Cascade)
        .column(small_integer("duration"))
        .create(manager)
        .await?;
    let finished =
        "CREATE INDEX ix_group_status_finished ON group_status (group_id, status) WHERE status IN (1, 2)";
    manager.get_connection().execute_unprepared(finished).await.map(drop)
}

async fn classifications(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("job_note")
        .column(big_pk_auto("id"))
        .reference(big_integer("job_id"), "job_id", "job", OnDelete::Cascade)
        .reference(
            integer("failure_classification_id"),
            "failure_classification_id",
            "failure_classification",
            OnDelete::Refuse,
        )
        .reference(integer_null("user_id"), "user_id", "auth_user", OnDelete::Refuse)
        .column(text("text"))
        .column(timestamp_with_time_zone("created"))
        .create(manager)
        .await?;
    NewTable::new("bugscache")
        .column(big_pk_auto("id"))
        .column(positive_null("bugzilla_id"))
        .column(string_len("status", 64))
        .column(string_len("resolution", 64))
        .column(string_len("summary", 255))
        .column(positive_null("dupe_of"))
        .column(text("crash_signature"))
        .column(text("keywords"))
        .column(timestamp_with_time_zone("modified"))
        .column(string_len("whiteboard", 100).default(""))
        .column(boolean("processed_update").default(true))
        .unique("bugzilla_id", &["bugzilla_id"])
        .index("status", &["status"])
        .index("resolution", &["resolution"])
        .index("summary", &["summary"])
        .create(manager)
        .await?;
    NewTable::new("bug_job_map")
        .column(big_pk_auto("id"))
        .reference(big_integer("job_id"), "job_id", "job", OnDelete::Cascade)
        .reference(big_integer("bug_id"), "bug_id", "bugscache", OnDelete::Cascade)
        .column(timestamp_with_time_zone("created"))
        .reference(integer_null("user_id"), "user_id", "auth_user", OnDelete::Refuse)
        .column(boolean("bug_open").default(false))
        .unique("key", &["job_id", "bug_id"])
        .create(manager)
        .await?;
    NewTable::new("investigated_tests")
        .column(big_pk_auto("id"))
        .reference(integer("job_type_id"), "job_type_id", "job_type", OnDelete::Cascade)
        .column(string_len("test", 350))
        .reference(integer("push_id"), "push_id", "push", OnDelete::Cascade)
        .unique("key", &["job_type_id", "test", "push_id"])
        .create(manager)
        .await?;
    NewTable::new("mozci_classification")
        .column(big_pk_auto("id"))
        .reference(integer("push_id"), "push_id", "push", OnDelete::Cascade)
        .column(string_len("result", 7))
        .column(timestamp_with_time_zone("created"))
        .column(string_len("task_id", 22))
        .create(manager)
        .await
}

async fn components(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("bugzilla_component")
        .column(pk_auto("id"))
        .column(string_len("product", 60))
        .column(string_len("component", 60))
        .unique("key", &["product", "component"])
        .create(manager)
        .await?;
    NewTable::new("file_bugzilla_component")
        .column(pk_auto("id"))
        .column(string_len("path", 255))
        .column(string_len("file_name", 255))
        .reference(
            integer("bugzilla_component_id"),
            "bugzilla_component_id",
            "bugzilla_component",
            OnDelete::Cascade,
        )
        .unique("path", &["path"])
        .index("file_name", &["file_name"])
        .create(manager)
        .await?;
    NewTable::new("bugzilla_security_group")
        .column(pk_auto("id"))
        .column(string_len("product", 60))
        .column(string_len("security_group", 60))
        .unique("product", &["product"])
        .create(manager)
        .await
}

//! Performance data and alerts (`spec/api.md` §5.7).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, boolean_null, double, double_null, integer,
    integer_null, json_binary, pk_auto, string_len, string_len_null, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use super::schema::OnDelete;
use super::table::{NewTable, positive_null};

/// The tables in the order they are made; each refers only to earlier ones.
const TABLES: [&str; 13] = [
    "performance_framework",
    "performance_signature",
    "performance_datum",
    "performance_datum_replicate",
    "perf_multicommitdatum",
    "issue_tracker",
    "performance_tag",
    "performance_alert_summary",
    "performance_tag_alert_summaries",
    "performance_alert",
    "performance_bug_template",
    "performance_settings",
    "perf_compare_mwu_cache",
];

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

// The trait's methods leave the lifetime out, and an implementation has to match that.
#[expect(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        series(manager).await?;
        summaries(manager).await?;
        settings(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.into_iter().rev() {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

async fn series(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("performance_framework")
        .column(pk_auto("id"))
        .column(string_len("name", 255))
        .column(boolean("enabled").default(false))
        .unique("name", &["name"])
        .create(manager)
        .await?;
    NewTable::new("performance_signature")
        .column(pk_auto("id"))
        .column(string_len("signature_hash", 40))
        .reference(integer("repository_id"), "repository_id", "repository", OnDelete::Refuse)
        .reference(integer("framework_id"), "framework_id", "performance_framework", OnDelete::Refuse)
        .reference(integer("platform_id"), "platform_id", "machine_platform", OnDelete::Refuse)
        .reference(
            integer("option_collection_id"),
            "option_collection_id",
            "option_collection",
            OnDelete::Refuse,
        )
        .column(string_len("suite", 80))
        .column(string_len("test", 80))
        .column(string_len("application", 10).default(""))
        .column(boolean("lower_is_better").default(true))
        .column(timestamp_with_time_zone("last_updated"))
        .reference(
            integer_null("parent_signature_id"),
            "parent_signature_id",
            "performance_signature",
            OnDelete::Cascade,
        )
        .column(boolean("has_subtests"))
        .column(string_len_null("suite_public_name", 30))
        .column(string_len_null("test_public_name", 30))
        .column(string_len("tags", 360))
        .column(string_len("extra_options", 422))
        .column(string_len_null("measurement_unit", 50))
        .column(boolean_null("should_alert"))
        .column(boolean_null("monitor"))
        .column(string_len_null("alert_notify_emails", 807))
        .column(integer_null("alert_change_type"))
        .column(double_null("alert_threshold"))
        .column(integer_null("min_back_window"))
        .column(integer_null("max_back_window"))
        .column(integer_null("fore_window"))
        .column(string_len("alert_severity", 80).default("normal"))
        .unique("hash", &["repository_id", "framework_id", "application", "signature_hash"])
        .unique(
            "public_name",
            &[
                "repository_id",
                "suite_public_name",
                "test_public_name",
                "framework_id",
                "platform_id",
                "option_collection_id",
                "extra_options",
            ],
        )
        .index("last_updated", &["last_updated"])
        .index("suite", &["repository_id", "suite", "test", "framework_id", "platform_id"])
        .create(manager)
        .await?;
    NewTable::new("performance_datum")
        .column(big_pk_auto("id"))
        .reference(integer("repository_id"), "repository_id", "repository", OnDelete::Refuse)
        .reference(integer("signature_id"), "signature_id", "performance_signature", OnDelete::Cascade)
        .column(double("value"))
        .column(timestamp_with_time_zone("push_timestamp"))
        .column(string_len("application_version", 50))
        .reference(big_integer_null("job_id"), "job_id", "job", OnDelete::SetNull)
        .reference(integer("push_id"), "push_id", "push", OnDelete::Refuse)
        .column(string_len_null("os_name", 100))
        .column(string_len_null("platform_version", 100))
        .unique("key", &["repository_id", "job_id", "push_id", "push_timestamp", "signature_id"])
        .index("push_timestamp", &["push_timestamp"])
        .index("time", &["repository_id", "signature_id", "push_timestamp"])
        .index("push", &["repository_id", "signature_id", "push_id"])
        .create(manager)
        .await?;
    NewTable::new("performance_datum_replicate")
        .column(big_pk_auto("id"))
        .reference(
            big_integer("performance_datum_id"),
            "performance_datum_id",
            "performance_datum",
            OnDelete::Cascade,
        )
        .column(double("value"))
        .create(manager)
        .await?;
    NewTable::new("perf_multicommitdatum")
        .column(big_integer("perf_datum_id").primary_key())
        .refers_to("perf_datum_id", "performance_datum", OnDelete::Cascade)
        .create(manager)
        .await
}

async fn summaries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("issue_tracker")
        .column(pk_auto("id"))
        .column(string_len("name", 255))
        .column(string_len("task_base_url", 512))
        .create(manager)
        .await?;
    NewTable::new("performance_tag")
        .column(pk_auto("id"))
        .column(string_len("name", 30))
        .unique("name", &["name"])
        .create(manager)
        .await?;
    NewTable::new("performance_alert_summary")
        .column(pk_auto("id"))
        .reference(integer("repository_id"), "repository_id", "repository", OnDelete::Refuse)
        .reference(integer("framework_id"), "framework_id", "performance_framework", OnDelete::Refuse)
        .reference(integer("prev_push_id"), "prev_push_id", "push", OnDelete::Refuse)
        .reference(integer_null("original_prev_push_id"), "original_prev_push_id", "push", OnDelete::Refuse)
        .reference(integer("push_id"), "push_id", "push", OnDelete::Refuse)
        .reference(integer_null("original_push_id"), "original_push_id", "push", OnDelete::Refuse)
        .column(boolean("manually_created").default(false))
        .column(text_null("notes"))
        .reference(integer_null("assignee_id"), "assignee_id", "auth_user", OnDelete::SetNull)
        .column(boolean("sheriffed").default(true))
        .column(timestamp_with_time_zone("created"))
        .column(timestamp_with_time_zone_null("triage_due_date"))
        .column(timestamp_with_time_zone_null("first_triaged"))
        .column(timestamp_with_time_zone_null("last_updated"))
        .column(integer("status").default(0))
        .column(positive_null("bug_number"))
        .column(timestamp_with_time_zone_null("bug_due_date"))
        .column(timestamp_with_time_zone_null("bug_updated"))
        .reference(
            integer("issue_tracker_id").default(1),
            "issue_tracker_id",
            "issue_tracker",
            OnDelete::Refuse,
        )
        .column(integer_null("bug_status"))
        .unique("key", &["repository_id", "framework_id", "prev_push_id", "push_id", "sheriffed"])
        .index("created", &["created"])
        .create(manager)
        .await?;
    NewTable::new("performance_tag_alert_summaries")
        .column(pk_auto("id"))
        .reference(integer("performancetag_id"), "performancetag_id", "performance_tag", OnDelete::Cascade)
        .reference(
            integer("performancealertsummary_id"),
            "performancealertsummary_id",
            "performance_alert_summary",
            OnDelete::Cascade,
        )
        .unique("key", &["performancetag_id", "performancealertsummary_id"])
        .create(manager)
        .await?;
    NewTable::new("performance_alert")
        .column(pk_auto("id"))
        .reference(integer("summary_id"), "summary_id", "performance_alert_summary", OnDelete::Cascade)
        .reference(
            integer_null("related_summary_id"),
            "related_summary_id",
            "performance_alert_summary",
            OnDelete::Cascade,
        )
        .reference(
            integer("series_signature_id"),
            "series_signature_id",
            "performance_signature",
            OnDelete::Cascade,
        )
        .column(boolean("is_regression"))
        .column(boolean("starred").default(false))
        .reference(integer_null("classifier_id"), "classifier_id", "auth_user", OnDelete::Refuse)
        .column(boolean("sheriffed").default(true))
        .column(timestamp_with_time_zone_null("created"))
        .column(timestamp_with_time_zone_null("first_triaged"))
        .column(timestamp_with_time_zone_null("last_updated"))
        .column(integer("status").default(0))
        .column(double("amount_pct"))
        .column(double("amount_abs"))
        .column(double("prev_value"))
        .column(double("new_value"))
        .column(double_null("t_value"))
        .column(double_null("confidence"))
        .column(string_len_null("detection_method", 100))
        .column(string_len("noise_profile", 30).default("N/A"))
        .column(boolean("manually_created").default(false))
        .unique("key", &["summary_id", "series_signature_id", "sheriffed"])
        .create(manager)
        .await
}

async fn settings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable::new("performance_bug_template")
        .column(pk_auto("id"))
        .reference(integer("framework_id"), "framework_id", "performance_framework", OnDelete::Refuse)
        .column(string_len("keywords", 255))
        .column(string_len("status_whiteboard", 255))
        .column(string_len("default_component", 255))
        .column(string_len("default_product", 255))
        .column(string_len("cc_list", 255))
        .column(text("text"))
        .column(text("critical_text").default(""))
        .column(text("no_action_required_text").default(""))
        .unique("framework_id", &["framework_id"])
        .create(manager)
        .await?;
    NewTable::new("performance_settings")
        .column(pk_auto("id"))
        .column(string_len("name", 255))
        .column(text("settings"))
        .create(manager)
        .await?;
    NewTable::new("perf_compare_mwu_cache")
        .column(pk_auto("id"))
        .column(string_len("hash_key", 64))
        .column(json_binary("results"))
        .column(timestamp_with_time_zone("created"))
        .unique("hash_key", &["hash_key"])
        .create(manager)
        .await
}

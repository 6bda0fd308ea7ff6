//! One file per table. Plain models without relation fields: joins are written by hand.

// The derive makes `Entity`, `Column`, `PrimaryKey` and `ActiveModel` without documentation.
#![allow(missing_docs)]

pub mod api_token;
pub mod auth_user;
pub mod bug_job_map;
pub mod bugscache;
pub mod bugzilla_component;
pub mod bugzilla_security_group;
pub mod build_platform;
pub mod cache_entry;
pub mod classified_failure;
pub mod commit;
pub mod event;
pub mod failure_classification;
pub mod failure_line;
pub mod file_bugzilla_component;
pub mod group;
pub mod group_status;
pub mod investigated_tests;
pub mod issue_tracker;
pub mod job;
pub mod job_group;
pub mod job_log;
pub mod job_note;
pub mod job_type;
pub mod line_count;
pub mod login_session;
pub mod machine;
pub mod machine_platform;
pub mod mozci_classification;
pub mod option;
pub mod option_collection;
pub mod perf_compare_mwu_cache;
pub mod perf_multicommitdatum;
pub mod performance_alert;
pub mod performance_alert_summary;
pub mod performance_bug_template;
pub mod performance_datum;
pub mod performance_datum_replicate;
pub mod performance_framework;
pub mod performance_settings;
pub mod performance_signature;
pub mod performance_tag;
pub mod performance_tag_alert_summaries;
pub mod product;
pub mod push;
pub mod reference_data_signatures;
pub mod repository;
pub mod repository_branch;
pub mod repository_group;
pub mod schedule_entry;
pub mod taskcluster_metadata;
pub mod text_log_error;
pub mod text_log_error_match;
pub mod text_log_error_metadata;

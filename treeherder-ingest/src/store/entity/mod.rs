//! One file per table. Plain models without relation fields: joins are written by hand.

// The derive makes `Entity`, `Column`, `PrimaryKey` and `ActiveModel` without documentation.
#![allow(missing_docs)]

pub mod build_platform;
pub mod cache_entry;
pub mod commit;
pub mod failure_classification;
pub mod job;
pub mod job_group;
pub mod job_log;
pub mod job_type;
pub mod machine;
pub mod machine_platform;
pub mod option;
pub mod option_collection;
pub mod product;
pub mod push;
pub mod reference_data_signatures;
pub mod repository;
pub mod repository_branch;
pub mod repository_group;
pub mod taskcluster_metadata;

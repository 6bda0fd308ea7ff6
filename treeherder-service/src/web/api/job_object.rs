//! A job as the lists of a project show it: 37 properties in a fixed order (§3.1).

use treeherder_ingest::store::DetailedJob;
use treeherder_json_text::JsonText;
use utoipa::ToSchema;

use crate::web::json::Moment;

/// Declares the properties once: as a struct, as a list of names and as values of an array.
macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr,)*) => {
        /// What every view of a job has.
        // As it is described: `write_common` writes it.
        #[derive(Debug, ToSchema)]
        #[expect(dead_code, reason = "only its description is used")]
        pub(super) struct CommonProperties<'a> {
            $($(#[$doc])* $name: $type,)*
        }

        const COMMON: &[&str] = &[$(stringify!($name),)*];

        /// Writes the properties of an object.
        pub(super) fn write_common<'a>(job: &DetailedJob<'a>, json: &mut JsonText) {
            $(
                json.next(concat!("\"", stringify!($name), "\":"));
                let value: $type = $value(job);
                json.value(&value);
            )*
        }

        /// Writes their values as elements of an array.
        fn write_common_values<'a>(job: &DetailedJob<'a>, json: &mut JsonText) {
            $(
                let value: $type = $value(job);
                json.element(&value);
            )*
        }
    };
}

/// A job of a project.
// As it is described: `write_object` writes it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) struct JobObject<'a> {
    #[serde(flatten)]
    common: CommonProperties<'a>,
    /// Slug of the task.
    task_id: Option<&'a str>,
    /// Run of the task.
    retry_id: Option<i32>,
    /// Names of the options with blanks between them.
    platform_option: &'a str,
}

/// About what a job takes as an object.
pub(super) const BYTES_OF_OBJECT: usize = 1300;

/// Writes a job as an object.
pub(super) fn write_object(job: &DetailedJob<'_>, json: &mut JsonText) {
    json.next("{");
    write_common(job, json);
    json.next("\"task_id\":");
    json.value(&job.record.core.task_id);
    json.next("\"retry_id\":");
    json.value(&job.record.core.retry_id);
    json.next("\"platform_option\":");
    json.value(job.record.platform_option);
    json.end('}');
}

/// Writes a job as an array of the values of its properties.
pub(super) fn write_array(job: &DetailedJob<'_>, json: &mut JsonText) {
    json.next("[");
    write_common_values(job, json);
    json.element(&job.record.core.task_id);
    json.element(&job.record.core.retry_id);
    json.element(job.record.platform_option);
    json.end(']');
}

/// Returns the names of the properties of a job of a project in their order.
pub(super) fn properties() -> Vec<&'static str> {
    COMMON.iter().copied().chain(["task_id", "retry_id", "platform_option"]).collect()
}

type Job<'a> = DetailedJob<'a>;

properties! {
    /// Architecture that was built for.
    build_architecture: &'a str = |job: &Job<'a>| &job.build_platform.architecture,
    /// Operating system that was built for.
    build_os: &'a str = |job: &Job<'a>| &job.build_platform.os_name,
    /// Platform that was built for.
    build_platform: &'a str = |job: &Job<'a>| &job.build_platform.platform,
    /// Id of the platform that was built for.
    build_platform_id: i32 = |job: &Job<'a>| job.details.build_platform_id,
    /// Kind of CI, `taskcluster`.
    build_system_type: &'a str = |job: &Job<'a>| &job.record.signature.build_system_type,
    /// When it ended, in Unix seconds; 0 when it has not.
    end_timestamp: i64 = |job: &Job<'a>| job.record.core.end_time.timestamp(),
    /// Id of the failure classification.
    failure_classification_id: i32 = |job: &Job<'a>| job.record.core.failure_classification_id,
    /// Id.
    id: i64 = |job: &Job<'a>| job.record.core.id,
    /// Description of the group, mostly empty.
    job_group_description: &'a str = |job: &Job<'a>| &job.record.job_group.description,
    /// Id of the group.
    job_group_id: i32 = |job: &Job<'a>| job.record.core.job_group_id,
    /// Name of the group.
    job_group_name: &'a str = |job: &Job<'a>| &job.record.job_group.name,
    /// Symbol of the group.
    job_group_symbol: &'a str = |job: &Job<'a>| &job.record.job_group.symbol,
    /// Guid: the task's UUID, a slash, the run.
    job_guid: &'a str = |job: &Job<'a>| &job.details.guid,
    /// Description of the type, mostly empty.
    job_type_description: &'a str = |job: &Job<'a>| &job.record.job_type.description,
    /// Id of the type.
    job_type_id: i32 = |job: &Job<'a>| job.record.core.job_type_id,
    /// Name of the type.
    job_type_name: &'a str = |job: &Job<'a>| &job.record.job_type.name,
    /// Symbol of the type.
    job_type_symbol: &'a str = |job: &Job<'a>| &job.record.job_type.symbol,
    /// When it last changed.
    last_modified: Moment = |job: &Job<'a>| Moment(job.record.core.last_modified),
    /// Machine that it ran on.
    machine_name: &'a str = |job: &Job<'a>| job.machine_name,
    /// Architecture that it ran on.
    machine_platform_architecture: &'a str = |job: &Job<'a>| &job.record.machine_platform.architecture,
    /// Operating system that it ran on.
    machine_platform_os: &'a str = |job: &Job<'a>| &job.record.machine_platform.os_name,
    /// Hash of the options.
    option_collection_hash: &'a str = |job: &Job<'a>| &job.record.core.option_collection_hash,
    /// Platform that it ran on.
    platform: &'a str = |job: &Job<'a>| &job.record.machine_platform.platform,
    /// Id of the push.
    push_id: i32 = |job: &Job<'a>| job.record.core.push_id,
    /// Why it was scheduled.
    reason: &'a str = |job: &Job<'a>| &job.details.reason,
    /// Name of the reference data, mostly the signature.
    ref_data_name: &'a str = |job: &Job<'a>| &job.record.signature.name,
    /// `success`, `testfailed`, `busted`, …; `unknown` until it is completed.
    result: &'a str = |job: &Job<'a>| &job.record.core.result,
    /// Id of the push, by an old name.
    result_set_id: i32 = |job: &Job<'a>| job.record.core.push_id,
    /// Hash of what makes jobs the same.
    signature: &'a str = |job: &Job<'a>| &job.record.signature.signature,
    /// When it began, in Unix seconds; 0 when it has not.
    start_timestamp: i64 = |job: &Job<'a>| job.record.core.start_time.timestamp(),
    /// `unscheduled`, `pending`, `running` or `completed`.
    state: &'a str = |job: &Job<'a>| &job.record.core.state,
    /// When it was submitted, in Unix seconds.
    submit_timestamp: i64 = |job: &Job<'a>| job.record.core.submit_time.timestamp(),
    /// 1 to 3.
    tier: i32 = |job: &Job<'a>| job.record.core.tier,
    /// Who pushed.
    who: &'a str = |job: &Job<'a>| &job.details.who,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_37_properties() {
        let names = properties();
        assert_eq!(names.len(), 37);
        assert_eq!((names[0], names[33], names[36]), ("build_architecture", "who", "platform_option"));
    }
}

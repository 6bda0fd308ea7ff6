//! A job as the lists of a project show it: 37 properties in a fixed order (§3.1).

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use treeherder_ingest::store::DetailedJob;
use utoipa::ToSchema;

use crate::web::json::Moment;

/// Declares the properties once: as a struct, as a list of names and as values of an array.
macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr,)*) => {
        /// What every view of a job has.
        #[derive(Debug, Serialize, ToSchema)]
        pub(super) struct CommonProperties<'a> {
            $($(#[$doc])* $name: $type,)*
        }

        const COMMON: &[&str] = &[$(stringify!($name),)*];

        impl<'a> CommonProperties<'a> {
            /// Shows a job.
            pub(super) fn new(job: &'a DetailedJob) -> Self {
                $(let $name: $type = $value(job);)*
                Self { $($name,)* }
            }

            fn elements<S: SerializeSeq>(&self, array: &mut S) -> Result<(), S::Error> {
                $(array.serialize_element(&self.$name)?;)*
                Ok(())
            }
        }
    };
}

/// A job of a project.
#[derive(Debug, Serialize, ToSchema)]
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

impl<'a> JobObject<'a> {
    /// Shows a job.
    pub(super) fn new(job: &'a DetailedJob) -> Self {
        Self {
            common: CommonProperties::new(job),
            task_id: job.record.task_id.as_deref(),
            retry_id: job.record.retry_id,
            platform_option: &job.record.platform_option,
        }
    }
}

/// Returns the names of the properties of a job of a project in their order.
pub(super) fn properties() -> Vec<&'static str> {
    COMMON.iter().copied().chain(["task_id", "retry_id", "platform_option"]).collect()
}

/// A job as an array of the values of its properties.
#[derive(Debug)]
pub(super) struct JobArray<'a>(pub(super) JobObject<'a>);

impl Serialize for JobArray<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let job = &self.0;
        let mut array = serializer.serialize_seq(Some(COMMON.len() + 3))?;
        job.common.elements(&mut array)?;
        array.serialize_element(&job.task_id)?;
        array.serialize_element(&job.retry_id)?;
        array.serialize_element(&job.platform_option)?;
        array.end()
    }
}

type Job = DetailedJob;

properties! {
    /// Architecture that was built for.
    build_architecture: &'a str = |job: &'a Job| &job.build_platform.architecture,
    /// Operating system that was built for.
    build_os: &'a str = |job: &'a Job| &job.build_platform.os_name,
    /// Platform that was built for.
    build_platform: &'a str = |job: &'a Job| &job.build_platform.platform,
    /// Id of the platform that was built for.
    build_platform_id: i32 = |job: &'a Job| job.build_platform_id,
    /// Kind of CI, `taskcluster`.
    build_system_type: &'a str = |job: &'a Job| &job.record.signature.build_system_type,
    /// When it ended, in Unix seconds; 0 when it has not.
    end_timestamp: i64 = |job: &'a Job| job.record.end_time.timestamp(),
    /// Id of the failure classification.
    failure_classification_id: i32 = |job: &'a Job| job.record.failure_classification_id,
    /// Id.
    id: i64 = |job: &'a Job| job.record.id,
    /// Description of the group, mostly empty.
    job_group_description: &'a str = |job: &'a Job| &job.record.job_group.description,
    /// Id of the group.
    job_group_id: i32 = |job: &'a Job| job.record.job_group_id,
    /// Name of the group.
    job_group_name: &'a str = |job: &'a Job| &job.record.job_group.name,
    /// Symbol of the group.
    job_group_symbol: &'a str = |job: &'a Job| &job.record.job_group.symbol,
    /// Guid: the task's UUID, a slash, the run.
    job_guid: &'a str = |job: &'a Job| &job.guid,
    /// Description of the type, mostly empty.
    job_type_description: &'a str = |job: &'a Job| &job.record.job_type.description,
    /// Id of the type.
    job_type_id: i32 = |job: &'a Job| job.record.job_type_id,
    /// Name of the type.
    job_type_name: &'a str = |job: &'a Job| &job.record.job_type.name,
    /// Symbol of the type.
    job_type_symbol: &'a str = |job: &'a Job| &job.record.job_type.symbol,
    /// When it last changed.
    last_modified: Moment = |job: &'a Job| Moment(job.record.last_modified),
    /// Machine that it ran on.
    machine_name: &'a str = |job: &'a Job| &job.machine_name,
    /// Architecture that it ran on.
    machine_platform_architecture: &'a str = |job: &'a Job| &job.record.machine_platform.architecture,
    /// Operating system that it ran on.
    machine_platform_os: &'a str = |job: &'a Job| &job.record.machine_platform.os_name,
    /// Hash of the options.
    option_collection_hash: &'a str = |job: &'a Job| &job.record.option_collection_hash,
    /// Platform that it ran on.
    platform: &'a str = |job: &'a Job| &job.record.machine_platform.platform,
    /// Id of the push.
    push_id: i32 = |job: &'a Job| job.record.push_id,
    /// Why it was scheduled.
    reason: &'a str = |job: &'a Job| &job.reason,
    /// Name of the reference data, mostly the signature.
    ref_data_name: &'a str = |job: &'a Job| &job.record.signature.name,
    /// `success`, `testfailed`, `busted`, …; `unknown` until it is completed.
    result: &'a str = |job: &'a Job| &job.record.result,
    /// Id of the push, by an old name.
    result_set_id: i32 = |job: &'a Job| job.record.push_id,
    /// Hash of what makes jobs the same.
    signature: &'a str = |job: &'a Job| &job.record.signature.signature,
    /// When it began, in Unix seconds; 0 when it has not.
    start_timestamp: i64 = |job: &'a Job| job.record.start_time.timestamp(),
    /// `unscheduled`, `pending`, `running` or `completed`.
    state: &'a str = |job: &'a Job| &job.record.state,
    /// When it was submitted, in Unix seconds.
    submit_timestamp: i64 = |job: &'a Job| job.record.submit_time.timestamp(),
    /// 1 to 3.
    tier: i32 = |job: &'a Job| job.record.tier,
    /// Who pushed.
    who: &'a str = |job: &'a Job| &job.who,
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

//! Jobs as they were read, with the names of what they refer to.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::names::{
    BuildPlatform, JobGroup, JobSignature, JobType, Kind, MachineName, MachinePlatform, PlatformName,
    PushRevision, Resolved, SignatureName, Spread,
};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::rows::{Column, Row, Texts};

/// Columns in the order that [`JobCore::read`] expects them.
#[rustfmt::skip]
pub(super) const CORE: [Column; 18] = [
    ("job", "id"),
    ("job", "repository_id"),
    ("job", "push_id"),
    ("job", "state"),
    ("job", "result"),
    ("job", "tier"),
    ("job", "failure_classification_id"),
    ("job", "submit_time"),
    ("job", "start_time"),
    ("job", "end_time"),
    ("job", "last_modified"),
    ("job", "job_type_id"),
    ("job", "job_group_id"),
    ("job", "machine_platform_id"),
    ("job", "signature_id"),
    ("job", "option_collection_hash"),
    ("taskcluster_metadata", "task_id"),
    ("taskcluster_metadata", "retry_id"),
];

/// Columns after those, which [`JobDetails::read`] expects.
pub(super) const DETAILS: [Column; 5] =
    [("job", "guid"), ("job", "who"), ("job", "reason"), ("job", "machine_id"), ("job", "build_platform_id")];

/// A job as its row has it: what it refers to is named by ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobCore {
    /// Id.
    pub id: i64,
    /// Id of the repository.
    pub repository_id: i32,
    /// Id of the push.
    pub push_id: i32,
    /// State.
    pub state: Arc<str>,
    /// Result.
    pub result: Arc<str>,
    /// Tier.
    pub tier: i32,
    /// Failure classification.
    pub failure_classification_id: i32,
    /// When the job was submitted; the epoch when that is not known, as for the other times.
    pub submit_time: DateTime<Utc>,
    /// When it began.
    pub start_time: DateTime<Utc>,
    /// When it ended.
    pub end_time: DateTime<Utc>,
    /// When it last changed.
    pub last_modified: DateTime<Utc>,
    /// Id of the job type.
    pub job_type_id: i32,
    /// Id of the job group.
    pub job_group_id: i32,
    /// Hash of the options.
    pub option_collection_hash: Arc<str>,
    /// Slug of the task, if the job is one.
    pub task_id: Option<String>,
    /// Run of the task.
    pub retry_id: Option<i32>,
    machine_platform_id: i32,
    signature_id: i32,
}

impl JobCore {
    pub(super) fn read(row: &Row<'_>, texts: &mut Texts) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.number(0)?,
            repository_id: row.number(1)?,
            push_id: row.number(2)?,
            state: row.shared(3, texts)?,
            result: row.shared(4, texts)?,
            tier: row.number(5)?,
            failure_classification_id: row.number(6)?,
            submit_time: row.moment(7)?,
            start_time: row.moment(8)?,
            end_time: row.moment(9)?,
            last_modified: row.moment(10)?,
            job_type_id: row.number(11)?,
            job_group_id: row.number(12)?,
            machine_platform_id: row.number(13)?,
            signature_id: row.number(14)?,
            option_collection_hash: row.shared(15, texts)?,
            task_id: row.text(16)?.map(str::to_owned),
            retry_id: row.optional(17)?,
        })
    }
}

/// What only the job's own project is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobDetails {
    /// Guid.
    pub guid: String,
    /// Who pushed.
    pub who: String,
    /// Why it was scheduled.
    pub reason: String,
    /// Id of the platform that was built for.
    pub build_platform_id: i32,
    machine_id: i32,
}

impl JobDetails {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            guid: row.owned(18)?,
            who: row.owned(19)?,
            reason: row.owned(20)?,
            machine_id: row.number(21)?,
            build_platform_id: row.number(22)?,
        })
    }
}

/// A job as the feed of all jobs shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobRecord<'a> {
    /// The job's row.
    pub core: &'a JobCore,
    /// Job type.
    pub job_type: &'a Kind,
    /// Job group.
    pub job_group: &'a Kind,
    /// Platform that the job ran on.
    pub machine_platform: &'a PlatformName,
    /// Signature.
    pub signature: &'a SignatureName,
    /// Head commit of the push.
    pub push_revision: &'a str,
    /// Names of the options, sorted, with blanks between; empty when the hash is unknown.
    pub platform_option: &'a str,
}

/// A job with everything that the API tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetailedJob<'a> {
    /// What the feed shows too.
    pub record: JobRecord<'a>,
    /// The rest of its row.
    pub details: &'a JobDetails,
    /// Machine that it ran on.
    pub machine_name: &'a str,
    /// Platform that was built for.
    pub build_platform: &'a PlatformName,
}

/// A list of jobs. Each job is put together when it is looked at: thousands of them are written once and forgotten.
#[derive(Debug)]
pub struct JobRecords {
    cores: Vec<JobCore>,
    types: Resolved<JobType>,
    groups: Resolved<JobGroup>,
    platforms: Resolved<MachinePlatform>,
    signatures: Resolved<JobSignature>,
    pushes: Resolved<PushRevision>,
    options: OptionNames,
}

impl JobRecords {
    /// Number of jobs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cores.len()
    }

    /// Whether there is no job.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cores.is_empty()
    }

    /// The jobs in their order.
    ///
    /// # Errors
    /// For a job that refers to something that the database does not have, which its foreign keys rule out.
    pub fn iter(&self) -> impl Iterator<Item = Result<JobRecord<'_>, StoreError>> {
        self.cores.iter().map(|core| self.record(core))
    }

    fn record<'a>(&'a self, core: &'a JobCore) -> Result<JobRecord<'a>, StoreError> {
        Ok(JobRecord {
            core,
            job_type: &self.types.get(core.job_type_id)?.0,
            job_group: &self.groups.get(core.job_group_id)?.0,
            machine_platform: &self.platforms.get(core.machine_platform_id)?.0,
            signature: &self.signatures.get(core.signature_id)?.0,
            push_revision: &self.pushes.get(core.push_id)?.0,
            platform_option: self.options.get(&core.option_collection_hash),
        })
    }
}

/// A list of jobs with all details.
#[derive(Debug)]
pub struct DetailedJobs {
    records: JobRecords,
    details: Vec<JobDetails>,
    machines: Resolved<MachineName>,
    build_platforms: Resolved<BuildPlatform>,
}

impl DetailedJobs {
    /// Number of jobs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no job.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The jobs in their order.
    ///
    /// # Errors
    /// As [`JobRecords::iter`].
    pub fn iter(&self) -> impl Iterator<Item = Result<DetailedJob<'_>, StoreError>> {
        self.records.iter().zip(&self.details).map(|(record, details)| {
            Ok(DetailedJob {
                record: record?,
                details,
                machine_name: &self.machines.get(details.machine_id)?.0,
                build_platform: &self.build_platforms.get(details.build_platform_id)?.0,
            })
        })
    }
}

/// Names of the options of jobs by where the hash of their collection lies: most jobs [share](Texts) theirs, so that its forty
/// characters need not be hashed again for every job.
#[derive(Debug, Default)]
struct OptionNames(HashMap<usize, Arc<str>, BuildHasherDefault<Spread>>);

impl OptionNames {
    fn place(hash: &Arc<str>) -> usize {
        Arc::as_ptr(hash).addr()
    }

    fn get(&self, hash: &Arc<str>) -> &str {
        self.0.get(&Self::place(hash)).map(AsRef::as_ref).unwrap_or_default()
    }
}

impl Store {
    /// Adds to jobs what they refer to.
    pub(super) async fn with_names(&self, cores: Vec<JobCore>) -> Result<JobRecords, StoreError> {
        let types = self.resolve(cores.iter().map(|job| job.job_type_id)).await?;
        let groups = self.resolve(cores.iter().map(|job| job.job_group_id)).await?;
        let platforms = self.resolve(cores.iter().map(|job| job.machine_platform_id)).await?;
        let signatures = self.resolve(cores.iter().map(|job| job.signature_id)).await?;
        let pushes = self.resolve(cores.iter().map(|job| job.push_id)).await?;
        let mut hashes: HashMap<_, _, BuildHasherDefault<Spread>> = HashMap::default();
        for hash in cores.iter().map(|job| &job.option_collection_hash) {
            hashes.entry(OptionNames::place(hash)).or_insert(hash);
        }
        let names = self.platform_options(hashes.values().map(|hash| &***hash)).await?;
        let named =
            hashes.iter().filter_map(|(place, hash)| Some((*place, Arc::clone(names.get(&***hash)?))));
        let options = OptionNames(named.collect());
        Ok(JobRecords { cores, types, groups, platforms, signatures, pushes, options })
    }

    /// Adds to jobs with their details what they refer to.
    pub(super) async fn with_all_names(
        &self,
        jobs: Vec<(JobCore, JobDetails)>,
    ) -> Result<DetailedJobs, StoreError> {
        let (cores, details): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
        let machines = self.resolve(details.iter().map(|job| job.machine_id)).await?;
        let build_platforms = self.resolve(details.iter().map(|job| job.build_platform_id)).await?;
        Ok(DetailedJobs { records: self.with_names(cores).await?, details, machines, build_platforms })
    }
}

//! The transaction that stores a batch of jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::logs::{has_all, logs_of_message, read_logs, write_logs};
use super::lookup::Places;
use super::outcome::{JobOutcome, JobStatus};
use super::plan::{Decision, Plan};
use super::prepared::PreparedJob;
use super::reference::Resolved;
use super::write::{Batch, Written, lock_jobs, write_rows};
use crate::job::LoadedJob;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::events::{EventJob, jobs_told, read_event_jobs};
use crate::writer::WriteTransaction;

/// How often a batch is stored again at once after it collided with another process.
const ATTEMPTS: u32 = 4;

/// Pause before the batch is stored again, multiplied by the number of attempts made.
const PAUSE: Duration = Duration::from_millis(25);

impl Store {
    /// Stores a batch of jobs in one transaction, as if one message came after the other, and returns what became of each, in
    /// the same order.
    ///
    /// A message that cannot be stored (its push is missing, a value does not fit) does not keep the others from being
    /// stored. Storing a batch twice gives the same rows. Events tell which jobs were stored or changed.
    ///
    /// # Errors
    /// When the database fails; then nothing of the batch is stored.
    pub async fn store_jobs(&self, messages: &[LoadedJob]) -> Result<Vec<JobOutcome>, StoreError> {
        self.store_jobs_repeatedly(messages, None).await
    }

    /// Does the same as [`Store::store_jobs`] for messages that came at `arrival` and may leave out times.
    ///
    /// A job that does not say when it was scheduled was so when it started, ended or, if it does not tell those either, when
    /// it came; a later message without that time does not put it off. A completed job that does not say when it ended did
    /// when it came.
    ///
    /// # Errors
    /// As [`Store::store_jobs`].
    pub async fn store_submitted_jobs(
        &self,
        messages: &[LoadedJob],
        arrival: DateTime<Utc>,
    ) -> Result<Vec<JobOutcome>, StoreError> {
        self.store_jobs_repeatedly(messages, Some(arrival.timestamp())).await
    }

    async fn store_jobs_repeatedly(
        &self,
        messages: &[LoadedJob],
        arrival: Option<i64>,
    ) -> Result<Vec<JobOutcome>, StoreError> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let mut attempt = 1;
        loop {
            let error = match self.try_store_jobs(messages, arrival).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(error) => error,
            };
            // A row remembered here may be gone, or another process took a guid over between our look-up and our insert.
            self.reference_ids().forget();
            if attempt == ATTEMPTS || !may_heal_at_once(&error) {
                return Err(error);
            }
            tracing::debug!(%error, attempt, "storing the batch of jobs again");
            tokio::time::sleep(PAUSE * attempt).await;
            attempt += 1;
        }
    }

    async fn try_store_jobs(
        &self,
        messages: &[LoadedJob],
        arrival: Option<i64>,
    ) -> Result<Vec<JobOutcome>, StoreError> {
        let transaction = self.begin_write().await?;
        let places = Places::find(&transaction, messages).await?;
        let mut prepared = Vec::with_capacity(messages.len());
        for message in messages {
            prepared.push(match places.of(message) {
                Ok(place) => {
                    PreparedJob::new(message, arrival).map(|job| (job, place)).map_err(JobStatus::Rejected)
                }
                Err(status) => Err(status),
            });
        }
        let batch = Batch {
            jobs: prepared.iter().flatten().map(|(job, _)| job).collect(),
            places: prepared.iter().flatten().map(|(_, place)| *place).collect(),
        };
        let references = Resolved::resolve(&transaction, self.reference_ids(), &batch.jobs).await?;
        let stored = lock_jobs(&transaction, &touched_guids(&batch)).await?;
        let plan = Plan::new(stored, &batch.jobs);
        let written = write_rows(&transaction, &plan, &batch, &references).await?;
        let results = results(&plan, &written, &batch);

        let with_results = || batch.jobs.iter().zip(&results);
        let new_logs: Vec<_> = with_results()
            .filter(|(_, result)| result.status.is_stored())
            .flat_map(|(job, result)| job.logs.iter().map(|log| (result.job_id, *log)))
            .collect();
        let mut logs = write_logs(&transaction, &new_logs).await?;
        // Most jobs come once with logs, and have no others than those that were added just now.
        let with_others: BTreeSet<i64> = with_results()
            .filter(|(job, result)| !has_all(&logs, result.job_id, &job.logs))
            .map(|(_, result)| result.job_id)
            .collect();
        logs.extend(read_logs(&transaction, with_others).await?);
        let changed = changed_jobs(&transaction, &plan, &written, &batch).await?;
        let appended = self.event_log().append(&transaction, &jobs_told(&changed)).await?;
        transaction.commit().await?;
        appended.announce();
        self.reference_ids().remember(references);

        let mut results = batch.jobs.iter().zip(results);
        let mut outcomes = Vec::with_capacity(messages.len());
        for (message, prepared) in messages.iter().zip(&prepared) {
            outcomes.push(match (prepared, prepared.is_ok().then(|| results.next()).flatten()) {
                (Ok(_), Some((job, result))) => JobOutcome {
                    status: result.status,
                    guid: job.guid.to_owned(),
                    repository: message.repository.clone(),
                    job_id: Some(result.job_id),
                    state: result.state,
                    result: result.result,
                    logs: logs_of_message(&logs, result.job_id, &job.logs),
                },
                (Err(status), _) => not_stored(message, status.clone()),
                (Ok((job, _)), None) => {
                    return Err(StoreError::NotFound { what: "result for job", key: job.guid.to_owned() });
                }
            });
        }
        Ok(outcomes)
    }
}

/// The jobs that the batch stores or changes, as events tell about them.
async fn changed_jobs(
    transaction: &WriteTransaction,
    plan: &Plan,
    written: &[Written],
    batch: &Batch<'_>,
) -> Result<Vec<EventJob>, StoreError> {
    let mut changed = BTreeMap::new();
    for (position, (row, written)) in plan.rows.iter().zip(written).enumerate() {
        let Written::Stored(job_id) = *written else { continue };
        let place = batch.places[row.last];
        let job = EventJob {
            id: job_id,
            guid: row.guid.clone(),
            branch: batch.jobs[row.last].message.repository.clone(),
            push_id: place.push_id,
            push_time: place.push_time,
            result: plan.planned_result(position, &batch.jobs).to_owned(),
        };
        changed.insert(job_id, job);
    }
    let superseded: Vec<i64> =
        plan.superseded.iter().copied().filter(|job_id| !changed.contains_key(job_id)).collect();
    if !superseded.is_empty() {
        let jobs = read_event_jobs(transaction, &superseded).await?;
        changed.extend(jobs.into_iter().map(|job| (job.id, job)));
    }
    Ok(changed.into_values().collect())
}

/// Guids whose rows the batch reads or changes.
fn touched_guids<'batch>(batch: &Batch<'batch>) -> BTreeSet<&'batch str> {
    let mut guids = BTreeSet::new();
    for job in &batch.jobs {
        guids.insert(job.guid);
        guids.insert(job.root_guid());
        // No stored guid holds a NUL character, and PostgreSQL would refuse the question.
        guids.extend(job.message.superseded.iter().map(String::as_str).filter(|guid| !guid.contains('\0')));
    }
    guids
}

/// What became of one message that was planned.
struct MessageResult {
    status: JobStatus,
    job_id: i64,
    state: String,
    result: String,
}

fn results(plan: &Plan, written: &[Written], batch: &Batch<'_>) -> Vec<MessageResult> {
    let result = |decision: &Decision| {
        let (row, status) = match *decision {
            Decision::Create(row) => (row, JobStatus::Created),
            Decision::Update(row) => (row, JobStatus::Updated),
            Decision::IgnoreForRow(row) => (row, JobStatus::Ignored),
            Decision::IgnoreForStored(job_id) => {
                let job = plan.stored.get(&job_id);
                return MessageResult {
                    status: JobStatus::Ignored,
                    job_id,
                    state: job.map(|job| job.state.clone()).unwrap_or_default(),
                    result: job.map(|job| job.result.clone()).unwrap_or_default(),
                };
            }
        };
        match &written[row] {
            Written::Stored(job_id) => MessageResult {
                status,
                job_id: *job_id,
                state: plan.planned_state(row, &batch.jobs).to_owned(),
                result: plan.planned_result(row, &batch.jobs).to_owned(),
            },
            Written::Overtaken(job) => MessageResult {
                status: JobStatus::Ignored,
                job_id: job.id,
                state: job.state.clone(),
                result: job.result.clone(),
            },
        }
    };
    plan.decisions.iter().map(result).collect()
}

fn not_stored(message: &LoadedJob, status: JobStatus) -> JobOutcome {
    JobOutcome {
        status,
        guid: message.job.job_guid.clone(),
        repository: message.repository.clone(),
        job_id: None,
        state: message.job.state.clone(),
        result: message.job.result.clone(),
        logs: Vec::new(),
    }
}

fn may_heal_at_once(error: &StoreError) -> bool {
    let is_unique = matches!(error, StoreError::Integrity(error) if is_unique_violation(error));
    is_unique || error.is_missing_reference() || matches!(error, StoreError::Collision(_))
}

fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
}

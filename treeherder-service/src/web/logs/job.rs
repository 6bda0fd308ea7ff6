//! Finding the job and the log that a request is about.

use serde_json::json;
use treeherder_ingest::job::LogStatus;
use treeherder_ingest::log::ViewError;
use treeherder_ingest::store::entity::job_log;
use treeherder_ingest::store::{LogJob, Store, StoreError};

use axum::http::StatusCode;

use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Name of the log that viewers open.
const LOG_NAME: &str = "live_backing_log";

/// A job with its raw logs.
#[derive(Debug)]
pub(in crate::web) struct LoggedJob {
    pub(in crate::web) job: LogJob,
    pub(in crate::web) logs: Vec<job_log::Model>,
    /// Id of the log that is kept here, where there are others beside it.
    kept: Option<i32>,
}

/// Finds a job of a project by its id or its guid.
pub(in crate::web) async fn find_job(store: &Store, project: &str, job: &str) -> Result<LoggedJob, Refused> {
    let missing = || Refused::not_found(&format!("{project} has no job {job:?}"));
    let id = match job.parse::<i64>() {
        Ok(id) => id,
        Err(_) => store.job_id_of_guid(job).await?.ok_or_else(missing)?,
    };
    let found = match store.log_job(id).await {
        Ok(found) => found,
        Err(StoreError::NotFound { .. }) => return Err(missing()),
        Err(error) => return Err(error.into()),
    };
    if found.repository != project {
        return Err(missing());
    }
    let mut logs = store.all_job_logs(id).await?;
    logs.retain(|log| log.name == LOG_NAME);
    let kept = kept_of(store, &logs).await?;
    Ok(LoggedJob { job: found, logs, kept })
}

/// Finds the log that is kept here; a single one is the one that is shown, kept or not.
async fn kept_of(store: &Store, logs: &[job_log::Model]) -> Result<Option<i32>, StoreError> {
    if logs.len() > 1 {
        for log in logs {
            if store.kept_log(log.id).await?.is_some() {
                return Ok(Some(log.id));
            }
        }
    }
    Ok(None)
}

/// Reads the id of a log among the parameters of a request.
pub(super) fn log_id(parameters: &Parameters) -> Result<Option<i32>, Refused> {
    let id = parameters.integer("log_id")?;
    id.map(|id| i32::try_from(id).map_err(|_| Refused::field("log_id", "No log has such an id."))).transpose()
}

impl LoggedJob {
    /// Returns the log with this id; without one that which was submitted to us, or the first one.
    ///
    /// The error lines of a job are those of its submitted log, when it has one.
    pub(in crate::web) fn log(&self, log_id: Option<i32>) -> Result<&job_log::Model, Refused> {
        let found = match log_id.or(self.kept) {
            Some(log_id) => self.logs.iter().find(|log| log.id == log_id),
            // A log that was given up is of no use when there is another one.
            None => {
                let failed = LogStatus::Failed.code();
                self.logs.iter().find(|log| log.status != failed).or(self.logs.first())
            }
        };
        found.ok_or_else(|| Refused::not_found(&format!("job {} has no such log", self.job.job_id)))
    }
}

/// Tells a client why there are no lines.
pub(super) fn refused(error: ViewError) -> Refused {
    if error.is_gone() {
        return Refused::new(StatusCode::NOT_FOUND, json!({"detail": format!("the log is gone: {error}")}));
    }
    match error {
        ViewError::Store(error) => error.into(),
        error => {
            tracing::warn!(%error, "cannot show a log");
            Refused::new(StatusCode::BAD_GATEWAY, json!({"detail": error.to_string()}))
        }
    }
}

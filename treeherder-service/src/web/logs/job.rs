//! Finding the job and the log that a request is about.

use serde_json::json;
use treeherder_ingest::job::LogStatus;
use treeherder_ingest::log::ViewError;
use treeherder_ingest::store::entity::job_log;
use treeherder_ingest::store::{LogJob, Store, StoreError};

use axum::http::StatusCode;

use crate::web::response::Refused;

/// Name of the log that viewers open.
const LOG_NAME: &str = "live_backing_log";

/// A job with its raw logs.
#[derive(Debug)]
pub(in crate::web) struct LoggedJob {
    pub(in crate::web) job: LogJob,
    pub(in crate::web) logs: Vec<job_log::Model>,
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
    Ok(LoggedJob { job: found, logs })
}

impl LoggedJob {
    /// Returns the log with this id, or the first one.
    pub(in crate::web) fn log(&self, log_id: Option<i32>) -> Result<&job_log::Model, Refused> {
        let found = match log_id {
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

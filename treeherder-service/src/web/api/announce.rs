//! Telling others that somebody classified a job.

use treeherder_ingest::store::classification::ChangedJob;

use crate::web::accounts::Account;

/// Tells that the job's classification or bugs were changed by this account.
pub(super) async fn classified(job: &ChangedJob, account: &Account) {
    tracing::info!(job = job.job_id, repository = job.repository, account = account.username, "classified");
}

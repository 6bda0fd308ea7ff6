//! What is in the tables about jobs.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use treeherder_ingest::job::LoadedJob;
use treeherder_ingest::store::JobStatus;
use treeherder_ingest::store::entity::{job, job_log};

use crate::support::database::TestStore;

/// Stores a batch and returns what became of each message.
pub(crate) async fn statuses(test: &TestStore, batch: &[LoadedJob]) -> Vec<JobStatus> {
    test.store.store_jobs(batch).await.unwrap().into_iter().map(|outcome| outcome.status).collect()
}

/// The job of a guid, which has to be there.
pub(crate) async fn row(test: &TestStore, guid: &str) -> job::Model {
    find(test, guid).await.unwrap_or_else(|| panic!("no job {guid}"))
}

/// The job of a guid.
pub(crate) async fn find(test: &TestStore, guid: &str) -> Option<job::Model> {
    job::Entity::find().filter(job::Column::Guid.eq(guid)).one(test.store.connection()).await.unwrap()
}

/// All logs.
pub(crate) async fn logs(test: &TestStore) -> Vec<job_log::Model> {
    job_log::Entity::find().order_by_asc(job_log::Column::Id).all(test.store.connection()).await.unwrap()
}

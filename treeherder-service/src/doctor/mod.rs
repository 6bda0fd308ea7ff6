//! What is wrong with a deployment, and how to mend it.
//!
//! Each module looks at one thing and changes nothing. What depends on something that is broken is left out, so that
//! the findings name causes and not what follows from them.

mod clock;
mod data_folder;
mod database;
mod finding;
mod queues;
mod settings;
mod tasks;
mod workers;

use treeherder_ingest::queue::Depth;
use treeherder_ingest::store::WorkerRow;

use crate::config::StorageArgs;

use self::finding::Findings;
pub(crate) use self::finding::{Finding, Level};

/// Looks at everything that the settings name.
pub(crate) async fn examine(storage: &StorageArgs) -> Vec<Finding> {
    let mut findings = Findings::default();
    settings::examine(storage, &mut findings);
    data_folder::examine(storage, &mut findings);
    let database = database::examine(storage, &mut findings).await;
    if let Some(database) = &database {
        clock::examine(database, &mut findings).await;
        let workers = workers::examine(database, &mut findings).await;
        let depths = queues::examine(database, &mut findings).await;
        if let (Some(workers), Some(depths)) = (&workers, &depths) {
            queues::compare(workers, depths, &mut findings);
        }
        tasks::examine(database, &mut findings).await;
        database.close().await;
    }
    findings.into()
}

/// Tells whether a living process works on the queue.
fn is_served(depth: &Depth, workers: &[WorkerRow]) -> bool {
    workers.iter().any(|worker| worker.alive && worker.queues.contains(&depth.queue))
}

/// Checks that the database is there, for tests of the modules.
#[cfg(test)]
async fn database_in(folder: &std::path::Path) -> crate::roles::Database {
    let storage = StorageArgs { data_dir: folder.to_owned(), database_url: None, broker_url: None };
    crate::roles::Database::open(&storage).await.unwrap()
}

//! Puts database and queues together, for every command alike.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::http::{Client, redact_url};
use treeherder_ingest::pipeline::{Pipeline, PipelineOptions};
use treeherder_ingest::push::Upstream;
use treeherder_ingest::queue::{Queue as _, QueueName, SqlQueue};
use treeherder_ingest::store::Store;

use crate::config::{IngestArgs, NetworkArgs, StorageArgs};
use crate::data_dir::{DataDir, InUse, WorkLock};

/// Connections to the database of one process.
const CONNECTIONS: u32 = 16;

/// How long a stop waits for work in flight before its items are given back.
const STOP_TIME: Duration = Duration::from_secs(5);

/// The database with the queues in it.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    /// Everything but the queues.
    pub(crate) store: Store,
    /// The queues.
    pub(crate) queue: Arc<SqlQueue>,
    /// Where it is, without a password.
    pub(crate) place: String,
    embedded: bool,
}

impl Database {
    /// Opens the database that the settings name, with the tables of this version.
    ///
    /// Repositories are seeded into a database that has none, so that those loaded by hand stay as they are.
    pub(crate) async fn open(storage: &StorageArgs) -> anyhow::Result<Self> {
        let database = Self::connect(storage).await?;
        database.store.migrate().await.with_context(|| format!("cannot update {}", database.place))?;
        if database.store.repositories().await?.is_empty() {
            database.store.seed().await.context("cannot load the repositories")?;
        }
        Ok(database)
    }

    /// Connects without touching the tables.
    pub(crate) async fn connect(storage: &StorageArgs) -> anyhow::Result<Self> {
        let data_dir = DataDir::open(&storage.data_dir)?;
        let url = match &storage.database_url {
            Some(url) => usual_form(url)?,
            None => data_dir.database_url(),
        };
        let place = redact_url(url.trim_end_matches("?mode=rwc"));
        let store =
            Store::connect(&url, CONNECTIONS).await.with_context(|| format!("cannot open {place}"))?;
        let queue = SqlQueue::new(store.connection().clone(), format!("process {}", std::process::id()));
        Ok(Self { store, queue: Arc::new(queue), place, embedded: url.starts_with("sqlite:") })
    }

    /// Takes the right to work on the queues.
    ///
    /// One process works on an embedded database at a time, others may still put work items on its queues. On
    /// PostgreSQL any number of processes work together. Work that a former process left unfinished becomes ready.
    pub(crate) async fn start_work(
        &self,
        storage: &StorageArgs,
        role: &str,
    ) -> anyhow::Result<Result<Option<WorkLock>, InUse>> {
        if !self.embedded {
            return Ok(Ok(None));
        }
        let lock = match DataDir::open(&storage.data_dir)?.lock(role)? {
            Ok(lock) => lock,
            Err(in_use) => return Ok(Err(in_use)),
        };
        let reclaimed = self.queue.reclaim(true).await.context("cannot look for unfinished work")?;
        if reclaimed > 0 {
            tracing::info!(work_items = reclaimed, "going on with what a former process left unfinished");
        }
        Ok(Ok(Some(lock)))
    }
}

/// Makes the client for the outside world; it may ask the hosts of the settings and of the known repositories.
pub(crate) async fn client(database: &Database, network: &NetworkArgs) -> anyhow::Result<Client> {
    let repositories = database.store.repositories().await?;
    let urls = repositories.iter().flat_map(|repository| {
        let mercurial = (repository.dvcs_type == "hg").then_some(repository.url.as_str());
        [Some(repository.tc_root_url.as_str()), mercurial]
    });
    Client::new(network.client_options(urls.flatten())).context("cannot set up HTTP")
}

/// Makes the pipeline that does the work.
pub(crate) async fn pipeline(
    database: &Database,
    network: &NetworkArgs,
    ingest: &IngestArgs,
) -> anyhow::Result<Pipeline> {
    let client = client(database, network).await?;
    let upstream = Upstream::new(client.clone(), network.upstream_options())?;
    let queue = Arc::<SqlQueue>::clone(&database.queue);
    Ok(Pipeline::new(database.store.clone(), queue, client, upstream, pipeline_options(ingest)))
}

/// Makes the pipeline's options of the settings.
pub(crate) fn pipeline_options(ingest: &IngestArgs) -> PipelineOptions {
    let mut options = PipelineOptions::default();
    options.projects_to_ingest = ingest.projects.clone().unwrap_or_default();
    options.performance.multi_commit = ingest.multidata;
    options.worker.retries.unit = Duration::from_secs_f64(ingest.retry_seconds);
    options.worker.stop_deadline = STOP_TIME;
    options
}

/// Workers on all queues.
#[derive(Debug)]
pub(crate) struct Workers {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Workers {
    /// Starts to work.
    pub(crate) fn start(pipeline: &Pipeline) -> Self {
        let (stop, pipeline) = (CancellationToken::new(), pipeline.clone());
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let queues: Vec<QueueName> = QueueName::all().collect();
            pipeline.run(&queues, stopped).await;
        });
        Self { stop, task }
    }

    /// Finishes or gives back what is in flight.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.task.await.context("the workers failed; unfinished work is still queued")
    }
}

/// Turns a database URL into the form that the drivers know.
fn usual_form(url: &str) -> anyhow::Result<String> {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    match scheme {
        // `psql` is what existing deployments have in DATABASE_URL.
        "psql" | "postgres" | "postgresql" => Ok(format!("postgres:{rest}")),
        "sqlite" if rest.contains('?') || rest.contains(":memory:") => Ok(url.to_owned()),
        "sqlite" => Ok(format!("{url}?mode=rwc")),
        _ => anyhow::bail!(
            "--database-url (DATABASE_URL): {:?} is neither postgres://… nor sqlite://…",
            redact_url(url)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_existing_deployments_are_understood() {
        for (given, used) in [
            ("psql://u:p@h:5432/t", "postgres://u:p@h:5432/t"),
            ("postgresql://h/t", "postgres://h/t"),
            ("sqlite://x.sqlite", "sqlite://x.sqlite?mode=rwc"),
            ("sqlite://x.sqlite?mode=ro", "sqlite://x.sqlite?mode=ro"),
        ] {
            assert_eq!(usual_form(given).unwrap(), used);
        }
        let error = usual_form("mysql://root:hunter2@h/t").unwrap_err().to_string();
        assert!(error.contains("DATABASE_URL") && !error.contains("hunter2"), "{error}");
    }
}

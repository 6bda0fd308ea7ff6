//! The role of workers: everything between a queue and what is stored.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::http::Client;
use treeherder_ingest::pipeline::{Pipeline, PipelineOptions};
use treeherder_ingest::push::Upstream;
use treeherder_ingest::queue::QueueName;

use super::{Database, Vitals};
use crate::config::{IngestArgs, NetworkArgs};

/// How long a stop waits for work in flight before its items are given back.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Makes the client for the outside world; it may ask the hosts of the settings and of the known repositories.
pub(crate) async fn client(database: &Database, network: &NetworkArgs) -> anyhow::Result<Client> {
    client_for(database, network, &[]).await
}

/// As [`client`], for these URLs too.
async fn client_for(database: &Database, network: &NetworkArgs, also: &[&str]) -> anyhow::Result<Client> {
    let repositories = database.store.repositories().await?;
    let urls = repositories.iter().flat_map(|repository| {
        let mercurial = (repository.dvcs_type == "hg").then_some(repository.url.as_str());
        [Some(repository.tc_root_url.as_str()), mercurial]
    });
    let urls = urls.flatten().chain(also.iter().copied());
    Client::new(network.client_options(urls)).context("cannot set up HTTP")
}

/// Makes the pipeline that does the work.
pub(crate) async fn pipeline(
    database: &Database,
    network: &NetworkArgs,
    mut options: PipelineOptions,
) -> anyhow::Result<Pipeline> {
    options.events = database.events();
    let bugzilla = [options.bugzilla.read_url.as_str(), options.bugzilla.write_url.as_str()];
    let client = client_for(database, network, &bugzilla).await?;
    let upstream = Upstream::new(client.clone(), network.upstream_options())?;
    Ok(Pipeline::new(database.store.clone(), Arc::clone(&database.queue), client, upstream, options))
}

/// Makes the pipeline's options of the settings.
pub(crate) fn pipeline_options(ingest: &IngestArgs) -> PipelineOptions {
    let mut options = PipelineOptions::default();
    options.projects_to_ingest = ingest.projects.clone().unwrap_or_default();
    options.performance.multi_commit = ingest.multidata;
    options.worker.retries.unit = Duration::from_secs_f64(ingest.retry_seconds);
    options.worker.stop_deadline = STOP_TIME;
    options.keep_days = ingest.keep_days;
    options.bugzilla = ingest.bugzilla.options();
    options.changelog_projects.clone_from(&ingest.changelog_projects);
    options
}

/// Workers on some queues.
#[derive(Debug)]
pub(crate) struct Workers {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Workers {
    /// Starts to work on all queues.
    pub(crate) fn start(pipeline: &Pipeline, vitals: &Vitals) -> Self {
        Self::start_on(pipeline, vitals, QueueName::all().collect())
    }

    /// Starts to work on these queues.
    pub(crate) fn start_on(pipeline: &Pipeline, vitals: &Vitals, queues: Vec<QueueName>) -> Self {
        let (stop, pipeline) = (CancellationToken::new(), pipeline.clone());
        let stopped = stop.clone();
        let learnt = vitals.learn_revoked(pipeline.store(), stop.clone());
        let task = tokio::spawn(async move {
            learnt.await;
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use treeherder_ingest::http::ClientOptions;
    use treeherder_ingest::push::UpstreamOptions;
    use treeherder_ingest::queue::Message;

    use super::*;
    use crate::config::{MonitorArgs, StorageArgs};

    #[derive(clap::Parser)]
    struct Settings {
        #[command(flatten)]
        monitor: MonitorArgs,
    }

    #[tokio::test]
    async fn a_worker_knows_what_was_revoked_before_its_first_heartbeat() {
        let folder = tempfile::tempdir().unwrap();
        let storage =
            StorageArgs { data_dir: folder.path().to_owned(), database_url: None, broker_url: None };
        let database = Database::open(&storage).await.unwrap();
        let queue = QueueName::LogParser;
        let item =
            json!({"task": "log-parser", "args": {"job_id": 17, "job_log_ids": [1], "priority": "normal"}});
        database.queue.publish(&[Message::new(queue, item.to_string())]).await.unwrap();
        // As on a broker: the revocation is noted, the message waits.
        let claimed = database.queue.claim(&[queue], 1, Duration::from_secs(600)).await.unwrap();
        database.queue.release(&[claimed[0].receipt]).await.unwrap();
        database.store.revoke(claimed[0].message_id, "ana", None).await.unwrap();

        let settings: Settings = clap::Parser::parse_from(["test"]);
        let vitals = Vitals::new(&settings.monitor);
        let client = Client::new(ClientOptions::for_local_servers()).unwrap();
        let upstream = Upstream::new(client.clone(), UpstreamOptions::default()).unwrap();
        let mut options = PipelineOptions::default();
        vitals.observe(&mut options, [queue].into_iter());
        let (store, queues) = (database.store.clone(), Arc::clone(&database.queue));
        let pipeline = Pipeline::new(store, queues, client, upstream, options);
        let workers = Workers::start_on(&pipeline, &vitals, vec![queue]);
        let done = tokio::time::timeout(Duration::from_secs(300), async {
            loop {
                let done = pipeline.statistics().queues.into_iter().find(|one| one.queue == queue).unwrap();
                if done.revoked + done.retried + done.dead > 0 {
                    return done;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let done = done.await.unwrap();
        assert_eq!((done.revoked, done.retried, done.dead), (1, 0, 0));
        workers.stop().await.unwrap();
    }
}

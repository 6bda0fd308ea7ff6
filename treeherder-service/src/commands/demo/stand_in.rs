//! The stand-in servers, and the pipeline that asks them and nobody else.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use treeherder_ingest::bugzilla::BugzillaOptions;
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::pipeline::{Pipeline, PipelineOptions};
use treeherder_ingest::push::{Upstream, UpstreamOptions};
use treeherder_ingest::queue::QueueName;
use treeherder_testdata::scenario::Scenario;
use treeherder_testdata::standin::StandIn;

use crate::roles::{Database, Vitals};

/// First retry of what fails; in earnest it is ten seconds.
const RETRY_UNIT: Duration = Duration::from_secs(1);

/// How long a stop waits for work in flight.
const STOP_TIME: Duration = Duration::from_secs(2);

/// Starts the servers on a free loopback port and makes their repositories known.
pub(super) async fn start(database: &Database, scenario: Scenario) -> anyhow::Result<StandIn> {
    let stand_in = StandIn::start(scenario, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .context("cannot start the stand-in servers")?;
    let fixture = fixture(database, &stand_in).await?;
    database.store.load_repositories(&fixture).await.context("cannot load the demo's repositories")?;
    Ok(stand_in)
}

/// Makes the repositories of the stand-in a fixture, each with the id that its name has already.
async fn fixture(database: &Database, stand_in: &StandIn) -> anyhow::Result<String> {
    let mut ids = HashMap::new();
    for row in stand_in.repositories() {
        if let Some(known) = database.store.repository_by_name(row.name).await? {
            ids.insert(row.name, (known.id, known.repository_group_id));
        }
    }
    Ok(stand_in.fixture(|name| ids.get(name).copied()).to_string())
}

/// Makes a pipeline whose client knows only this machine.
pub(super) fn pipeline(
    database: &Database,
    stand_in: &StandIn,
    vitals: &Vitals,
) -> anyhow::Result<(Pipeline, usize)> {
    let client = Client::new(ClientOptions::for_local_servers()).context("cannot set up HTTP")?;
    let mut upstream = UpstreamOptions::default();
    upstream.github_api_url = stand_in.urls().github_api();
    let upstream = Upstream::new(client.clone(), upstream)?;
    let mut options = PipelineOptions::default();
    options.worker.retries.unit = RETRY_UNIT;
    options.worker.stop_deadline = STOP_TIME;
    options.bugzilla = bugzilla(stand_in);
    let concurrency = vitals.observe(&mut options, QueueName::all());
    let queue = Arc::clone(&database.queue);
    Ok((Pipeline::new(database.store.clone(), queue, client, upstream, options), concurrency))
}

/// Tells where the stand-in's Bugzilla is, with the key that it takes.
pub(super) fn bugzilla(stand_in: &StandIn) -> BugzillaOptions {
    let mut options = BugzillaOptions::default();
    options.read_url = stand_in.urls().bugzilla();
    options.write_url = stand_in.urls().bugzilla();
    options.filer_key = Some(stand_in.bugzilla_key().to_owned());
    options.perf_sheriff_key = Some(stand_in.bugzilla_key().to_owned());
    options
}

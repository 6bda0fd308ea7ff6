//! The messages of a run, and the servers that they point to.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use treeherder_ingest::store::Store;
use treeherder_testdata::scenario::{Expected, Message, Scenario};
use treeherder_testdata::standin::StandIn;

/// Exchanges that listeners bind.
const EXCHANGES: [&str; 9] = [
    "exchange/hgpushes/v1",
    "exchange/taskcluster-github/v1/push",
    "exchange/taskcluster-github/v1/pull-request",
    "exchange/taskcluster-queue/v1/task-defined",
    "exchange/taskcluster-queue/v1/task-pending",
    "exchange/taskcluster-queue/v1/task-running",
    "exchange/taskcluster-queue/v1/task-completed",
    "exchange/taskcluster-queue/v1/task-failed",
    "exchange/taskcluster-queue/v1/task-exception",
];

/// Whole pushes with their tasks.
#[derive(Debug)]
pub struct Story {
    /// Serves definitions, logs, pushlogs and so on.
    pub stand_in: StandIn,
    /// What Pulse announces, in order.
    pub messages: Vec<Message>,
    /// What has to come of it.
    pub expected: Expected,
}

impl Story {
    /// The exchanges that are listened to.
    pub const EXCHANGES: &'static [&'static str] = &EXCHANGES;

    /// Takes as many pushes of the scenario as have this many messages together, and starts the servers.
    ///
    /// Messages of exchanges that nobody listens to are left out.
    ///
    /// # Errors
    /// When the servers cannot be started.
    pub async fn of(scenario: Scenario, least: usize) -> Result<Self> {
        let stand_in = StandIn::start(scenario, ([127, 0, 0, 1], 0).into())
            .await
            .context("cannot start the stand-in servers")?;
        let (mut messages, mut expected) = (Vec::new(), Expected::default());
        let mut pushes = 0;
        while messages.len() < least || pushes < stand_in.scenario().pushes() {
            let scenario = stand_in.scenario();
            let of_push = scenario.push_messages(pushes, stand_in.urls());
            let mut of_push_expected = scenario.expected_of_push(pushes);
            for message in of_push {
                if EXCHANGES.contains(&message.exchange.as_str()) {
                    messages.push(message);
                } else {
                    of_push_expected.messages -= 1;
                    of_push_expected.dead_letters -= 1;
                }
            }
            expected.add(&of_push_expected);
            pushes += 1;
        }
        stand_in.announce(pushes);
        messages.sort_by(|a, b| a.at.total_cmp(&b.at));
        Ok(Self { stand_in, messages, expected })
    }

    /// Makes the repositories known to a database that has its tables.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_repositories(&self, database: &str) -> Result<()> {
        let store = Store::connect(database, 1).await?;
        let mut known = HashMap::new();
        for row in self.stand_in.repositories() {
            if let Some(repository) = store.repository_by_name(row.name).await? {
                known.insert(row.name, (repository.id, repository.repository_group_id));
            }
        }
        let fixture = self.stand_in.fixture(|name| known.get(name).copied());
        store.load_repositories(&fixture.to_string()).await?;
        Ok(store.connection().clone().close().await?)
    }
}

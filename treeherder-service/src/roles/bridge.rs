//! The role of the bridge: task events become job messages for others (`spec/bridge-l10n-platform.md` §1).

use std::sync::Arc;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::bridge::{AmqpPublisher, Bridge, BridgeSettings, RunOptions};
use treeherder_ingest::http::Client;
use treeherder_ingest::pulse::AmqpSource;
use treeherder_ingest::task::{CachedTaskQueue, HttpTaskQueue};

use crate::config::NetworkArgs;

/// Bytes given to the cache of task definitions.
const DEFINITION_CACHE: usize = 16 * 1024 * 1024;

/// A bridge with its source and its publisher.
#[derive(Debug)]
pub(crate) struct BridgeRole {
    bridge: Arc<Bridge>,
    source: AmqpSource,
    publisher: Arc<AmqpPublisher>,
    options: RunOptions,
}

impl BridgeRole {
    /// Makes the bridge of the settings; nothing is asked yet.
    pub(crate) fn new(settings: &BridgeSettings, network: &NetworkArgs) -> anyhow::Result<Self> {
        let root_url = settings.source.root_url.as_str();
        let client =
            Client::new(network.client_options(std::iter::once(root_url))).context("cannot set up HTTP")?;
        let tasks = Arc::new(CachedTaskQueue::new(Arc::new(HttpTaskQueue::new(client)), DEFINITION_CACHE));
        let publisher = Arc::new(settings.amqp_publisher());
        let bridge = Bridge::new(tasks, Arc::<AmqpPublisher>::clone(&publisher), settings.options.clone());
        Ok(Self {
            bridge: Arc::new(bridge),
            source: settings.amqp_source(),
            publisher,
            options: RunOptions { prefetch: settings.prefetch, ..RunOptions::default() },
        })
    }

    /// Returns the bridge, for the page of its errors.
    pub(crate) fn bridge(&self) -> Arc<Bridge> {
        Arc::clone(&self.bridge)
    }

    /// Declares what is published to and consumed, so that a wrong configuration is told at the start.
    pub(crate) async fn check(&self) -> anyhow::Result<()> {
        self.publisher.check().await.context("the bridge cannot publish")?;
        self.source.check().await.context("the bridge cannot listen")
    }

    /// Publishes jobs until `stop` is cancelled, and what it has begun by then.
    pub(crate) async fn run(mut self, stop: &CancellationToken) {
        self.bridge.run(&mut self.source, self.options, stop).await;
        self.source.close().await;
        self.publisher.close().await;
    }
}

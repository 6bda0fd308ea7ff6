//! The role of listeners: what Pulse announces is put on the queues, nothing else (`spec/ingest.md` §1).

use std::sync::Arc;

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::http::Client;
use treeherder_ingest::pulse::{AmqpSource, AmqpSourceOptions, Kind, Listener, PulseGuardian, Settings};
use treeherder_ingest::queue::{Queue, RabbitQueue};

use super::Database;
use super::database::broker;
use crate::config::{NetworkArgs, PulseArgs, StorageArgs};

/// Connections to the database of a listener whose queues are there.
const CONNECTIONS: u32 = 4;

/// Host of the Pulse that Mozilla's Pulse Guardian looks after.
const MOZILLAS_PULSE: &str = "pulse.mozilla.org";

/// Listeners to Pulse, one task for each source.
#[derive(Debug)]
pub(crate) struct Listeners {
    tasks: JoinSet<()>,
}

impl Listeners {
    /// Listens to what `kinds` stand for until `stop` is cancelled.
    ///
    /// # Errors
    /// When the settings of a kind are wrong. An unreachable Pulse is no error: it is tried again for ever.
    pub(crate) fn start(
        queue: &Arc<dyn Queue>,
        kinds: &[Kind],
        pulse: &PulseArgs,
        network: &NetworkArgs,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let settings: Vec<Settings> =
            kinds.iter().map(|kind| pulse.settings(*kind)).collect::<anyhow::Result<_>>()?;
        let mut tasks = JoinSet::new();
        for settings in settings {
            let options = AmqpSourceOptions {
                guardian: guardian(pulse, network, &settings)?,
                ..AmqpSourceOptions::default()
            };
            if settings.sources.is_empty() {
                tracing::warn!(kind = ?settings.kind, "the list of sources is empty: nothing to listen to");
            }
            for mut source in AmqpSource::all(&settings, &options) {
                let (queue, kind, stop) = (Arc::clone(queue), settings.kind, stop.clone());
                tasks.spawn(async move {
                    let listener = Listener::new(queue, kind);
                    listener.run(&mut source, &stop).await;
                    source.close().await;
                    let listened = listener.listened();
                    tracing::info!(
                        ?kind,
                        messages = listened.received,
                        dead_letters = listened.dead,
                        "stopped listening"
                    );
                });
            }
        }
        Ok(Self { tasks })
    }

    /// Waits until all of them have stopped.
    pub(crate) async fn stopped(mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.tasks.join_next().await {
            ended.context("a listener failed; what it held comes again")?;
        }
        Ok(())
    }
}

/// Returns Pulse Guardian where there is one for these sources.
fn guardian(
    pulse: &PulseArgs,
    network: &NetworkArgs,
    settings: &Settings,
) -> anyhow::Result<Option<PulseGuardian>> {
    let is_mozillas = || settings.sources.iter().any(|source| source.pulse_url.host() == MOZILLAS_PULSE);
    let url = match pulse.pulse_guardian_url.as_deref().filter(|url| !url.is_empty()) {
        Some(url) => url,
        None if is_mozillas() => PulseGuardian::DEFAULT_URL,
        None => return Ok(None),
    };
    let client = Client::new(network.client_options(std::iter::once(url))).context("cannot set up HTTP")?;
    Ok(Some(PulseGuardian::new(client, url)))
}

/// The queues of a process that only listens.
#[derive(Debug)]
pub(crate) struct ListenerQueue {
    /// Where what arrives is put.
    pub(crate) queue: Arc<dyn Queue>,
    broker: Option<RabbitQueue>,
}

impl ListenerQueue {
    /// Ends the connection to the broker in order.
    pub(crate) async fn close(&self) {
        if let Some(broker) = &self.broker {
            broker.close().await;
        }
    }
}

/// Returns the queues for a process that only listens: those of the broker without a look at the database, else those in
/// the database. Returns `None` when `stop` came before the database was there.
pub(crate) async fn queue_for_listeners(
    storage: &StorageArgs,
    stop: &CancellationToken,
) -> anyhow::Result<Option<ListenerQueue>> {
    if let Some(broker) = broker(storage)? {
        let queue: Arc<dyn Queue> = Arc::new(broker.clone());
        return Ok(Some(ListenerQueue { queue, broker: Some(broker) }));
    }
    let database = Database::await_ready(storage, CONNECTIONS, stop).await?;
    Ok(database.map(|database| ListenerQueue { queue: database.queue, broker: None }))
}

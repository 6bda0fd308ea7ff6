//! The database and the queues, as the settings name them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::events::{EventBus, EventExchange, FeedOptions, RabbitBus};
use treeherder_ingest::http::redact_url;
use treeherder_ingest::pulse::{AmqpUrl, is_local_host};
use treeherder_ingest::queue::{Queue, RabbitOptions, RabbitQueue, SqlQueue};
use treeherder_ingest::store::Store;
use url::Url;

use crate::config::StorageArgs;
use crate::data_dir::{DataDir, InUse, WorkLock};

/// Connections to the database of a process that plays all roles.
const CONNECTIONS: u32 = 16;

/// Connections to the database of a command that only looks.
const LOOKING_CONNECTIONS: u32 = 3;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longest pause between two looks whether the database is ready.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The database and the queues, which are in it unless there is a broker.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    /// Everything but the queues.
    pub(crate) store: Store,
    /// The queues.
    pub(crate) queue: Arc<dyn Queue>,
    /// Where it is, without a password.
    pub(crate) place: String,
    /// The broker that holds the queues.
    broker: Option<RabbitQueue>,
    broker_url: Option<AmqpUrl>,
    embedded: bool,
}

impl Database {
    /// Opens the database that the settings name, with the tables of this version.
    ///
    /// Repositories are seeded into a database that has none, so that those loaded by hand stay as they are.
    pub(crate) async fn open(storage: &StorageArgs) -> anyhow::Result<Self> {
        Self::open_with(storage, CONNECTIONS).await
    }

    async fn open_with(storage: &StorageArgs, connections: u32) -> anyhow::Result<Self> {
        let database = Self::connect_with(storage, connections).await?;
        database.store.migrate().await.with_context(|| format!("cannot update {}", database.place))?;
        if database.store.repositories().await?.is_empty() {
            database.store.seed().await.context("cannot load the repositories")?;
        }
        Ok(database)
    }

    /// Opens the database for a process type, with as many connections as its role needs.
    ///
    /// On PostgreSQL it waits until the server answers and `treeherder release` has made the tables: a process that runs
    /// changes nothing there, and one that starts before the database does is no reason for an alarm. An embedded database
    /// belongs to the process, which brings it up to date. Returns `None` when `stop` came first.
    pub(crate) async fn await_ready(
        storage: &StorageArgs,
        connections: u32,
        stop: &CancellationToken,
    ) -> anyhow::Result<Option<Self>> {
        let (_, place) = address(storage)?;
        if place.starts_with("sqlite:") {
            return Self::open_with(storage, connections).await.map(Some);
        }
        let mut pause = Duration::from_millis(250);
        loop {
            let ready = stop.run_until_cancelled(Self::ready(storage, connections)).await;
            let error = match ready {
                None => return Ok(None),
                Some(Ok(database)) => return Ok(Some(database)),
                Some(Err(error)) => format!("{error:#}"),
            };
            tracing::warn!(error, "the database is not ready, trying again");
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Ok(None);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn ready(storage: &StorageArgs, connections: u32) -> anyhow::Result<Self> {
        let database = Self::connect_with(storage, connections).await?;
        let pending = database.store.pending_migrations().await?;
        anyhow::ensure!(
            pending.is_empty(),
            "{} lacks {}; `treeherder release` brings it up to date",
            database.place,
            pending.join(", ")
        );
        Ok(database)
    }

    /// Connects to a database that is there already, for those who only look.
    pub(crate) async fn existing(storage: &StorageArgs) -> anyhow::Result<Self> {
        let (url, place) = address(storage)?;
        if let Some(file) = url.strip_prefix("sqlite://") {
            let file = file.split('?').next().unwrap_or(file);
            anyhow::ensure!(
                std::path::Path::new(file).exists(),
                "there is no database at {place}; `treeherder migrate` makes it"
            );
        }
        Self::connect_with(storage, LOOKING_CONNECTIONS).await
    }

    /// Waits until the database is there with its tables, however long that takes, without a word.
    pub(crate) async fn await_tables(storage: &StorageArgs, connections: u32, pause: Duration) -> Self {
        loop {
            match Self::ready(storage, connections).await {
                Ok(database) => return database,
                Err(error) => tracing::debug!(error = format!("{error:#}"), "no database yet"),
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Connects without touching the tables.
    pub(crate) async fn connect(storage: &StorageArgs) -> anyhow::Result<Self> {
        Self::connect_with(storage, CONNECTIONS).await
    }

    async fn connect_with(storage: &StorageArgs, connections: u32) -> anyhow::Result<Self> {
        let (url, place) = address(storage)?;
        let embedded = url.starts_with("sqlite:");
        if storage.database_url.is_none() {
            DataDir::open(&storage.data_dir)?;
        }
        if !embedded {
            // A server that is down is told in seconds.
            Store::probe(&url, PATIENCE).await.with_context(|| format!("no answer from {place}"))?;
        }
        let store =
            Store::connect(&url, connections).await.with_context(|| format!("cannot open {place}"))?;
        let broker_url = broker_url(storage)?;
        let broker = broker(storage)?;
        let queue: Arc<dyn Queue> = match &broker {
            Some(broker) => Arc::new(broker.clone()),
            None => Arc::new(SqlQueue::new(store.connection().clone(), process_name())),
        };
        Ok(Self { store, queue, place, broker, broker_url, embedded })
    }

    /// Takes the right to work on the queues.
    ///
    /// One process works on queues in an embedded database at a time, others may still put work items on them. On
    /// PostgreSQL and RabbitMQ any number of processes work together. Work that a former process left unfinished becomes
    /// ready.
    pub(crate) async fn start_work(
        &self,
        storage: &StorageArgs,
        role: &str,
    ) -> anyhow::Result<Result<Option<WorkLock>, InUse>> {
        if !self.embedded || self.broker.is_some() {
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

    /// Returns the bus for live events over the broker, if the settings name one.
    pub(crate) fn events(&self) -> Option<Arc<dyn EventBus>> {
        let url = self.broker_url.clone()?;
        Some(Arc::new(RabbitBus::new(self.store.clone(), EventExchange::new(url), FeedOptions::default())))
    }

    /// Ends the connection to the broker in order, so that what was acknowledged last arrives there.
    pub(crate) async fn close(&self) {
        if let Some(broker) = &self.broker {
            broker.close().await;
        }
    }
}

/// Returns the queues on the broker that the settings name, if they name one; connects when first needed.
pub(super) fn broker(storage: &StorageArgs) -> anyhow::Result<Option<RabbitQueue>> {
    let url = broker_url(storage)?;
    Ok(url.map(|url| RabbitQueue::new(RabbitOptions::new(url, format!("treeherder {}", process_name())))))
}

/// Returns where the broker is, if the settings name one.
fn broker_url(storage: &StorageArgs) -> anyhow::Result<Option<AmqpUrl>> {
    let Some(text) = storage.broker_url.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
    let url =
        AmqpUrl::parse(text).map_err(|reason| anyhow::anyhow!("--broker-url (BROKER_URL): {reason}"))?;
    Ok(Some(url))
}

/// Reads the addresses of database and broker, to tell what is wrong with them.
pub(crate) fn check_addresses(storage: &StorageArgs) -> anyhow::Result<()> {
    address(storage)?;
    broker(storage).map(drop)
}

/// Returns the name of this machine.
pub(crate) fn hostname() -> String {
    let name =
        std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "localhost".to_owned())
}

/// Names this process where several work together.
fn process_name() -> String {
    format!("{} process {}", hostname(), std::process::id())
}

/// Returns the database's address in the form that the drivers know, and for people.
fn address(storage: &StorageArgs) -> anyhow::Result<(String, String)> {
    let url = match storage.database_url.as_deref().filter(|url| !url.is_empty()) {
        Some(url) => usual_form(url)?,
        None => DataDir::database_url_in(&storage.data_dir),
    };
    let place = redact_url(url.trim_end_matches("?mode=rwc"));
    Ok((url, place))
}

/// Turns a database URL into the form that the drivers know.
fn usual_form(url: &str) -> anyhow::Result<String> {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    match scheme {
        // `psql` is what existing deployments have in DATABASE_URL.
        "psql" | "postgres" | "postgresql" => Ok(encrypted(format!("postgres:{rest}"))),
        "sqlite" if rest.contains('?') || rest.contains(":memory:") => Ok(url.to_owned()),
        "sqlite" => Ok(format!("{url}?mode=rwc")),
        _ => anyhow::bail!(
            "--database-url (DATABASE_URL): {:?} is neither postgres://… nor sqlite://…",
            redact_url(url)
        ),
    }
}

/// Asks for TLS to a server elsewhere, unless the URL says what it wants: without TLS such a server is refused.
fn encrypted(url: String) -> String {
    if host_elsewhere(&url).is_none() || parameter(&url, &SSL_MODE).is_some() {
        return url;
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}sslmode=require")
}

/// Returns the host of a database server elsewhere whose URL allows that it is spoken to in the clear.
pub(crate) fn host_without_tls(url: &str) -> Option<String> {
    let mode = parameter(url, &SSL_MODE);
    let insists = mode.is_none_or(|mode| {
        ["require", "verify-ca", "verify-full"].iter().any(|safe| mode.eq_ignore_ascii_case(safe))
    });
    host_elsewhere(url).filter(|_| !insists)
}

/// What the drivers read of TLS in a URL.
const SSL_MODE: [&str; 2] = ["sslmode", "ssl-mode"];

/// Returns the host of a database server that is neither on this machine nor in the same compose file.
fn host_elsewhere(url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok().filter(|url| url.scheme() != "sqlite")?;
    // It takes the place of the one before the path; the folder of a socket begins with a slash.
    let host = parameter(url, &["host", "hostaddr"]).or_else(|| parsed.host_str().map(str::to_owned));
    // Without any, the drivers look there.
    let host = host.or_else(|| ["PGHOSTADDR", "PGHOST"].iter().find_map(|name| std::env::var(name).ok()))?;
    let is_folder = host.starts_with('/') || host.to_ascii_lowercase().starts_with("%2f");
    let is_near = host.is_empty() || is_folder || is_local_host(&host);
    (!is_near).then_some(host)
}

/// Returns what the query of a URL says last under one of these names.
fn parameter(url: &str, names: &[&str]) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let named = url.query_pairs().filter(|(name, _)| names.contains(&name.as_ref()));
    named.map(|(_, value)| value.into_owned()).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_existing_deployments_are_understood() {
        for (given, used) in [
            ("psql://u:p@localhost:5432/t", "postgres://u:p@localhost:5432/t"),
            (
                "psql://postgres:mozilla1234@127.0.0.1:5432/treeherder",
                "postgres://postgres:mozilla1234@127.0.0.1:5432/treeherder",
            ),
            ("postgres://u@[::1]:5432/t", "postgres://u@[::1]:5432/t"),
            // A server elsewhere is spoken to in secret, or not at all.
            ("psql://u:p@h:5432/t", "postgres://u:p@h:5432/t?sslmode=require"),
            ("postgresql://h/t?application_name=x", "postgres://h/t?application_name=x&sslmode=require"),
            ("postgresql://h/t?sslmode=disable", "postgres://h/t?sslmode=disable"),
            ("postgres://h/t?ssl-mode=prefer", "postgres://h/t?ssl-mode=prefer"),
            // What the query says of the host counts.
            ("postgres://localhost/t?host=h", "postgres://localhost/t?host=h&sslmode=require"),
            ("postgres://h/t?host=/run/postgresql", "postgres://h/t?host=/run/postgresql"),
            ("postgres://h/t?host=%2Frun", "postgres://h/t?host=%2Frun"),
            ("postgres://u@%2Frun%2Fpostgresql/t", "postgres://u@%2Frun%2Fpostgresql/t"),
            ("sqlite://x.sqlite", "sqlite://x.sqlite?mode=rwc"),
            ("sqlite://x.sqlite?mode=ro", "sqlite://x.sqlite?mode=ro"),
        ] {
            assert_eq!(usual_form(given).unwrap(), used);
        }
        let error = usual_form("mysql://root:hunter2@h/t").unwrap_err().to_string();
        assert!(error.contains("DATABASE_URL") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn the_broker_is_that_of_the_settings() {
        let storage = |url: Option<&str>| StorageArgs {
            data_dir: "x".into(),
            database_url: None,
            broker_url: url.map(str::to_owned),
        };
        assert!(broker(&storage(None)).unwrap().is_none());
        assert!(broker(&storage(Some(""))).unwrap().is_none());
        let queue = broker(&storage(Some("amqp://guest:hunter2@localhost:5672//"))).unwrap().unwrap();
        assert!(!format!("{queue:?}").contains("hunter2"));
        let error = broker(&storage(Some("redis://u:hunter2@h"))).unwrap_err().to_string();
        assert!(
            error.contains("BROKER_URL") && error.contains("redis") && !error.contains("hunter2"),
            "{error}"
        );
    }
}

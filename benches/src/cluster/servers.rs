//! RabbitMQ and PostgreSQL for one run.

#[path = "../../../treeherder-ingest/tests/support/mod.rs"]
mod support;

use support::postgres::Postgres;
use support::rabbitmq::{RabbitMq, SECOND_VHOST};

/// Servers of our own on free ports of 127.0.0.1, gone when dropped.
#[derive(Debug)]
pub struct Servers {
    broker: RabbitMq,
    database: Postgres,
}

impl Servers {
    /// A virtual host of the broker beside `/`.
    pub const SECOND_VHOST: &'static str = SECOND_VHOST;

    /// Starts both, which may block for some seconds; `None` after saying why there are none. A `durable` database
    /// writes as in earnest, otherwise it may forget what was written when the machine stops.
    ///
    /// # Panics
    /// When they are not installed although `TREEHERDER_REQUIRE_SERVICES` is set, or when they do not start.
    #[must_use]
    pub fn start(durable: bool) -> Option<Self> {
        let broker = RabbitMq::start_own()?;
        let database = Postgres::start_own(durable)?;
        Some(Self { broker, database })
    }

    /// Returns the URL of a virtual host of the broker.
    #[must_use]
    pub fn broker_url(&self, vhost: &str) -> String {
        self.broker.url(vhost)
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn create_database(&self) -> String {
        self.database.create_database().await
    }

    /// Kills the broker and starts it again on its data, which blocks for some seconds.
    ///
    /// # Panics
    /// When it does not start again.
    pub fn restart_broker(&self) {
        self.broker.restart();
    }

    /// Ends the database as a crash does and starts it again on its data, which blocks until it has recovered.
    ///
    /// # Panics
    /// When it does not start again.
    pub fn restart_database(&self) {
        self.database.restart();
    }

    /// Lists the queues of a virtual host with all their messages, those in somebody's hands included; blocks.
    ///
    /// # Panics
    /// When the broker does not answer.
    #[must_use]
    pub fn messages(&self, vhost: &str) -> Vec<(String, u64)> {
        self.broker.messages(vhost)
    }

    /// Finds a free port for a server that is to be restarted.
    #[must_use]
    pub fn free_port() -> u16 {
        support::ports::free_port()
    }

    /// Returns the broker's first process.
    #[must_use]
    pub fn broker_process(&self) -> u32 {
        self.broker.process()
    }

    /// Returns the database's first process.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn database_process(&self) -> u32 {
        self.database.process()
    }
}

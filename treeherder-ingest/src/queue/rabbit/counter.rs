//! Counting the ready messages of the broker's queues, of which many do not exist.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Channel, Connection};

use super::feed::close;
use super::session::{Session, refused};
use super::topology::Place;
use crate::pulse::{connect, end};
use crate::queue::QueueError;

/// How long a queue that did not exist is taken not to, unless this process declares it.
const ABSENCE: Duration = Duration::from_secs(60);

/// What a session knows about a queue of the broker.
#[derive(Clone, Copy, Debug)]
pub(super) enum Presence {
    /// Declared by this process, with our arguments.
    Declared,
    /// Declared by somebody.
    Seen,
    /// Did not exist at that time.
    Absent(Instant),
}

/// Counts the ready messages of several queues of the broker.
///
/// The question about a queue that does not exist ends the channel over which it was asked, a line in the broker's log tells so, and the
/// client never uses that channel's number again on the same connection. So such questions have a connection of their own, for
/// the time of the counting, and are not repeated for a while.
pub(super) struct Counter<'s> {
    session: &'s Session,
    channel: Option<Channel>,
    probe: Option<(Connection, Option<Channel>)>,
}

impl<'s> Counter<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Self { session, channel: None, probe: None }
    }

    /// Returns the number of ready messages; nothing when there is no such queue.
    pub(super) async fn count(&mut self, place: &Place) -> Result<Option<u64>, QueueError> {
        match self.session.presence(place) {
            Some(Presence::Absent(since)) if since.elapsed() < ABSENCE => Ok(None),
            _ => self.count_now(place).await,
        }
    }

    /// As [`count`](Self::count), also of a queue that did not exist a moment ago.
    pub(super) async fn count_now(&mut self, place: &Place) -> Result<Option<u64>, QueueError> {
        let name = place.name(&self.session.options.prefix);
        let presence = self.session.presence(place);
        let is_present = matches!(presence, Some(Presence::Declared | Presence::Seen));
        let counted = if is_present { self.ask(&name).await } else { self.probe(&name).await };
        match counted {
            Ok(count) => {
                if !is_present {
                    self.session.note(place, Presence::Seen);
                }
                Ok(Some(count))
            }
            Err(error) if is_not_found(&error) => {
                self.session.note(place, Presence::Absent(Instant::now()));
                Ok(None)
            }
            Err(error) => Err(refused("count messages")(error)),
        }
    }

    /// Ends what was opened for the counting.
    pub(super) async fn end(self) {
        if let Some((connection, _)) = self.probe {
            end(&connection).await;
        }
        if let Some(channel) = self.channel {
            close(channel, "done").await;
        }
    }

    async fn ask(&mut self, name: &str) -> lapin::Result<u64> {
        let channel = match self.channel.take() {
            Some(channel) => channel,
            None => self.session.connection.create_channel().await?,
        };
        let count = ready(&channel, name).await?;
        self.channel = Some(channel);
        Ok(count)
    }

    async fn probe(&mut self, name: &str) -> lapin::Result<u64> {
        let (connection, channel) = match self.probe.take() {
            Some(probe) => probe,
            None => {
                let options = Arc::clone(&self.session.options);
                let name = format!("{} counts", options.name);
                (connect(&options.url, &options.url.vhost(), &name).await?, None)
            }
        };
        let channel = match channel {
            Some(channel) => channel,
            None => connection.create_channel().await?,
        };
        let count = ready(&channel, name).await;
        self.probe = Some((connection, count.is_ok().then_some(channel)));
        count
    }
}

async fn ready(channel: &Channel, name: &str) -> lapin::Result<u64> {
    let options = QueueDeclareOptions::durable().passive();
    let queue = channel.queue_declare(name.into(), options, FieldTable::default()).await?;
    Ok(u64::from(queue.message_count()))
}

fn is_not_found(error: &lapin::Error) -> bool {
    match error.kind() {
        lapin::ErrorKind::ProtocolError(error) => error.get_id() == 404,
        _ => false,
    }
}

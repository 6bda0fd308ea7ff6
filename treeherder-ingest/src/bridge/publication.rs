//! What is published and how it gets to the exchange (`spec/bridge-l10n-platform.md` §1.8).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::Notify;

/// Last part of the exchange's name.
pub const JOBS: &str = "v1/jobs";

/// Longest destination or project in a routing key, in characters.
const WORD_LENGTH: usize = 25;

/// The word that is kept free for later use.
const RESERVED: &str = "_";

/// A message for the exchange.
///
/// Whoever publishes it marks it persistent, `application/json`, `utf-8`, and waits until the broker has confirmed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Its routing keys.
    pub key: RoutingKey,
    /// A job message, JSON.
    pub body: Vec<u8>,
}

/// The routing key of a job message, and the one that goes along with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingKey {
    /// `<destination>.<project>._`.
    pub primary: String,
    /// `<destination>.<project>`, which goes into the header `CC`: the founding document has consumers bind with
    /// `*.<project>`, which no key of three words matches. A queue gets one copy whichever of its bindings match.
    pub cc: String,
}

/// A word cannot be part of a routing key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{part} {word:?} in the routing key {problem}")]
pub struct InvalidRoutingKey {
    /// `destination` or `project`.
    pub part: &'static str,
    /// The word.
    pub word: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl RoutingKey {
    /// Builds the keys.
    ///
    /// # Errors
    /// When a word is empty, has more than 25 characters or a dot.
    pub fn new(destination: &str, project: &str) -> Result<Self, InvalidRoutingKey> {
        for (part, word) in [("destination", destination), ("project", project)] {
            let problem = if word.is_empty() {
                "is empty"
            } else if word.chars().count() > WORD_LENGTH {
                "has more than 25 characters"
            } else if word.contains('.') {
                "has a dot"
            } else {
                continue;
            };
            return Err(InvalidRoutingKey { part, word: word.to_owned(), problem });
        }
        let cc = format!("{destination}.{project}");
        Ok(Self { primary: format!("{cc}.{RESERVED}"), cc })
    }
}

/// The broker did not take a message; it may later.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {reason}")]
pub struct PublishError {
    /// Which broker and exchange.
    pub place: String,
    /// What happened.
    pub reason: String,
}

/// Publishes job messages.
#[async_trait]
pub trait JobPublisher: Send + Sync {
    /// Publishes a message and returns after the broker has taken it over.
    ///
    /// # Errors
    /// When the broker does not, within some 12 seconds.
    async fn publish(&self, publication: Publication) -> Result<(), PublishError>;
}

/// Keeps what is published, the last of it; for tests and for a look at what would be published.
#[derive(Debug)]
pub struct MemoryPublisher {
    capacity: usize,
    kept: Mutex<VecDeque<Publication>>,
    published: Notify,
}

impl MemoryPublisher {
    /// Keeps the last `capacity` messages.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, kept: Mutex::default(), published: Notify::new() }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Publication>> {
        // A queue of whole messages is valid whatever happened to the thread that changed it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what is kept, oldest first, and forgets it.
    #[must_use]
    pub fn take(&self) -> Vec<Publication> {
        self.kept().drain(..).collect()
    }

    /// Waits until something was published since the last wait.
    pub async fn published(&self) {
        self.published.notified().await;
    }
}

#[async_trait]
impl JobPublisher for MemoryPublisher {
    async fn publish(&self, publication: Publication) -> Result<(), PublishError> {
        let mut kept = self.kept();
        kept.push_back(publication);
        while kept.len() > self.capacity {
            kept.pop_front();
        }
        drop(kept);
        self.published.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_keys_are_built_of_short_words() {
        let long = "p".repeat(25);
        for (destination, project, expected) in [
            ("tc-treeherder", "mozilla-inbound", "tc-treeherder.mozilla-inbound._"),
            ("treeherder-staging", "mozilla-inbound", "treeherder-staging.mozilla-inbound._"),
            ("tc-treeherder", long.as_str(), "tc-treeherder.ppppppppppppppppppppppppp._"),
        ] {
            let key = RoutingKey::new(destination, project).unwrap();
            assert_eq!(key.primary, expected);
            assert_eq!(key.cc, format!("{destination}.{project}"));
        }
        let longer = "p".repeat(26);
        for (destination, project, expected) in [
            ("d", longer.as_str(), "has more than 25 characters"),
            (longer.as_str(), "p", "has more than 25 characters"),
            ("d", "", "is empty"),
            ("", "p", "is empty"),
            ("d", "a.b", "has a dot"),
        ] {
            let error = RoutingKey::new(destination, project).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[tokio::test]
    async fn the_last_messages_are_kept() {
        let publisher = MemoryPublisher::new(2);
        for project in ["a", "b", "c"] {
            let key = RoutingKey::new("d", project).unwrap();
            publisher.publish(Publication { key, body: Vec::new() }).await.unwrap();
        }
        let keys: Vec<String> = publisher.take().into_iter().map(|message| message.key.cc).collect();
        assert_eq!(keys, ["d.b", "d.c"]);
        assert!(publisher.take().is_empty());
    }
}

//! Removing bindings that an earlier configuration left behind (§1.7).

use std::collections::HashSet;

use lapin::Connection;
use lapin::types::FieldTable;
use serde::Deserialize;
use url::Url;

use crate::http::Client;
use crate::pulse::Binding;

/// Pulse Guardian, which knows the bindings of a queue: AMQP itself cannot tell them.
#[derive(Clone, Debug)]
pub struct PulseGuardian {
    client: Client,
    base_url: String,
}

#[derive(Deserialize)]
struct Answer {
    bindings: Vec<Present>,
}

#[derive(Deserialize)]
struct Present {
    #[serde(default)]
    source: String,
    #[serde(default)]
    routing_key: String,
}

impl PulseGuardian {
    /// Address of Mozilla's.
    pub const DEFAULT_URL: &'static str = "https://pulseguardian.mozilla.org/";

    /// Asks the one at `base_url` through `client`, which has to allow its host.
    #[must_use]
    pub fn new(client: Client, base_url: impl Into<String>) -> Self {
        Self { client, base_url: base_url.into() }
    }

    /// Returns `<base>/queue/<queue>/bindings`; the slashes in the queue's name stay slashes.
    fn address(&self, queue: &str) -> Result<String, String> {
        let mut url = Url::parse(&self.base_url).map_err(|error| format!("{}: {error}", self.base_url))?;
        url.path_segments_mut()
            .map_err(|()| format!("{}: not a base URL", self.base_url))?
            .pop_if_empty()
            .push("queue")
            .extend(queue.split('/'))
            .push("bindings");
        Ok(url.into())
    }

    /// Unbinds what is bound to the queue and not among `wanted`.
    ///
    /// Failures are logged and change nothing: a stale binding brings too many messages, never too few.
    pub(super) async fn prune(&self, connection: &Connection, queue: &str, wanted: &[Binding]) {
        match self.try_prune(connection, queue, wanted).await {
            Ok(()) => {}
            Err(error) => {
                tracing::error!(queue, error, "stale bindings cannot be removed");
            }
        }
    }

    async fn try_prune(
        &self,
        connection: &Connection,
        queue: &str,
        wanted: &[Binding],
    ) -> Result<(), String> {
        let answer: Answer =
            self.client.get_json(&self.address(queue)?).await.map_err(|error| error.to_string())?;
        let wanted: HashSet<String> = wanted
            .iter()
            .flat_map(|binding| binding.routing_keys.iter().map(|key| format!("{} {key}", binding.exchange)))
            .collect();
        // A channel of its own: a refusal ends the channel it comes over.
        let channel = connection.create_channel().await.map_err(|error| error.to_string())?;
        for Present { source, routing_key } in answer.bindings {
            if source.is_empty() || wanted.contains(&format!("{source} {routing_key}")) {
                continue;
            }
            channel
                .queue_unbind(
                    queue.into(),
                    source.as_str().into(),
                    routing_key.as_str().into(),
                    FieldTable::default(),
                )
                .await
                .map_err(|error| format!("binding \"{source} {routing_key}\": {error}"))?;
            tracing::info!(queue, exchange = source, routing_key, "removed a stale binding");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ClientOptions;

    #[test]
    fn the_queue_name_is_part_of_the_path() {
        let client = Client::new(ClientOptions::for_local_servers()).unwrap();
        for base in ["https://pulseguardian.mozilla.org", "https://pulseguardian.mozilla.org/"] {
            let guardian = PulseGuardian::new(client.clone(), base);
            assert_eq!(
                guardian.address("queue/tree herder/tasks").unwrap(),
                "https://pulseguardian.mozilla.org/queue/queue/tree%20herder/tasks/bindings"
            );
        }
        assert_eq!(
            PulseGuardian::new(client, "guardian").address("q").unwrap_err(),
            "guardian: relative URL without a base"
        );
    }
}

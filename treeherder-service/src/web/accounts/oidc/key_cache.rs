//! The public keys of the provider, fetched when they are needed.

use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use tokio::sync::Mutex;
use tokio::time::Instant;
use treeherder_ingest::http::{Client, HttpError};

/// How long keys are used before they are asked for again.
const FRESH: Duration = Duration::from_secs(3600);
/// Least time between two requests: tokens with made-up key names must not make us ask again and again.
const PAUSE: Duration = Duration::from_secs(30);
/// Longest time of a request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer.
const MAX_BYTES: u64 = 1 << 20;

/// Keys by their names; the last known ones serve on while the provider cannot be reached.
#[derive(Debug)]
pub(super) struct KeyCache {
    client: Client,
    url: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: Option<JwkSet>,
    fetched: Option<Instant>,
    asked: Option<Instant>,
}

impl KeyCache {
    /// Makes an empty cache of the keys at `url`.
    pub(super) fn new(client: Client, url: String) -> Self {
        Self { client, url, state: Mutex::default() }
    }

    /// Returns the key of this name; a new one may have been published since the keys were fetched.
    ///
    /// # Errors
    /// When there are no keys at all because the provider cannot be reached.
    pub(super) async fn find(&self, name: &str) -> Result<Option<Jwk>, HttpError> {
        let mut state = self.state.lock().await;
        let known = |state: &State| state.keys.as_ref().and_then(|keys| keys.find(name)).cloned();
        let is_within = |moment: Option<Instant>, time| moment.is_some_and(|moment| moment.elapsed() < time);
        let key = known(&state);
        if key.is_some() && is_within(state.fetched, FRESH) {
            return Ok(key);
        }
        if state.keys.is_some() && is_within(state.asked, PAUSE) {
            return Ok(key);
        }
        state.asked = Some(Instant::now());
        let request = self.client.request(treeherder_ingest::http::Method::GET, &self.url);
        match request.total_timeout(TIMEOUT).max_body(MAX_BYTES).json::<JwkSet>().await {
            Ok(keys) => {
                state.keys = Some(keys);
                state.fetched = state.asked;
                Ok(known(&state))
            }
            Err(error) if state.keys.is_some() => {
                tracing::warn!(%error, "cannot fetch the keys of the identity provider, those known are used on");
                Ok(key)
            }
            Err(error) => Err(error),
        }
    }
}

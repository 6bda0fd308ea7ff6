//! A reader of event streams, and a site that has ingested a history.

use serde_json::Value;
use treeherder_ingest::store::Store;

use crate::support::{Place, Running, small_scenario, write_messages};

/// A running service.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) place: Place,
    _stand_in: treeherder_testdata::standin::StandIn,
    _running: Running,
}

impl Site {
    /// Ingests a small history and starts to serve it.
    pub(crate) async fn with_history() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (stand_in, messages) = small_scenario().await;
        let place = Place::new();
        place.load_repositories(&stand_in);
        let file = place.file("m.jsonl");
        write_messages(&file, &messages);
        place.replay_to_the_end(file.to_str().unwrap());
        let (running, url) = Running::serve(&place, &[]);
        Self { url, place, _stand_in: stand_in, _running: running }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// Opens the database as another process does.
    pub(crate) async fn store(&self) -> Store {
        let url = format!("sqlite://{}?mode=rwc", self.place.file("treeherder.sqlite").display());
        Store::connect(&url, 1).await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> (u16, Value) {
        let response = self.get(path, &[]).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Opens an event stream.
    pub(crate) async fn stream(&self, path: &str, headers: &[(&str, &str)]) -> Stream {
        let response = self.get(path, headers).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream::of(response)
    }
}

/// An open event stream.
pub(crate) struct Stream {
    response: reqwest::Response,
    text: String,
}

/// An event of a stream.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: Option<i64>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Stream {
    /// Reads what comes as the body of an answer.
    pub(crate) fn of(response: reqwest::Response) -> Self {
        Self { response, text: String::new() }
    }

    /// Waits for the next block, an event or not; nothing at the end.
    pub(crate) async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let piece = self.response.chunk().await.unwrap()?;
            self.text += std::str::from_utf8(&piece).unwrap();
        }
    }

    /// Waits for the next event.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
            };
            if let (Some(name), Some(data)) = (field("event"), field("data")) {
                let id = field("id").map(|id| id.parse().unwrap());
                return Some(Event { id, name, data: serde_json::from_str(&data).unwrap() });
            }
        }
    }
}

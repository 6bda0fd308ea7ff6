//! A program that serves a database of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use treeherder_ingest::store::Store;

use crate::database::{Backend, TestStore};
use crate::seeded::Seeded;

/// A running program with what its database holds.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) seeded: Seeded,
    client: reqwest::Client,
    _served: Served,
    test: TestStore,
}

/// A running program; killed when dropped.
pub(crate) struct Served {
    pub(crate) url: String,
    child: Child,
    _folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// Returns a header, empty when it is missing; several of one name are joined.
    pub(crate) fn header(&self, name: &str) -> String {
        let values: Vec<_> = self.headers.get_all(name).iter().map(|it| it.to_str().unwrap()).collect();
        values.join(", ")
    }

    /// Returns the body, which must be JSON and say so.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Site {
    /// Fills a database and serves it; nothing when there is no such database here.
    pub(crate) async fn start(backend: Backend) -> Option<Self> {
        Self::start_with(backend, &[]).await
    }

    /// As [`Site::start`], with further arguments for the program.
    pub(crate) async fn start_with(backend: Backend, args: &[&str]) -> Option<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let test = TestStore::seeded(backend).await?;
        let seeded = Seeded::store(&test.store).await;
        let served = Self::serve(&test.url, args);
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.user_agent("treeherder-tests").build().unwrap();
        Some(Self { url: served.url.clone(), seeded, client, _served: served, test })
    }

    /// Serves a database that is there.
    pub(crate) fn serve(database: &str, args: &[&str]) -> Served {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_treeherder"));
        command.env_clear().args(["serve", "--skip-ingestion", "--listen", "127.0.0.1:0"]).args(args);
        command.env("TREEHERDER_DATA_DIR", folder.path()).env("DATABASE_URL", database);
        command.env("LOGGING_LEVEL", "info").env("TREEHERDER_LOGGING_FORMAT", "json");
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let url = loop {
            let Some(line) = lines.next() else { panic!("the program did not start: {said:#?}") };
            let line = line.unwrap();
            let value: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(url) = value["url"].as_str() {
                break url.trim_end_matches('/').to_owned();
            }
            said.push(line);
        };
        // What it says later is part of the test's output: an error there explains an answer of 500.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| println!("{line}")));
        Served { url, child, _folder: folder }
    }

    /// The database that is served.
    pub(crate) fn store(&self) -> &Store {
        &self.test.store
    }

    /// Where the database is.
    pub(crate) fn database(&self) -> &str {
        &self.test.url
    }

    /// Asks for a path.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(reqwest::Method::GET, path, &[], "").await
    }

    /// Asks for a path that must be answered with 200 and returns the body.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Sends any request.
    pub(crate) async fn ask(
        &self,
        method: reqwest::Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.body(body.to_owned());
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap_or_default() }
    }

    /// Asks for each path and compares status and body.
    pub(crate) async fn check(&self, expected: &[(&str, u16, Value)]) {
        for (path, status, body) in expected {
            let answer = self.get(path).await;
            assert_eq!((answer.status, &answer.json()), (*status, body), "{path}");
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

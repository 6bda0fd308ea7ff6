//! How long requests may take, and what may take as long as it likes.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::reader::Stream;
use crate::socket_io::{Polling, Session, event_of};
use crate::submit::job;
use crate::support::{Place, Running};
use crate::wire::Wire;

const REVISION: &str = "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3";

/// A site that works on a request for a second, and a program with a token.
struct Hurried {
    url: String,
    token: String,
    client: reqwest::Client,
    _running: Running,
    _place: Place,
}

impl Hurried {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let place = Place::new();
        let (running, url) = Running::serve(&place, &["--request-seconds", "1"]);
        let made = place.json(&["tokens", "create", "--user", "ci@example.org", "--format", "json"]);
        let token = made["token"].as_str().unwrap().to_owned();
        let client = reqwest::Client::builder().no_proxy().user_agent("tests").build().unwrap();
        Self { url, token, client, _running: running, _place: place }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token).json(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Begins a request with a body of this many bytes, of which none are sent.
    async fn begin(&self, method: &str, path: &str, length: usize) -> Wire {
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: tests\r\nConnection: close\r\n\
            Accept-Encoding: gzip\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
            self.token
        );
        Wire::open(&self.url, &head).await
    }

    /// Waits until a request that begins now is given up: whatever began before it has then had more time than requests have.
    async fn give_up(&self) {
        let mut never_sent = self.begin("POST", "api/project/autoland/pushes/", 10).await;
        let head = never_sent.until("\r\n\r\n").await.unwrap();
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        assert!(head.contains("content-type: application/json\r\n"), "{head}");
        let body = never_sent.until("}").await.unwrap();
        assert_eq!(body, r#"{"detail":"The request took too long."}"#);
    }
}

/// A gzipped log that is as long as it was: more than fits between two programs of which one does not read.
fn long_log() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    for number in 0..200_000 {
        writeln!(encoder, "{number:>99}").unwrap();
    }
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_and_uploads_may_take_longer_than_requests() {
    let site = Hurried::start().await;
    let push = json!({"revision": REVISION, "author": "ana@example.com"});
    site.post("api/project/autoland/pushes/", &push).await;
    let jobs = json!([job("gh-1/0"), job("gh-2/0")]);
    let taken = site.post("api/project/autoland/jobs/", &jobs).await;
    let log_of = |number: usize| taken[number]["log"].as_str().unwrap().trim_start_matches('/').to_owned();
    let long = long_log();
    let kept = site.client.put(format!("{}{}", site.url, log_of(1))).bearer_auth(&site.token);
    assert_eq!(kept.body(long.clone()).send().await.unwrap().status(), 200);

    let mut events = site.client.get(format!("{}events?subscribe=*.resultset", site.url));
    events = events.header("last-event-id", "999999");
    let mut events = Stream::of(events.send().await.unwrap());
    assert_eq!(events.event().await.unwrap().name, "gap");
    let mut session = Session::subscribed(&site.url, "*.resultset").await;
    let polling = Polling::subscribed(&site.url, "*.resultset").await;
    let waits = tokio::spawn(async move { polling.packets().await });
    let text = "fine\nTEST-UNEXPECTED-FAIL | b.js | boom\nlast\n";
    let mut uploads = site.begin("PUT", &log_of(0), text.len()).await;
    uploads.send(&text.as_bytes()[..10]).await;
    let mut downloads = site.begin("GET", &log_of(1), 0).await;
    let head = downloads.until("\r\n\r\n").await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");

    site.give_up().await;

    uploads.send(&text.as_bytes()[10..]).await;
    let head = uploads.until("\r\n\r\n").await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(uploads.until("boom").await.unwrap().contains("\"total_lines\":3"));
    assert!(downloads.take(long.len()).await.as_ref() == Some(&long), "the whole log comes");
    let push = json!({"revision": REVISION.replace('9', "8"), "author": "ana@example.com"});
    site.post("api/project/autoland/pushes/", &push).await;
    assert_eq!(events.event().await.unwrap().name, "resultset");
    while session.event().await.unwrap()["event"] != "resultset" {}
    let answered = waits.await.unwrap().expect("the session goes on");
    assert_eq!(
        event_of(&answered[0]).unwrap()["event"],
        "resultset",
        "whoever asks for events is answered with them"
    );
}

//! A stop while people are connected: what is open ends, what is asked is answered.

use serde_json::json;
use treeherder_ingest::events::Event;
use treeherder_ingest::store::{EventPush, Store};

use crate::reader::Stream;
use crate::socket_io::{Polling, Session};
use crate::support::{Place, Running, ended};
use crate::wire::Wire;

const REVISION: &str = "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_only_answers_ends_in_order() {
    ends_in_order(&["web", "--listen", "127.0.0.1:0"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_with_all_roles_ends_in_order() {
    ends_in_order(&["serve", "--listen", "127.0.0.1:0"]).await;
}

async fn ends_in_order(process: &[&str]) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let place = Place::new();
    place.text(&["migrate"]);
    let made = place.json(&["tokens", "create", "--user", "ci@example.org", "--format", "json"]);
    let token = made["token"].as_str().unwrap();
    let (mut running, url) = Running::answering(&place, process, &[]);

    // Somebody reads events, somebody has a session of each kind, somebody does not read what there is.
    let client = reqwest::Client::builder().no_proxy().user_agent("tests").build().unwrap();
    let events = client.get(format!("{url}events?subscribe=*")).send().await.unwrap();
    let mut events = Stream::of(events);
    assert!(events.block().await.unwrap().contains(": connected"));
    let mut session = Session::subscribed(&url, "*").await;
    let polling = Polling::subscribed(&url, "*").await;
    let waits = tokio::spawn(async move { polling.packets().await });
    let database = format!("sqlite://{}?mode=rwc", place.file("treeherder.sqlite").display());
    let store = Store::connect(&database, 1).await.unwrap();
    let author = "x".repeat(50_000);
    let large = Event::push(&EventPush { id: 1, branch: "autoland".to_owned(), author });
    store.append_events(&vec![large; 300]).await.unwrap();
    let all = "GET /events?subscribe=*&lastEventId=0 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut reads_nothing = Wire::open(&url, all).await;
    assert!(reads_nothing.until("\r\n\r\n").await.is_some());
    // Somebody has not said yet what they want.
    let _says_nothing = Wire::open(&url, "").await;
    let _falls_silent = Wire::open(&url, "GET / HTTP/1.1\r\nHost").await;
    // And somebody is in the middle of a request.
    let push = json!({"revision": REVISION, "author": "ana@example.com"}).to_string();
    let (begin, end) = push.split_at(10);
    let head = format!(
        "POST /api/project/autoland/pushes/ HTTP/1.1\r\nHost: localhost\r\nUser-Agent: tests\r\n\
        Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
        Expect: 100-continue\r\n\r\n",
        push.len()
    );
    let mut asks = Wire::open(&url, &head).await;
    // Now the handler waits for the body.
    assert_eq!(asks.until("\r\n\r\n").await.unwrap(), "HTTP/1.1 100 Continue\r\n\r\n");
    asks.send(begin.as_bytes()).await;

    running.signal("TERM");
    while events.block().await.is_some() {}
    while session.packet().await.is_some() {}
    // Whatever it is told, it is not left waiting.
    waits.await.unwrap();
    asks.send(end.as_bytes()).await;
    let answer = asks.until("\r\n\r\n").await.expect("a request under way is answered");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(asks.until("}").await.unwrap().contains(REVISION));
    assert_eq!(ended(&mut running.0).code(), Some(0));
    drop(reads_nothing);
}

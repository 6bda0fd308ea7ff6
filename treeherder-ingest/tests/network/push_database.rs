//! From a message, or a pushlog, to rows of the database.

use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use treeherder_ingest::push::{PushOutcome, PushlogPoll, manual, poll_pushlog, process_push_message};
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::{commit, push};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::memory::upstream_at;

async fn seeded() -> Store {
    let store = Store::connect("sqlite::memory:", 1).await.unwrap();
    store.migrate().await.unwrap();
    store.seed().await.unwrap();
    store
}

async fn serve(server: &MockServer, at: &str, body: &Value) {
    let answer = ResponseTemplate::new(200).set_body_json(body);
    Mock::given(path(at)).respond_with(answer).mount(server).await;
}

#[tokio::test]
async fn a_github_push_of_a_release_branch_is_stored_with_its_branch() {
    let server = MockServer::start().await;
    let head = json!({
        "sha": "b".repeat(40),
        "commit": {
            "message": "Bug 1 - fix", "author": {"name": "Ann", "email": "ann@example.org"},
            "committer": {"date": "2026-01-02T03:04:05Z"}
        }
    });
    let range = format!("/repos/mozilla-mobile/firefox-ios/compare/{}...{}", "a".repeat(40), "b".repeat(40));
    serve(&server, &range, &json!({"commits": [head]})).await;
    let body = json!({
        "organization": "mozilla-mobile",
        "repository": "firefox-ios",
        "details": {
            "event.head.repo.url": "https://github.com/mozilla-mobile/firefox-ios.git",
            "event.base.repo.branch": "release/v150",
            "event.base.sha": "a".repeat(40),
            "event.head.sha": "b".repeat(40),
        }
    });
    let store = seeded().await;
    let upstream = upstream_at(&server.uri(), None);
    for _ in 0..2 {
        let outcome = process_push_message(&upstream, &store, manual::GITHUB_PUSH_EXCHANGE, &body).await;
        let repository = "firefox-ios".to_owned();
        assert_eq!(outcome.unwrap(), PushOutcome::Stored { repository, revisions: vec!["b".repeat(40)] });
    }
    let pushes = push::Entity::find().all(store.connection()).await.unwrap();
    assert_eq!(pushes.len(), 1, "a message that comes twice is one push");
    assert_eq!((pushes[0].repository_id, pushes[0].branch.as_deref()), (131, Some("release/v150")));
    assert_eq!(pushes[0].time.to_rfc3339(), "2026-01-02T03:04:05+00:00");
    assert!(store.push_exists("firefox-ios", &"b".repeat(40)).await.unwrap());
}

#[tokio::test]
async fn a_pushlog_is_stored_and_its_end_remembered() {
    let server = MockServer::start().await;
    let changeset = |node: &str| json!({"node": node.repeat(40), "author": "A <a@b>", "desc": "Bug 2"});
    let push = |nodes: &[&str]| {
        let changesets: Vec<_> = nodes.iter().map(|node| changeset(node)).collect();
        json!({"date": 1_700_000_000, "user": "ann@example.org", "changesets": changesets})
    };
    let pushlog = json!({"lastpushid": 12, "pushes": {"11": push(&["a", "b"]), "12": push(&["c"])}});
    serve(&server, "/integration/autoland/json-pushes/", &pushlog).await;
    let store = seeded().await;
    let autoland = store.repository_by_name("autoland").await.unwrap().unwrap();
    let poll = PushlogPoll::new(autoland.id, &autoland.name, &autoland.url);
    let newest = poll_pushlog(&upstream_at(&server.uri(), None), &store, &store, poll).await.unwrap();
    assert_eq!(newest, Some("c".repeat(40)));
    assert_eq!(store.last_push_id("autoland").await.unwrap(), Some(12));
    assert_eq!(commit::Entity::find().all(store.connection()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_does_not_fit_the_database_is_told() {
    let server = MockServer::start().await;
    let changeset = json!({"node": "a".repeat(40), "author": "x".repeat(151), "desc": "d"});
    let push = json!({"date": 1_700_000_000, "user": "ann@example.org", "changesets": [changeset]});
    serve(&server, "/try/json-pushes/", &json!({"lastpushid": 1, "pushes": {"1": push}})).await;
    let store = seeded().await;
    let poll = PushlogPoll::new(4, "try", "https://hg.mozilla.org/try");
    let error = poll_pushlog(&upstream_at(&server.uri(), None), &store, &store, poll).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("push 1: cannot store: commit.author: 151 characters"), "{text}");
    assert_eq!(store.last_push_id("try").await.unwrap(), None);
}

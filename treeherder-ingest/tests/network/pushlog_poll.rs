//! Polling of pushlogs.

use serde_json::{Value, json};
use treeherder_ingest::push::{PushError, PushlogPoll, manual, poll_pushlog};
use wiremock::matchers::{path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::memory::{Memory, conformance, upstream_at};

const URL: &str = "https://hg.mozilla.org/try";
const LOG: &str = "/try/json-pushes/";

fn push(nodes: &[&str]) -> Value {
    let changesets: Vec<_> =
        nodes.iter().map(|node| json!({"node": node, "author": "A <a@b>", "desc": "d"})).collect();
    json!({"date": 1_378_287_123, "user": "ann@example.org", "changesets": changesets})
}

/// Answers the plain pushlog with one body and the one after push id `start` with another.
async fn serve(server: &MockServer, plain: Option<Value>, after: Option<(&str, Value)>) {
    if let Some(body) = plain {
        Mock::given(path(LOG))
            .and(query_param("full", "1"))
            .and(query_param("version", "2"))
            .and(query_param_is_missing("startID"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(server)
            .await;
    }
    if let Some((start, body)) = after {
        Mock::given(path(LOG))
            .and(query_param("startID", start))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(server)
            .await;
    }
}

async fn poll(server: &MockServer, memory: &Memory) -> Result<Option<String>, PushError> {
    poll_pushlog(&upstream_at(&server.uri(), None), memory, memory, PushlogPoll::new(4, "try", URL)).await
}

fn heads(memory: &Memory) -> Vec<String> {
    memory.stored().into_iter().map(|push| push.revision).collect()
}

#[tokio::test]
async fn conformance_pushlog() {
    let Some(pushlog) = conformance("pushes/hg_pushlog.json") else { return };
    let server = MockServer::start().await;
    serve(&server, Some(pushlog.clone()), Some(("33277", pushlog))).await;
    let memory = Memory::default();
    let head = "2c25d2bbbcd6ddbd45962606911fd429e366b8e1".to_owned();
    // The second round finds the same pushes again, through the remembered id.
    for _ in 0..2 {
        assert_eq!(poll(&server, &memory).await.unwrap(), Some(head.clone()));
        let stored = memory.stored();
        assert_eq!(stored.len(), 10);
        assert_eq!(stored.iter().map(|push| push.revisions.len()).sum::<usize>(), 15);
        assert_eq!(memory.last_push_id("try"), Some(33277));
    }
}

#[tokio::test]
async fn an_empty_answer_stores_and_remembers_nothing() {
    let server = MockServer::start().await;
    serve(&server, Some(json!({"lastpushid": 5, "pushes": {}})), None).await;
    let memory = Memory::default();
    assert_eq!(poll(&server, &memory).await.unwrap(), None);
    assert_eq!((heads(&memory).len(), memory.last_push_id("try")), (0, None));
}

#[tokio::test]
async fn a_reset_repository_is_read_anew() {
    let server = MockServer::start().await;
    let plain = json!({"lastpushid": 2, "pushes": {"1": push(&["a"]), "2": push(&["b"])}});
    serve(&server, Some(plain), Some(("900", json!({"lastpushid": 2, "pushes": {}})))).await;
    let memory = Memory::default();
    memory.last_push_ids.lock().unwrap().insert("try".into(), 900);
    assert_eq!(poll(&server, &memory).await.unwrap().as_deref(), Some("b"));
    assert_eq!((heads(&memory), memory.last_push_id("try")), (vec!["a".into(), "b".into()], Some(2)));
}

#[tokio::test]
async fn one_bad_push_does_not_keep_the_others_out() {
    let server = MockServer::start().await;
    let incomplete = json!({"date": 1, "user": "u", "changesets": [{"node": "x"}]});
    let pushes = json!({"1": push(&["a"]), "2": incomplete, "3": push(&["full"]), "4": push(&["c", "d"])});
    serve(&server, Some(json!({"lastpushid": 4, "pushes": pushes})), None).await;
    let memory = Memory { broken: vec!["full".into()], ..Memory::default() };
    let error = poll(&server, &memory).await.unwrap_err();
    assert_eq!(heads(&memory), ["a", "d"]);
    assert_eq!(memory.last_push_id("try"), None, "the next poll must see the failed pushes again");
    let text = error.to_string();
    assert!(text.starts_with("2 pushes of project try failed (collection result_set); push 2:"), "{text}");
    assert!(text.contains("push 3: cannot store: the disk is full"), "{text}");
    assert!(!error.is_permanent());
}

#[tokio::test]
async fn obsolete_pushes_are_passed_over_even_as_the_newest() {
    let server = MockServer::start().await;
    let pushes = json!({"10": push(&[]), "9": push(&["i"]), "8": push(&["h"])});
    serve(&server, Some(json!({"lastpushid": 10, "pushes": pushes})), None).await;
    let memory = Memory::default();
    assert_eq!(poll(&server, &memory).await.unwrap().as_deref(), Some("i"));
    assert_eq!((heads(&memory), memory.last_push_id("try")), (vec!["i".into(), "h".into()], Some(10)));
}

#[tokio::test]
async fn one_changeset_is_read_without_touching_the_cache() {
    let server = MockServer::start().await;
    Mock::given(path(LOG))
        .and(query_param("changeset", "b"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"lastpushid": 9, "pushes": {"5": push(&["b"])}})),
        )
        .mount(&server)
        .await;
    let memory = Memory::default();
    memory.last_push_ids.lock().unwrap().insert("try".into(), 3);
    let poll = PushlogPoll { changeset: Some("b"), ..PushlogPoll::new(4, "try", URL) };
    let head = poll_pushlog(&upstream_at(&server.uri(), None), &memory, &memory, poll).await.unwrap();
    assert_eq!((head.as_deref(), memory.last_push_id("try")), (Some("b"), Some(3)));
}

#[tokio::test]
async fn the_last_pushes_are_counted_from_the_newest() {
    for (newest, count, start) in [(100, 10, 90), (5, 10, 1)] {
        let server = MockServer::start().await;
        let short = json!({"date": 1, "user": "u", "changesets": ["only", "node", "ids"]});
        let answer = json!({"lastpushid": newest, "pushes": {"1": short}});
        Mock::given(path(LOG))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
        let poll = PushlogPoll::new(4, "try", URL);
        let poll = manual::last_pushes(&upstream_at(&server.uri(), None), poll, count).await.unwrap();
        assert_eq!(poll.last_push_id, Some(start));
    }
}

#[tokio::test]
async fn a_server_in_trouble_is_an_error() {
    let page = |body: &str| ResponseTemplate::new(200).set_body_string(body);
    let answers = [ResponseTemplate::new(502), page("[]"), page("{}"), page("<html>"), page("")];
    for answer in answers {
        let server = MockServer::start().await;
        Mock::given(path(LOG)).respond_with(answer).mount(&server).await;
        let error = poll(&server, &Memory::default()).await.unwrap_err();
        assert!(matches!(error, PushError::HgPushFetch(_)) && !error.is_permanent(), "{error}");
    }
}

//! Push messages become pushes, with what the servers tell.

use serde_json::{Value, json};
use treeherder_ingest::push::{
    LoadedPush, PushError, PushMessage, PushOutcome, load_pushes, manual, process_push_message,
};
use wiremock::matchers::{header, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::memory::{Memory, conformance, repository, upstream_at};

const PUSH: &str = manual::GITHUB_PUSH_EXCHANGE;
const PULL_REQUEST: &str = manual::GITHUB_PULL_REQUEST_EXCHANGE;
const HG: &str = "exchange/hgpushes/v1";

async fn serve(server: &MockServer, at: &str, body: &Value) {
    let answer = ResponseTemplate::new(200).set_body_json(body);
    Mock::given(method("GET")).and(path(at)).respond_with(answer).mount(server).await;
}

fn commit(sha: &str, date: &str, parents: &[&str]) -> Value {
    json!({
        "sha": sha,
        "commit": {
            "message": format!("message of {sha}"),
            "author": {"name": "Ann", "email": "ann@example.org", "date": "2000-01-01T00:00:00Z"},
            "committer": {"name": "Bob", "email": "bob@example.org", "date": date},
        },
        "parents": parents.iter().map(|sha| json!({"sha": sha})).collect::<Vec<_>>(),
    })
}

fn push_message(base: &str, head: &str, branch: &str) -> Value {
    json!({
        "organization": "o",
        "repository": "r",
        "details": {
            "event.head.repo.url": "https://github.com/o/r.git",
            "event.base.repo.branch": branch,
            "event.base.sha": base,
            "event.head.sha": head,
        }
    })
}

async fn load(server: &MockServer, exchange: &str, body: &Value) -> Result<Vec<LoadedPush>, PushError> {
    load_pushes(&upstream_at(&server.uri(), None), &PushMessage::read(exchange, body)?).await
}

#[tokio::test]
async fn conformance_github_push() {
    let Some(messages) = conformance("pushes/github_push.json") else { return };
    let Some(answers) = conformance("pushes/github_push_compare.json") else { return };
    let Some(expected) = conformance("pushes/transformed_gh_push.json") else { return };
    let server = MockServer::start().await;
    for answer in answers.as_array().unwrap() {
        let at = answer["url"].as_str().unwrap().strip_prefix("https://api.github.com").unwrap();
        let template = ResponseTemplate::new(200).set_body_json(answer);
        let first_page = query_param("page", "1");
        Mock::given(method("GET")).and(path(at)).and(first_page).respond_with(template).mount(&server).await;
    }
    let mut loaded = Vec::new();
    for message in messages.as_array().unwrap() {
        let exchange = message["exchange"].as_str().unwrap();
        loaded.extend(load(&server, exchange, &message["payload"]).await.unwrap());
    }
    assert_eq!(loaded.len(), 2);
    assert_eq!(loaded[0], serde_json::from_value(expected).unwrap());
    assert_eq!(loaded[1].revision, "ad9bfc2a62b70b9f3dbb1c3a5969f30bacce3d74");
}

#[tokio::test]
async fn conformance_github_pull_request() {
    let Some(message) = conformance("pushes/github_pr.json") else { return };
    let Some(commits) = conformance("pushes/github_pr_commits.json") else { return };
    let Some(expected) = conformance("pushes/transformed_gh_pr.json") else { return };
    let server = MockServer::start().await;
    serve(&server, "/repos/mozilla/test_treeherder/pulls/1692/commits", &commits).await;
    let loaded = load(&server, PULL_REQUEST, &message).await.unwrap();
    assert_eq!(loaded, [serde_json::from_value(expected).unwrap()]);
}

#[tokio::test]
async fn conformance_hg_push() {
    let Some(message) = conformance("pushes/hg_push.json") else { return };
    let Some(pushlog) = conformance("pushes/hg_push_commits.json") else { return };
    let Some(expected) = conformance("pushes/transformed_hg_push.json") else { return };
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(&pushlog);
    Mock::given(path("/try/json-pushes"))
        .and(query_param("full", "1"))
        .and(query_param("startID", "136597"))
        .and(query_param("endID", "136598"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let exchange = message["payload"]["_meta"]["exchange"].as_str().unwrap();
    let loaded = load(&server, exchange, &message).await.unwrap();
    assert_eq!(loaded, [serde_json::from_value(expected).unwrap()]);
}

#[tokio::test]
async fn pages_are_followed_with_the_token() {
    let server = MockServer::start().await;
    let at = "/repos/o/r/compare/base...feature%2Fx%20y";
    let next = format!("<{}{at}?page=2>; rel=\"next\"", server.uri());
    let first = json!({"commits": [commit("c1", "2020-01-01T00:00:00Z", &[])]});
    let second = json!({"commits": [commit("c2", "2020-01-01T00:00:01Z", &[])]});
    let pages = [
        ("1", ResponseTemplate::new(200).set_body_json(first).insert_header("link", next.as_str())),
        ("2", ResponseTemplate::new(200).set_body_json(second)),
    ];
    for (page, answer) in pages {
        Mock::given(path(at))
            .and(query_param("page", page))
            .and(header("authorization", "Bearer hunter2"))
            .respond_with(answer)
            .expect(1)
            .mount(&server)
            .await;
    }
    let message = PushMessage::read(PUSH, &push_message("base", "feature/x y", "main")).unwrap();
    let loaded = load_pushes(&upstream_at(&server.uri(), Some("hunter2")), &message).await.unwrap();
    let revisions: Vec<_> = loaded[0].revisions.iter().map(|commit| commit.revision.as_str()).collect();
    assert_eq!(revisions, ["c1", "c2"]);
    assert_eq!(loaded[0].revision, "c2");
    assert_eq!(loaded[0].author, "ann@example.org");
    assert!((loaded[0].push_timestamp - 1_577_836_801.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn the_token_is_not_taken_to_other_servers() {
    let server = MockServer::start().await;
    let thief = MockServer::start().await;
    let next = format!("<{}/x>; rel=\"next\"", thief.uri());
    let answer = ResponseTemplate::new(200).set_body_json(json!([])).insert_header("link", next.as_str());
    Mock::given(path("/repos/o/r/pulls/7/commits")).respond_with(answer).mount(&server).await;
    let body = manual::pull_request_message("https://github.com/o/r/pull/7").unwrap();
    let message = PushMessage::read(PULL_REQUEST, &body).unwrap();
    let error = load_pushes(&upstream_at(&server.uri(), Some("hunter2")), &message).await.unwrap_err();
    assert!(error.is_permanent() && !error.to_string().contains("hunter2"), "{error}");
    assert_eq!(thief.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_new_branch_is_loaded_from_the_message_alone() {
    let server = MockServer::start().await;
    let mut body = push_message(&"0".repeat(40), "c2", "main");
    body["body"] = json!({"commits": [
        {"id": "c1", "message": "one", "timestamp": "2020-02-12T16:29:11+01:00",
         "author": {"name": "Ann", "email": "ann@example.org", "username": "ann"}},
        {"id": "c2", "message": "two", "timestamp": "2020-02-12T16:29:12+01:00",
         "author": {"name": "Cy", "email": "cy@example.org"}},
    ]});
    let loaded = load(&server, PUSH, &body).await.unwrap();
    let expected = json!({
        "revision": "c2", "push_timestamp": 1_581_521_352.0, "author": "cy@example.org",
        "revisions": [
            {"revision": "c1", "author": "Ann <ann@example.org>", "comment": "one"},
            {"revision": "c2", "author": "Cy <cy@example.org>", "comment": "two"},
        ]
    });
    assert_eq!(serde_json::to_value(&loaded[0]).unwrap(), expected);
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn pushes_are_stored_with_the_branch_of_a_wildcard() {
    let server = MockServer::start().await;
    serve(
        &server,
        "/repos/o/r/compare/a...b",
        &json!({"commits": [commit("b", "2020-01-01T00:00:00Z", &[])]}),
    )
    .await;
    let upstream = upstream_at(&server.uri(), None);
    let url = "https://github.com/o/r";
    let cases: [(&[&str], Option<&str>); 2] = [(&["main"], None), (&["m*"], Some("main"))];
    for (rules, branch) in cases {
        let memory = Memory { repositories: vec![repository("r", url, rules)], ..Memory::default() };
        let outcome = process_push_message(&upstream, &memory, PUSH, &push_message("a", "b", "main")).await;
        let expected = PushOutcome::Stored { repository: "r".into(), revisions: vec!["b".into()] };
        assert_eq!(outcome.unwrap(), expected);
        assert_eq!(memory.stored()[0].branch.as_deref(), branch);
    }
}

#[tokio::test]
async fn pushes_of_unknown_or_ambiguous_repositories_are_dropped_unasked() {
    let server = MockServer::start().await;
    let upstream = upstream_at(&server.uri(), None);
    let url = "https://github.com/o/r";
    let repositories = vec![repository("a", url, &["main"]), repository("b", url, &["main"])];
    let memory = Memory { repositories, ..Memory::default() };
    let outcome = process_push_message(&upstream, &memory, PUSH, &push_message("a", "b", "other")).await;
    assert_eq!(outcome.unwrap(), PushOutcome::UnknownRepository { url: url.into() });
    let outcome = process_push_message(&upstream, &memory, PUSH, &push_message("a", "b", "main")).await;
    let candidates = vec!["a".into(), "b".into()];
    assert_eq!(outcome.unwrap(), PushOutcome::AmbiguousRepository { url: url.into(), candidates });
    assert!(memory.stored().is_empty());
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

fn hg_push(date: i64, nodes: &[&str]) -> Value {
    let changesets: Vec<_> =
        nodes.iter().map(|node| json!({"node": node, "author": "A <a@b>", "desc": "d"})).collect();
    json!({"date": date, "user": "ann@example.org", "changesets": changesets})
}

fn hg_message(urls: &[&str]) -> Value {
    let pushes: Vec<_> = urls.iter().map(|url| json!({"push_full_json_url": url})).collect();
    json!({"payload": {"repo_url": "https://hg.mozilla.org/try", "pushlog_pushes": pushes}})
}

#[tokio::test]
async fn every_announced_hg_push_is_stored() {
    let server = MockServer::start().await;
    let first =
        json!({"pushes": {"10": hg_push(1, &["a"]), "9": hg_push(2, &["b", "c"]), "11": hg_push(3, &[])}});
    serve(&server, "/try/first", &first).await;
    serve(&server, "/try/second", &json!({"pushes": {"12": hg_push(4, &["d"])}})).await;
    let url = "https://hg.mozilla.org/try";
    let memory = Memory { repositories: vec![repository("try", url, &[])], ..Memory::default() };
    let body = hg_message(&["https://hg.mozilla.org/try/first", "https://hg.mozilla.org/try/second"]);
    process_push_message(&upstream_at(&server.uri(), None), &memory, HG, &body).await.unwrap();
    let heads: Vec<String> = memory.stored().into_iter().map(|push| push.revision).collect();
    assert_eq!(heads, ["a", "c", "d"], "in document order, obsolete pushes passed over");
}

#[tokio::test]
async fn answers_that_are_no_pushlog_are_retried() {
    for body in ["[]", "{}", r#"{"pushes": {}}"#, r#"{"pushes": []}"#, r#"{"pushes": 7}"#, "<html>"] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_string(body);
        Mock::given(path("/try/x")).respond_with(answer).mount(&server).await;
        let error = load(&server, HG, &hg_message(&["https://hg.mozilla.org/try/x"])).await.unwrap_err();
        assert!(!error.is_permanent(), "{body}: {error}");
    }
    let server = MockServer::start().await;
    let message = hg_message(&["https://hg.mozilla.org/try/x"]);
    let error = load(&server, HG, &message).await.unwrap_err();
    assert!(matches!(error, PushError::HgPushFetch(_)) && !error.is_permanent(), "404: {error}");
    let message = hg_message(&["http://169.254.169.254/latest"]);
    assert!(load(&server, HG, &message).await.unwrap_err().is_permanent(), "the guard's word is final");
}

#[tokio::test]
async fn pushes_without_commits_are_permanent_errors() {
    let server = MockServer::start().await;
    serve(&server, "/repos/o/r/compare/a...b", &json!({"commits": []})).await;
    serve(&server, "/try/x", &json!({"pushes": {"1": hg_push(1, &[])}})).await;
    assert!(load(&server, PUSH, &push_message("a", "b", "main")).await.unwrap_err().is_permanent());
    let hg = hg_message(&["https://hg.mozilla.org/try/x"]);
    assert!(load(&server, HG, &hg).await.unwrap_err().is_permanent());
}

#[tokio::test]
async fn the_base_of_a_push_is_found_by_committer_dates() {
    let server = MockServer::start().await;
    let comparison = |merge_base: &Value| json!({"commits": [], "merge_base_commit": merge_base});
    // head and mid were committed together, base before them.
    let head = commit("head", "2020-01-02T00:00:00Z", &["mid"]);
    let mid = commit("mid", "2020-01-02T00:00:00Z", &["twin", "base"]);
    serve(&server, "/repos/o/r/compare/main...head", &comparison(&head)).await;
    serve(&server, "/repos/o/r/compare/main...mid", &comparison(&mid)).await;
    serve(&server, "/repos/o/r/commits/mid", &mid).await;
    serve(&server, "/repos/o/r/commits/twin", &commit("twin", "2020-01-02T00:00:00Z", &[])).await;
    serve(&server, "/repos/o/r/commits/base", &commit("base", "2020-01-01T00:00:00Z", &[])).await;
    let upstream = upstream_at(&server.uri(), None);
    let url = "https://github.com/o/r";
    let body = manual::github_push_message(&upstream, url, "main", "head").await.unwrap();
    let PushMessage::GithubPush(message) = PushMessage::read(PUSH, &body).unwrap() else { panic!("{body}") };
    assert_eq!((message.base_sha.as_str(), message.head_sha.as_str()), ("base", "head"));
    assert_eq!((message.repo_url.as_str(), message.branch.as_str()), (url, "main"));

    serve(&server, "/repos/o/r/compare/main...stray", &json!({"commits": []})).await;
    let error = manual::github_push_message(&upstream, url, "main", "stray").await.unwrap_err();
    assert!(matches!(error, PushError::NoBase { .. }), "{error}");
}

#[tokio::test]
async fn requests_without_token_carry_no_authorization() {
    let server = MockServer::start().await;
    let at = "/repos/o/r/compare/a...b";
    Mock::given(path(at))
        .and(query_param_is_missing("per_page"))
        .respond_with(ResponseTemplate::new(503))
        .mount(&server)
        .await;
    let error = load(&server, PUSH, &push_message("a", "b", "main")).await.unwrap_err();
    assert!(!error.is_permanent() && error.to_string().contains("503"), "{error}");
    let requests = server.received_requests().await.unwrap();
    assert!(requests.iter().all(|request| !request.headers.contains_key("authorization")));
}

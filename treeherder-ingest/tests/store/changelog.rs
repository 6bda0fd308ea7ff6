//! What changed in the projects that are watched.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use treeherder_ingest::changelog::{Changelog, Project, update_changelog};
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::push::{Upstream, UpstreamOptions};
use treeherder_ingest::store::Store;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::database::{Backend, TestStore};

on_every_database!(commits_and_releases_are_copied_once, a_project_that_is_not_there_is_named);

fn ago(hours: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(hours)
}

fn commit(sha: &str, message: &str, hours: i64) -> Value {
    json!({
        "sha": sha, "html_url": format!("https://github.com/mozilla/harness/commit/{sha}"),
        "commit": {
            "message": message,
            "author": {"name": "Ana", "email": "ana@example.com", "date": ago(hours)},
            "committer": {"name": "GitHub", "email": "x@example.com", "date": ago(hours)},
        },
    })
}

async fn changelog(github: &MockServer) -> Changelog {
    let options = {
        let mut options = UpstreamOptions::default();
        options.github_api_url = github.uri();
        options
    };
    let client = Client::new(ClientOptions::for_local_servers()).unwrap();
    let upstream = Upstream::new(client, options).unwrap();
    Changelog::new(upstream, &["mozilla/harness".parse::<Project>().unwrap()])
}

async fn serve(github: &MockServer, at: &str, body: &Value, times: u64) {
    Mock::given(method("GET"))
        .and(path(format!("/repos/mozilla/harness/{at}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .expect(times)
        .mount(github)
        .await;
}

async fn shown(store: &Store) -> Vec<(String, String, String, Vec<String>)> {
    let changes = store.changes(ago(100), None).await.unwrap();
    changes
        .into_iter()
        .map(|change| (change.entry.r#type, change.entry.message, change.entry.description, change.files))
        .collect()
}

async fn commits_and_releases_are_copied_once(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let github = MockServer::start().await;
    let release = |id: i64, published: Value| {
        json!({
            "id": id, "html_url": "https://github.com/mozilla/harness/releases/1", "tag_name": "v1", "name": "",
            "body": "All new.", "published_at": published, "author": {"login": "ana"},
        })
    };
    let releases = [release(1, json!(ago(1))), release(2, Value::Null), release(3, json!(ago(72)))];
    serve(&github, "releases", &json!(releases), 2).await;
    let (first, second) = ("a".repeat(40), "b".repeat(40));
    let listed = [commit(&second, "Fix x\n\nIt was broken\u{0}.", 2), commit(&first, &"ü".repeat(400), 3)];
    Mock::given(method("GET"))
        .and(path("/repos/mozilla/harness/commits"))
        .and(query_param("per_page", "100"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!(listed)))
        .expect(2)
        .mount(&github)
        .await;
    // What is known is not asked for again.
    for sha in [&first, &second] {
        let details = json!({"sha": sha, "files": [{"filename": "b/c.py"}, {"filename": "a.py"}]});
        serve(&github, &format!("commits/{sha}"), &details, 1).await;
    }
    let changelog = changelog(&github).await;
    assert_eq!(update_changelog(&changelog, &test.store).await.unwrap(), 3);
    assert_eq!(update_changelog(&changelog, &test.store).await.unwrap(), 0);
    let files = vec!["b/c.py".to_owned(), "a.py".to_owned()];
    let word = |text: &str| text.to_owned();
    let expected = [
        (word("commit"), "ü".repeat(360), String::new(), files.clone()),
        (word("commit"), word("Fix x"), word("It was broken."), files),
        (word("release"), word("Released v1"), word("All new."), Vec::new()),
    ];
    assert_eq!(shown(&test.store).await, expected, "the oldest first");
    let until = test.store.changes(ago(100), Some(ago(2))).await.unwrap();
    assert_eq!(until.len(), 2);
    let entry = &until[1].entry;
    assert_eq!(
        (entry.owner.as_str(), entry.project.as_str(), entry.author.as_str()),
        ("mozilla", "harness", "Ana")
    );
    assert_eq!(entry.project_url, "https://github.com/mozilla/harness");
    assert_eq!((entry.remote_id.as_str(), entry.url.ends_with(&second)), (second.as_str(), true));
}

async fn a_project_that_is_not_there_is_named(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let github = MockServer::start().await;
    let error = update_changelog(&changelog(&github).await, &test.store).await.unwrap_err().to_string();
    assert!(error.contains("mozilla/harness") && error.contains("404"), "{error}");
}

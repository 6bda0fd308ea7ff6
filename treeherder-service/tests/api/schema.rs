//! The description of the API by itself (§3.26).

use serde_json::Value;

use crate::database::Backend;
use crate::site::Site;

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_the_one_that_is_published() {
    let site = Site::start(Backend::Sqlite).await.unwrap();
    let document = site.json("/api/schema/?format=json").await;
    let shown = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(SNAPSHOT, &shown).unwrap();
    }
    let published = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
    assert!(shown == published, "docs/openapi.json is not up to date: make it with UPDATE_OPENAPI=1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_in_it_is_documented_and_answered() {
    let site = Site::start(Backend::Sqlite).await.unwrap();
    let document = site.json("/api/schema/").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        }
        // A stream of events has no end.
        if item.get("get").is_none() || !path.starts_with("/api/") {
            continue;
        }
        let path = path.replace("{project}", "autoland").replace("{id}", "1").replace("{job_id}", "1");
        let answer = site.get(&path).await;
        assert!(answer.status < 500, "{path}: {}", answer.text);
        let method = reqwest::Method::OPTIONS;
        assert!(site.ask(method, &path, &[], "").await.header("allow").contains("GET"), "{path}");
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, description) in schema["properties"].as_object().into_iter().flatten() {
            let described =
                |value: &Value| value["description"].as_str().is_some_and(|text| !text.is_empty());
            let inner = description["oneOf"].as_array().is_some_and(|kinds| kinds.iter().any(described));
            assert!(described(description) || inner || description.get("$ref").is_some(), "{name}.{field}");
        }
    }
}

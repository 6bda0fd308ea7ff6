//! The published documents: they are what is written, and satisfy the schemas of their kind.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use treeherder_ingest::bridge::{PRODUCTION_NAMESPACE, reference_files, write_references};
use treeherder_ingest::job::schema::Checker;

/// Where the documents are in the repository.
fn published() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/bridge"))
}

#[test]
fn the_documents_in_the_repository_are_those_of_the_types() {
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        write_references(published(), PRODUCTION_NAMESPACE).unwrap();
    }
    for file in reference_files(PRODUCTION_NAMESPACE) {
        let path = published().join(file.path);
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            text == file.text(),
            "{} differs; run this test with UPDATE_SCHEMAS=1 and commit the file",
            path.display()
        );
    }
}

#[test]
fn documents_are_written_below_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    write_references(folder.path(), "me").unwrap();
    for file in reference_files("me") {
        let text = fs::read_to_string(folder.path().join(file.path)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), file.document);
        assert!(text.starts_with("{\n  \""), "{text}");
    }
    let error =
        write_references(&folder.path().join("references/treeherder/v1/exchanges.json"), "me").unwrap_err();
    assert!(error.to_string().contains("exchanges.json"), "{error}");
}

#[test]
fn the_reference_has_the_form_of_its_kind() {
    let text = json!({"type": "string", "minLength": 1});
    let word = json!({
        "type": "object", "additionalProperties": false,
        "required": ["name", "summary", "multipleWords", "required"],
        "properties": {"name": text, "summary": text, "multipleWords": {"type": "boolean"}, "required": {"type": "boolean"}}
    });
    let entry = json!({
        "type": "object", "additionalProperties": false,
        "required": ["type", "exchange", "name", "title", "description", "schema", "routingKey"],
        "properties": {
            "type": {"type": "string", "enum": ["topic-exchange"]}, "exchange": text, "name": text, "title": text,
            "description": text, "schema": text, "routingKey": {"type": "array", "items": word}
        }
    });
    let names = ["$schema", "serviceName", "apiVersion", "title", "description", "exchangePrefix", "entries"];
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": names,
        "properties": {"$schema": text, "serviceName": text, "apiVersion": text, "title": text, "description": text,
            "exchangePrefix": text, "entries": {"type": "array", "items": entry}}
    });
    let files = reference_files(PRODUCTION_NAMESPACE);
    let reference = &files[0].document;
    Checker::compile(&schema).unwrap().check(reference, "").unwrap();
    assert_eq!(reference["exchangePrefix"], "exchange/taskcluster-treeherder/v1/");
    let entry = &reference["entries"][0];
    assert_eq!((&entry["exchange"], &entry["schema"]), (&json!("jobs"), &json!("v1/pulse-job.json#")));
    let words: Vec<&str> =
        entry["routingKey"].as_array().unwrap().iter().map(|word| word["name"].as_str().unwrap()).collect();
    assert_eq!(words, ["destination", "project", "reserved"]);
    let ids: Vec<&str> = files[1..].iter().map(|file| file.document["$id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        ["/schemas/treeherder/v1/pulse-job.json#", "/schemas/treeherder/v1/task-treeherder-config.json#"]
    );
}

#[test]
fn the_schemas_have_the_limits_and_defaults_of_the_specification() {
    let files = reference_files(PRODUCTION_NAMESPACE);
    let (job, config) = (&files[1].document, &files[2].document);
    assert_eq!(
        job["required"],
        json!(["taskId", "origin", "buildSystem", "display", "state", "jobKind", "version"])
    );
    assert_eq!(config["required"], json!(["symbol"]));
    let length = |min: u64, max: u64| json!([min, max]);
    for (document, pointer, expected) in [
        (job, "/properties/taskId", length(1, 50)),
        (job, "/properties/buildSystem", length(1, 25)),
        (job, "/properties/display/properties/jobSymbol", json!([null, 25])),
        (job, "/properties/display/properties/groupSymbol", length(1, 25)),
        (job, "/properties/display/properties/jobName", length(1, 100)),
        (job, "/properties/display/properties/groupName", length(1, 100)),
        (job, "/properties/coalesced/items", length(1, 50)),
        (job, "/properties/labels/items", length(1, 50)),
        (job, "/properties/owner", length(1, 50)),
        (job, "/properties/reason", length(1, 125)),
        (job, "/properties/productName", length(1, 125)),
        (job, "/properties/buildMachine/properties/name", length(1, 50)),
        (job, "/properties/runMachine/properties/platform", length(1, 100)),
        (job, "/properties/runMachine/properties/os", length(1, 25)),
        (job, "/properties/jobInfo/properties/links/items/properties/url", json!([null, 512])),
        (job, "/properties/jobInfo/properties/links/items/properties/linkText", length(1, 125)),
        (job, "/properties/jobInfo/properties/links/items/properties/label", length(1, 70)),
        (job, "/properties/logs/items/properties/url", length(1, 255)),
        (job, "/properties/logs/items/properties/name", length(1, 50)),
        (job, "/properties/logs/items/properties/steps/items/properties/name", length(1, 255)),
        (job, "/properties/origin/oneOf/0/properties/project", length(1, 50)),
        (job, "/properties/origin/oneOf/0/properties/revision", length(40, 40)),
        (job, "/properties/origin/oneOf/1/properties/owner", length(1, 50)),
        (job, "/properties/origin/oneOf/1/properties/revision", length(40, 40)),
        (config, "/properties/symbol", json!([null, 25])),
        (config, "/properties/groupName", length(1, 100)),
    ] {
        let found = document.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
        assert_eq!(json!([found["minLength"], found["maxLength"]]), expected, "{pointer}");
    }
    for (document, pointer, expected) in [
        (job, "/properties/retryId/default", json!(0)),
        (job, "/properties/jobKind/default", json!("other")),
        (job, "/properties/version/const", json!(1)),
        (job, "/additionalProperties", json!(false)),
        (job, "/properties/origin/oneOf/0/additionalProperties", json!(false)),
        (
            job,
            "/properties/logs/items/properties/steps/items/required",
            json!(["name", "timeStarted", "timeFinished", "lineStarted", "lineFinished", "result"]),
        ),
        (job, "/properties/logs/items/required", json!(["url", "name"])),
        (job, "/properties/extra/type", json!("object")),
        (config, "/properties/reason/default", json!("scheduled")),
        (config, "/properties/tier/default", json!(1)),
        (config, "/properties/jobKind/default", json!("other")),
    ] {
        assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(job.pointer("/properties/origin/oneOf").and_then(Value::as_array).unwrap().len(), 2);
    assert_eq!(job["$schema"], "http://json-schema.org/draft-06/schema#");
}

//! What a task says about its job: `extra.treeherder` (`spec/bridge-l10n-platform.md` §1.5).

use serde::Deserialize;
use serde_json::Value;

use crate::job::schema::{Violation, Violations};
use crate::task::TreeherderConfig;

use super::schema::check_task_config;

/// The block `extra.treeherder` of a task definition, with what the bridge reads from it in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TaskConfig {
    /// What the ingester reads, too.
    pub(super) config: TreeherderConfig,
    /// Options of the platform.
    pub(super) labels: Vec<String>,
}

impl TaskConfig {
    /// Reads and validates the block; `None` when there is none.
    ///
    /// Other than the ingester, the bridge takes an empty object for a configuration, one without the symbol it needs.
    pub(super) fn read(block: &Value) -> Result<Option<Self>, Violations> {
        if is_false(block) {
            return Ok(None);
        }
        check_task_config(block)?;
        let labels = labels(block);
        let mut known = block.clone();
        // The ingester wants an object here; anything else means nothing to the bridge.
        if let Some(members) = known.as_object_mut()
            && !members.get("collection").is_some_and(Value::is_object)
        {
            members.shift_remove("collection");
        }
        TreeherderConfig::deserialize(known)
            .map(|config| Some(Self { config, labels }))
            .map_err(|error| Violation::new("/extra/treeherder", format!("cannot be read: {error}")).into())
    }
}

/// Returns the revision that takes the place of the route's.
pub(super) fn revision(block: &Value) -> Option<String> {
    match block.get("revision")? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        value if is_false(value) => None,
        // No revision, which the schema of job messages will say.
        value => Some(value.to_string()),
    }
}

/// Tells whether JavaScript would take a value for false.
fn is_false(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// Returns the labels, else the keys of the collection, of which there may be none, else `opt`.
fn labels(block: &Value) -> Vec<String> {
    let labels = block.get("labels").and_then(Value::as_array).filter(|labels| !labels.is_empty());
    if let Some(labels) = labels {
        return labels.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    match block.get("collection").and_then(Value::as_object) {
        Some(collection) => collection.keys().cloned().collect(),
        None => vec!["opt".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_beat_the_collection_which_beats_opt() {
        for (block, expected) in [
            (json!({"symbol": "x"}), &["opt"][..]),
            (json!({"symbol": "x", "labels": []}), &["opt"]),
            (json!({"symbol": "x", "labels": ["asan", "debug"]}), &["asan", "debug"]),
            (json!({"symbol": "x", "collection": {"opt": true}}), &["opt"]),
            (json!({"symbol": "x", "collection": {"debug": true, "asan": false}}), &["debug", "asan"]),
            (json!({"symbol": "x", "collection": {}}), &[]),
            (json!({"symbol": "x", "collection": "debug"}), &["opt"]),
            (json!({"symbol": "x", "collection": null}), &["opt"]),
            (json!({"symbol": "x", "labels": ["a"], "collection": {"debug": true}}), &["a"]),
            (json!({"symbol": "x", "labels": [], "collection": {"debug": true}}), &["debug"]),
        ] {
            assert_eq!(TaskConfig::read(&block).unwrap().unwrap().labels, expected, "{block}");
        }
    }

    #[test]
    fn only_a_true_value_is_a_configuration() {
        for block in [json!(null), json!(false), json!(0), json!("")] {
            assert_eq!(TaskConfig::read(&block), Ok(None), "{block}");
        }
        for (block, expected) in [
            (json!({}), "/extra/treeherder/symbol is missing"),
            (json!([]), "/extra/treeherder is an array, not an object"),
            (json!(1), "/extra/treeherder is a number, not an object"),
        ] {
            assert_eq!(TaskConfig::read(&block).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn every_limit_is_enforced_at_its_place() {
        let chars = |count: usize| "x".repeat(count);
        // property, the longest or largest that is taken, the first that is not
        let table = [
            ("symbol", json!(""), json!(3)),
            ("symbol", json!(chars(25)), json!(chars(26))),
            ("groupSymbol", json!(chars(25)), json!(chars(26))),
            ("groupSymbol", json!("x"), json!("")),
            ("groupName", json!(chars(100)), json!(chars(101))),
            ("groupName", json!("x"), json!("")),
            ("reason", json!(chars(125)), json!(chars(126))),
            ("reason", json!("x"), json!("")),
            ("tier", json!(1), json!(0)),
            ("tier", json!(3), json!(4)),
            ("tier", json!(2.0), json!("2")),
            ("jobKind", json!("build"), json!("Build")),
            ("jobKind", json!("other"), json!(null)),
            ("labels", json!([]), json!("opt")),
            ("labels", json!([chars(50)]), json!([chars(51)])),
            ("labels", json!(["a_B-9"]), json!(["a.b"])),
            ("labels", json!(["a", "a"]), json!([""])),
            ("machine", json!({"platform": chars(50)}), json!({"platform": chars(51)})),
            ("machine", json!({"platform": "a_B-9"}), json!({"platform": "a.b"})),
            ("machine", json!({"platform": "a"}), json!({"os": "linux"})),
            ("machine", json!({"platform": "a", "os": chars(25)}), json!({"platform": "a", "os": chars(26)})),
            (
                "machine",
                json!({"platform": "a", "architecture": chars(25)}),
                json!({"platform": "a", "architecture": ""}),
            ),
            ("productName", json!(chars(125)), json!(chars(126))),
            ("productName", json!("x"), json!("")),
        ];
        for (property, good, bad) in table {
            let block = |value: &Value| {
                let mut block = json!({"symbol": "x", "chunks": {"total": 3}, "unknown": []});
                block[property] = value.clone();
                block
            };
            assert!(TaskConfig::read(&block(&good)).is_ok(), "{property}: {good}");
            let violations = TaskConfig::read(&block(&bad)).unwrap_err();
            let pointer = &violations.as_slice()[0].pointer;
            assert!(
                pointer.starts_with(&format!("/extra/treeherder/{property}")),
                "{property}: {violations}"
            );
        }
    }

    #[test]
    fn a_true_revision_replaces_the_route_s() {
        for (block, expected) in [
            (json!({"revision": "abc"}), Some("abc")),
            (json!({"revision": 7}), Some("7")),
            (json!({"revision": ""}), None),
            (json!({"revision": null}), None),
            (json!({"revision": 0}), None),
            (json!({}), None),
            (json!(null), None),
        ] {
            assert_eq!(revision(&block).as_deref(), expected, "{block}");
        }
    }
}

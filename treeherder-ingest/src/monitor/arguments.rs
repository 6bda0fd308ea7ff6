//! What a message is about, in short.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Name of the task of a message that names none.
pub(super) const UNKNOWN_TASK: &str = "unknown";
/// Most arguments that are told.
const MAX_ARGUMENTS: usize = 16;
/// Most characters of a text among them.
const MAX_TEXT: usize = 120;
/// Most elements of a list among them.
const MAX_ELEMENTS: usize = 10;
/// Most values looked at.
const MAX_LOOKS: usize = 400;

/// Returns the task that a payload names.
pub(super) fn task_name(payload: &str) -> Cow<'_, str> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        task: Cow<'a, str>,
    }
    // Our own messages begin with the name, so that nothing has to be parsed.
    let quick = payload.strip_prefix(r#"{"task":""#).and_then(|rest| rest.split_once(['"', '\\']));
    match quick {
        Some((name, _)) if !name.is_empty() && name.len() <= 64 => Cow::Borrowed(name),
        _ => match serde_json::from_str::<Head<'_>>(payload) {
            Ok(head) if !head.task.is_empty() && head.task.len() <= 64 => head.task,
            _ => Cow::Borrowed(UNKNOWN_TASK),
        },
    }
}

/// Tells the arguments of a payload in short: a JSON object with the outermost values, inner ones by dotted names.
pub(super) fn summary(payload: &str) -> String {
    let mut told = Map::new();
    if let Ok(Value::Object(message)) = serde_json::from_str::<Value>(payload) {
        let mut left = VecDeque::new();
        if let Some(Value::Object(args)) = message.get("args") {
            left.extend(args.iter().map(|(name, value)| (name.clone(), value)));
        }
        let mut looks = 0;
        while let Some((name, value)) = left.pop_front() {
            looks += 1;
            if told.len() == MAX_ARGUMENTS || looks > MAX_LOOKS {
                told.insert("…".to_owned(), Value::from("more"));
                break;
            }
            match value {
                Value::Object(inner) => {
                    left.extend(inner.iter().map(|(part, value)| (format!("{name}.{part}"), value)));
                }
                Value::Array(elements) if elements.iter().all(|element| !element.is_object()) => {
                    let mut shown: Vec<Value> = elements.iter().take(MAX_ELEMENTS).map(short).collect();
                    if elements.len() > MAX_ELEMENTS {
                        shown.push(Value::from("…"));
                    }
                    told.insert(name, Value::from(shown));
                }
                Value::Array(elements) => {
                    told.insert(name, Value::from(format!("{} elements", elements.len())));
                }
                value => {
                    told.insert(name, short(value));
                }
            }
        }
    } else {
        told.insert("payload".to_owned(), short(&Value::from(payload)));
    }
    // PostgreSQL's text takes no NUL; in JSON it is written as an escape anyway.
    Value::Object(told).to_string()
}

/// Cuts a text; a list within a list is only counted.
fn short(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().nth(MAX_TEXT).is_some() => {
            Value::from(text.chars().take(MAX_TEXT).chain(['…']).collect::<String>())
        }
        Value::Array(elements) => Value::from(format!("{} elements", elements.len())),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_found_with_and_without_parsing() {
        for (payload, name) in [
            (r#"{"task":"log-parser","args":{}}"#, "log-parser"),
            (r#"{ "args": {"task": "x"}, "task" : "publish-stats" }"#, "publish-stats"),
            (r#"{"task":"","args":{}}"#, UNKNOWN_TASK),
            (r#"{"args":{}}"#, UNKNOWN_TASK),
            ("no JSON", UNKNOWN_TASK),
        ] {
            assert_eq!(task_name(payload), name, "{payload}");
        }
    }

    #[test]
    fn arguments_are_told_from_the_outside_in() {
        let payload = r#"{"task":"store-pulse-tasks","args":{"body":{"status":{"taskId":"abc"},"runId":0,
            "many":[1,2,3,4,5,6,7,8,9,10,11],"runs":[{"x":1}]},"exchange":"e"}}"#;
        let expected = concat!(
            r#"{"exchange":"e","body.runId":0,"body.many":[1,2,3,4,5,6,7,8,9,10,"…"],"#,
            r#""body.runs":"1 elements","body.status.taskId":"abc"}"#
        );
        assert_eq!(summary(payload), expected);
        assert_eq!(summary("no JSON"), r#"{"payload":"no JSON"}"#);
    }

    #[test]
    fn however_large_a_message_is_its_summary_is_small() {
        let many: Map<String, Value> =
            (0..1000).map(|n| (n.to_string(), Value::from("x".repeat(500)))).collect();
        let text = summary(&serde_json::json!({"task": "t", "args": {"deep": {"er": many}}}).to_string());
        assert!(text.len() < 4_000 && text.contains("…\":\"more\""), "{text}");
    }
}

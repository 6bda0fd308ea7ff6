//! A schema document, compiled: what is permitted at each place.

use serde_json::{Map, Value};

use super::pattern::CharClass;

/// Says which part of a schema document [`Checker`](super::Checker) cannot enforce.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("schema at {pointer:?}: {reason}")]
pub struct UnsupportedSchema {
    /// JSON pointer into the schema document.
    pub pointer: String,
    /// What is not understood there.
    pub reason: String,
}
/// One place of a schema document: what is permitted there.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Any,
    Text { min: usize, max: usize, class: Option<CharClass> },
    Choice(Vec<String>),
    Integer { min: i64, max: i64 },
    Boolean,
    Array(Box<Self>),
    Object { properties: Vec<(String, Self)>, required: Vec<String>, closed: bool },
}
impl Node {
    /// Names the type for messages.
    pub(super) fn expected(&self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Text { .. } | Self::Choice(_) => "a string",
            Self::Integer { .. } => "an integer",
            Self::Boolean => "a boolean",
            Self::Array(_) => "an array",
            Self::Object { .. } => "an object",
        }
    }
}
/// Keywords that describe and do not constrain.
const ANNOTATIONS: [&str; 6] = ["$schema", "$id", "title", "description", "default", "format"];

/// Compiles the schema at `pointer` of a document.
pub(super) fn compile(schema: &Value, pointer: &str) -> Result<Node, UnsupportedSchema> {
    let unsupported = |reason: String| UnsupportedSchema { pointer: pointer.to_owned(), reason };
    let keywords = match schema {
        Value::Bool(true) => return Ok(Node::Any),
        Value::Object(keywords) => keywords,
        _ => return Err(unsupported("neither an object nor true".to_owned())),
    };
    let mut known: Vec<&str> = ANNOTATIONS.to_vec();
    let node = match keywords.get("type").and_then(Value::as_str) {
        _ if keywords.contains_key("oneOf") => {
            known.push("oneOf");
            Node::Choice(choices(keywords).ok_or_else(|| unsupported("oneOf of more than texts".to_owned()))?)
        }
        Some("string") => {
            known.extend(["type", "minLength", "maxLength", "pattern", "enum", "const"]);
            text(keywords).map_err(unsupported)?
        }
        Some("integer") => {
            known.extend(["type", "minimum", "maximum", "const"]);
            let exactly = keywords.get("const").and_then(Value::as_i64);
            let limit = |name: &str| exactly.or_else(|| keywords.get(name).and_then(Value::as_i64));
            Node::Integer {
                min: limit("minimum").unwrap_or(i64::MIN),
                max: limit("maximum").unwrap_or(i64::MAX),
            }
        }
        Some("boolean") => {
            known.push("type");
            Node::Boolean
        }
        Some("array") => {
            known.extend(["type", "items"]);
            let items = keywords.get("items").unwrap_or(&Value::Bool(true));
            Node::Array(Box::new(compile(items, &format!("{pointer}/items"))?))
        }
        Some("object") => {
            known.extend(["type", "properties", "required", "additionalProperties"]);
            object(keywords, pointer)?
        }
        None if keywords.keys().all(|keyword| known.contains(&keyword.as_str())) => Node::Any,
        other => return Err(unsupported(format!("type {other:?}"))),
    };
    match keywords.keys().find(|keyword| !known.contains(&keyword.as_str())) {
        Some(keyword) => Err(unsupported(format!("keyword {keyword}"))),
        None => Ok(node),
    }
}

/// Reads `oneOf: [{const}, …]`, the form that documented enum variants take.
fn choices(keywords: &Map<String, Value>) -> Option<Vec<String>> {
    let choices = keywords.get("oneOf")?.as_array()?;
    choices.iter().map(|choice| Some(choice.get("const")?.as_str()?.to_owned())).collect()
}

fn text(keywords: &Map<String, Value>) -> Result<Node, String> {
    if let Some(choice) = keywords.get("const").and_then(Value::as_str) {
        return Ok(Node::Choice(vec![choice.to_owned()]));
    }
    if let Some(Value::Array(choices)) = keywords.get("enum") {
        return Ok(Node::Choice(choices.iter().filter_map(Value::as_str).map(str::to_owned).collect()));
    }
    let limit =
        |name: &str| keywords.get(name).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    let class = match keywords.get("pattern").and_then(Value::as_str) {
        Some(pattern) => Some(CharClass::read(pattern).ok_or_else(|| format!("pattern {pattern}"))?),
        None => None,
    };
    Ok(Node::Text {
        min: limit("minLength").unwrap_or(0),
        max: limit("maxLength").unwrap_or(usize::MAX),
        class,
    })
}

fn object(keywords: &Map<String, Value>, pointer: &str) -> Result<Node, UnsupportedSchema> {
    let mut properties = Vec::new();
    if let Some(Value::Object(schemas)) = keywords.get("properties") {
        for (name, schema) in schemas {
            properties.push((name.clone(), compile(schema, &format!("{pointer}/properties/{name}"))?));
        }
    }
    let required = match keywords.get("required") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let closed = match keywords.get("additionalProperties") {
        None | Some(Value::Bool(true)) => false,
        Some(Value::Bool(false)) => true,
        Some(_) => {
            let reason = "additionalProperties with a schema".to_owned();
            return Err(UnsupportedSchema { pointer: pointer.to_owned(), reason });
        }
    };
    Ok(Node::Object { properties, required, closed })
}

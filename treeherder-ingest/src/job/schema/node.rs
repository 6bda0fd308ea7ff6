//! A schema document, compiled: what is permitted at each place.

use serde_json::{Map, Value};

use super::format::Format;
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
    Text {
        min: usize,
        max: usize,
        class: Option<CharClass>,
        format: Option<Format>,
    },
    Choice(Vec<String>),
    Integer {
        min: i64,
        max: i64,
    },
    Boolean,
    Array(Box<Self>),
    Object {
        properties: Vec<(String, Self)>,
        required: Vec<String>,
        closed: bool,
    },
    /// One of several objects, told apart by the text of the property `tag`.
    Forms {
        tag: String,
        forms: Vec<(String, Self)>,
    },
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
            Self::Object { .. } | Self::Forms { .. } => "an object",
        }
    }
}
/// Keywords that describe and do not constrain.
const ANNOTATIONS: [&str; 6] = ["$schema", "$id", "title", "description", "default", "format"];

/// Compiles the schema at `pointer` of a document; formats are enforced only if asked for.
pub(super) fn compile(schema: &Value, pointer: &str, formats: bool) -> Result<Node, UnsupportedSchema> {
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
            match choices(keywords) {
                Some(texts) => Node::Choice(texts),
                None => forms(keywords, pointer, formats)?,
            }
        }
        Some("string") => {
            known.extend(["type", "minLength", "maxLength", "pattern", "enum", "const"]);
            text(keywords, formats).map_err(unsupported)?
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
            Node::Array(Box::new(compile(items, &format!("{pointer}/items"), formats)?))
        }
        Some("object") => {
            known.extend(["type", "properties", "required", "additionalProperties"]);
            object(keywords, pointer, formats)?
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
    let choices = keywords.get("oneOf")?.as_array().filter(|choices| !choices.is_empty())?;
    choices.iter().map(|choice| Some(choice.get("const")?.as_str()?.to_owned())).collect()
}

/// Reads `oneOf: [{type: object}, …]` whose members are told apart by a constant of the same name.
fn forms(keywords: &Map<String, Value>, pointer: &str, formats: bool) -> Result<Node, UnsupportedSchema> {
    let unsupported = || UnsupportedSchema {
        pointer: pointer.to_owned(),
        reason: "oneOf of neither texts nor objects with a constant text".to_owned(),
    };
    let members = keywords.get("oneOf").and_then(Value::as_array).ok_or_else(unsupported)?;
    let mut tag = None;
    let mut forms = Vec::with_capacity(members.len());
    for (index, member) in members.iter().enumerate() {
        let form = compile(member, &format!("{pointer}/oneOf/{index}"), formats)?;
        let Node::Object { properties, required, .. } = &form else { return Err(unsupported()) };
        let constant = properties.iter().find_map(|(name, node)| match node {
            Node::Choice(texts) if required.contains(name) => match texts.as_slice() {
                [text] if tag.as_ref().is_none_or(|tag| tag == name) => Some((name.clone(), text.clone())),
                _ => None,
            },
            _ => None,
        });
        let (name, text) = constant.ok_or_else(unsupported)?;
        tag = Some(name);
        forms.push((text, form));
    }
    Ok(Node::Forms { tag: tag.ok_or_else(unsupported)?, forms })
}

fn text(keywords: &Map<String, Value>, formats: bool) -> Result<Node, String> {
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
        format: match keywords.get("format").and_then(Value::as_str).filter(|_| formats) {
            Some(name) => Some(Format::named(name).ok_or_else(|| format!("format {name}"))?),
            None => None,
        },
    })
}

fn object(keywords: &Map<String, Value>, pointer: &str, formats: bool) -> Result<Node, UnsupportedSchema> {
    let mut properties = Vec::new();
    if let Some(Value::Object(schemas)) = keywords.get("properties") {
        for (name, schema) in schemas {
            let pointer = format!("{pointer}/properties/{name}");
            properties.push((name.clone(), compile(schema, &pointer, formats)?));
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

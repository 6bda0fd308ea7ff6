//! JSON schemas generated from types, published and enforced (`spec/ingest.md` §4.5, §4.7).
//!
//! The types that messages are read into are the only source: [`document`] generates the schema that is
//! published under `schemas/`, and [`Checker`] enforces exactly that document, naming every violation
//! by JSON pointer. A limit can thus not be published without being enforced, or the other way round.

mod check;
pub(crate) mod format;
mod node;
mod pattern;
mod violation;

pub use check::Checker;
pub(crate) use check::as_integer;
pub use node::UnsupportedSchema;
pub use violation::{Violation, Violations};

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// Generates the JSON schema (draft-07) of a message type, without references into itself.
pub fn document<T: JsonSchema>() -> Schema {
    SchemaSettings::draft07()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(plain)
        .into_generator()
        .into_root_schema_for::<T>()
}

/// Removes what only mirrors Rust: absent fields are absent in messages, never null, and integers have no width.
fn plain(schema: &mut Schema) {
    transform_subschemas(&mut plain, schema);
    let Some(keywords) = schema.as_object_mut() else { return };
    if let Some(names) = keywords.get_mut("type") {
        let only = names.as_array().and_then(|names| names.iter().find(|name| *name != "null")).cloned();
        if let Some(only) = only {
            *names = only;
        }
    }
    if let Some(Value::Array(choices)) = keywords.remove("anyOf") {
        // An optional structure or enumeration: what it is when it is there, under the field's description.
        for choice in choices
            .iter()
            .filter_map(Value::as_object)
            .filter(|choice| choice.get("type") != Some(&Value::from("null")))
        {
            for (keyword, value) in choice {
                keywords.entry(keyword).or_insert_with(|| value.clone());
            }
        }
    }
    // "Nothing" is what an absent property means anyway, and no value of most of these types.
    if keywords
        .get("default")
        .is_some_and(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
    {
        keywords.remove("default");
    }
    let width = keywords.get("format").and_then(Value::as_str).is_some_and(|name| name.contains("int"));
    if width {
        keywords.remove("format");
    }
}

//! The API's document for people: the reference part of the page about the API (§3.26).

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value};
use utoipa::openapi::OpenApi as Document;

/// Methods in the order they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Writes the reference as HTML.
pub(super) fn reference(document: &Document) -> Arc<str> {
    // A document that was just made can be read.
    let document =
        document.to_json().ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    written(&document).into()
}

fn written(document: &Value) -> String {
    let mut page = String::new();
    paragraph(&mut page, "p", text(&document["info"]["description"]));
    let none = Map::new();
    let paths = document["paths"].as_object().unwrap_or(&none);
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        paragraph(&mut page, "h3", name);
        paragraph(&mut page, "p", text(&tag["description"]));
        for (path, item) in paths {
            for method in METHODS {
                let operation = &item[method];
                if operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| text(tag) == name)) {
                    show_operation(&mut page, method, path, operation);
                }
            }
        }
    }
    paragraph(&mut page, "h3", "Objects");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap_or(&none) {
        show_schema(&mut page, name, schema);
    }
    page
}

fn show_operation(page: &mut String, method: &str, path: &str, operation: &Value) {
    let method = method.to_uppercase();
    *page += "<details>\n<summary>";
    element(page, "code", &format!("{method} {path}"));
    *page += &format!(" {}</summary>\n", escaped(text(&operation["summary"])));
    paragraph(page, "p", text(&operation["description"]));
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        *page += "<table>\n<tr><th>parameter<th>in<th>type<th>\n";
        for parameter in parameters {
            *page += "<tr><td>";
            element(page, "code", text(&parameter["name"]));
            for cell in [text(&parameter["in"]), &kind(&parameter["schema"]), text(&parameter["description"])]
            {
                *page += "<td>";
                *page += &escaped(cell);
            }
            *page += "\n";
        }
        *page += "</table>\n";
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let contents = response["content"].as_object().into_iter().flatten();
        let kinds: Vec<String> = contents.map(|(_, content)| linked_kind(&content["schema"])).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(page, "<p>{}: {}</p>", escaped(status), kinds.join(", "));
    }
    *page += "</details>\n";
}

fn show_schema(page: &mut String, name: &str, schema: &Value) {
    let _ = writeln!(page, "<details id=\"{0}\">\n<summary><code>{0}</code></summary>", escaped(name));
    paragraph(page, "p", text(&schema["description"]));
    let mut parts = vec![schema];
    parts.extend(schema["allOf"].as_array().into_iter().flatten());
    *page += "<table>\n";
    for part in parts {
        if part.get("$ref").is_some() {
            let _ = writeln!(page, "<tr><td colspan=\"3\">all of {}", linked_kind(part));
        }
        for (field, schema) in part["properties"].as_object().into_iter().flatten() {
            *page += "<tr><td>";
            element(page, "code", field);
            let _ =
                writeln!(page, "<td>{}<td>{}", linked_kind(schema), escaped(text(&schema["description"])));
        }
    }
    *page += "</table>\n</details>\n";
}

/// Names the type of a schema.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => {
            let kinds =
                ["oneOf", "allOf", "anyOf"].iter().filter_map(|name| schema[*name].as_array()).flatten();
            let kinds: Vec<String> = kinds.map(kind).filter(|kind| !kind.is_empty()).collect();
            kinds.join(" or ")
        }
    }
}

/// As [`kind`], with a link to an object of the document.
fn linked_kind(schema: &Value) -> String {
    let named = escaped(&kind(schema));
    let inner = if schema["type"] == "array" { &schema["items"] } else { schema };
    match inner["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        Some(name) => format!("<a href=\"#{}\">{named}</a>", escaped(name)),
        None => named,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn paragraph(page: &mut String, name: &str, content: &str) {
    if !content.is_empty() {
        element(page, name, content);
        page.push('\n');
    }
}

fn element(page: &mut String, name: &str, content: &str) {
    *page += &format!("<{name}>{}</{name}>", escaped(content));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_and_objects_are_shown_and_linked() {
        let document = json!({
            "info": {"description": "about <this>"},
            "tags": [{"name": "jobs", "description": "what ran"}],
            "paths": {"/api/jobs/": {"get": {"tags": ["jobs"], "summary": "Lists jobs", "parameters":
                [{"name": "page", "in": "query", "schema": {"type": ["integer", "null"]}, "description": "which"}],
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}}}}}},
            "components": {"schemas": {"Page": {"properties": {"count": {"type": "integer", "description": "how many"}}}}},
        });
        let page = written(&document);
        for piece in [
            "about &lt;this&gt;",
            "<code>GET /api/jobs/</code> Lists jobs",
            "<code>page</code><td>query<td>integer or null<td>which",
            "<a href=\"#Page\">Page</a>",
            "<code>count</code><td>integer<td>how many",
        ] {
            assert!(page.contains(piece), "{piece} in {page}");
        }
    }
}

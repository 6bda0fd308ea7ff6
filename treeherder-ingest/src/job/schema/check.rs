//! Checks a JSON value against a schema document, naming the place of every violation.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::node::{Node, UnsupportedSchema, compile};
use super::pattern::CharClass;
use super::violation::{Violation, Violations};

/// A schema document compiled for checking.
///
/// It understands the keywords our types generate and refuses a document with any other, so that no limit is
/// published and silently not enforced. `format` is an annotation only (§4.5), unless asked for. An integer may be written as a
/// float without fraction; numbers beyond 64 bits are violations.
#[derive(Clone, Debug)]
pub struct Checker {
    root: Node,
}

impl Checker {
    /// Compiles the schema of a type.
    ///
    /// # Errors
    /// [`UnsupportedSchema`] when the document has a keyword this checker does not enforce.
    pub fn of<T: JsonSchema>() -> Result<Self, UnsupportedSchema> {
        Self::compile(super::document::<T>().as_value())
    }

    /// Compiles a schema document.
    ///
    /// # Errors
    /// As for [`Checker::of`].
    pub fn compile(document: &Value) -> Result<Self, UnsupportedSchema> {
        Ok(Self { root: compile(document, "", false)? })
    }

    /// Compiles a schema document whose formats are to be enforced, which must be `date-time` or `uri`.
    ///
    /// # Errors
    /// As for [`Checker::of`].
    pub fn with_formats(document: &Value) -> Result<Self, UnsupportedSchema> {
        Ok(Self { root: compile(document, "", true)? })
    }

    /// Checks a value; pointers in the violations start with `base`.
    ///
    /// # Errors
    /// All violations, up to [`Violations::LIMIT`].
    pub fn check(&self, value: &Value, base: &str) -> Result<(), Violations> {
        let mut walk = Walk { pointer: base.to_owned(), found: Vec::new() };
        walk.visit(&self.root, value);
        Violations::into_result(walk.found)
    }
}

struct Walk {
    pointer: String,
    found: Vec<Violation>,
}

impl Walk {
    fn visit(&mut self, node: &Node, value: &Value) {
        if self.found.len() >= Violations::LIMIT {
            return;
        }
        match (node, value) {
            (Node::Any, _) | (Node::Boolean, Value::Bool(_)) => {}
            (Node::Text { min, max, class, format }, Value::String(text)) => {
                self.text(*min, *max, class.as_ref(), text);
                if let Some(format) = format.filter(|format| !format.matches(text)) {
                    self.add(format!("is {}, not {}", excerpt(text), format.expected()));
                }
            }
            (Node::Choice(choices), Value::String(text)) => {
                if !choices.iter().any(|choice| choice == text) {
                    self.add(format!("is {}, not one of {}", excerpt(text), choices.join(", ")));
                }
            }
            (Node::Integer { min, max }, Value::Number(number)) => match as_integer(number) {
                Some(number) if (*min..=*max).contains(&number) => {}
                Some(number) if min == max => self.add(format!("is {number}, not {min}")),
                Some(number) if *max == i64::MAX => self.add(format!("is {number}, less than {min}")),
                Some(number) => self.add(format!("is {number}, not between {min} and {max}")),
                None => self.add(format!("is {number}, not an integer of 64 bits")),
            },
            (Node::Array(items), Value::Array(values)) => {
                for (index, value) in values.iter().enumerate() {
                    self.below(&index.to_string(), |walk| walk.visit(items, value));
                }
            }
            (Node::Object { properties, required, closed }, Value::Object(members)) => {
                self.object(properties, required, *closed, members);
            }
            (Node::Forms { tag, forms }, Value::Object(members)) => self.forms(tag, forms, members),
            (node, value) => self.add(format!("is {}, not {}", kind_of(value), node.expected())),
        }
    }

    /// Checks against the form that the tag names; of several, the one whose required properties are there.
    fn forms(&mut self, tag: &str, forms: &[(String, Node)], members: &Map<String, Value>) {
        let Some(value) = members.get(tag) else {
            return self.below(tag, |walk| walk.add("is missing".to_owned()));
        };
        let named: Vec<&Node> =
            forms.iter().filter(|(text, _)| value == text).map(|(_, form)| form).collect();
        let missing = |form: &Node| match form {
            Node::Object { required, .. } => {
                required.iter().filter(|name| !members.contains_key(*name)).count()
            }
            _ => 0,
        };
        match named.into_iter().min_by_key(|form| missing(form)) {
            Some(Node::Object { properties, required, closed }) => {
                self.object(properties, required, *closed, members);
            }
            _ => {
                let mut texts: Vec<String> = Vec::new();
                for (text, _) in forms {
                    if !texts.contains(text) {
                        texts.push(text.clone());
                    }
                }
                self.below(tag, |walk| walk.visit(&Node::Choice(texts), value));
            }
        }
    }

    fn text(&mut self, min: usize, max: usize, class: Option<&CharClass>, text: &str) {
        // The length in bytes is never below that in code points, so the count is rarely needed.
        let short = text.len() < min || (min > 0 && text.chars().count() < min);
        if short || (text.len() > max && text.chars().count() > max) {
            let count = text.chars().count();
            let bound = if count < min { format!("at least {min}") } else { format!("at most {max}") };
            self.add(format!("has {count} characters ({bound} allowed): {}", excerpt(text)));
        } else if let Some(class) = class.filter(|class| !class.matches(text)) {
            self.add(format!("is {}, which does not match {}", excerpt(text), class.source()));
        }
    }

    fn object(
        &mut self,
        properties: &[(String, Node)],
        required: &[String],
        closed: bool,
        members: &Map<String, Value>,
    ) {
        for name in required.iter().filter(|name| !members.contains_key(name.as_str())) {
            self.below(name, |walk| walk.add("is missing".to_owned()));
        }
        for (name, value) in members {
            match properties.iter().find(|(known, _)| known == name) {
                Some((_, node)) => self.below(name, |walk| walk.visit(node, value)),
                None if closed => self.below(name, |walk| walk.add("is not a known property".to_owned())),
                None => {}
            }
        }
    }

    fn below(&mut self, token: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        for character in token.chars() {
            match character {
                '~' => self.pointer.push_str("~0"),
                '/' => self.pointer.push_str("~1"),
                other => self.pointer.push(other),
            }
        }
        visit(self);
        self.pointer.truncate(length);
    }

    fn add(&mut self, message: String) {
        if self.found.len() < Violations::LIMIT {
            self.found.push(Violation::new(self.pointer.clone(), message));
        }
    }
}

/// Reads an integer; a float without fraction counts as one (§4.5).
pub(crate) fn as_integer(number: &serde_json::Number) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0; // 2^53: floats beyond it do not stand for one integer
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= LIMIT)?;
        #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53")]
        Some(float as i64)
    })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Quotes the beginning of a text, enough to recognise it.
fn excerpt(text: &str) -> String {
    const LENGTH: usize = 60;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Checker, Violations};

    fn violations(schema: &serde_json::Value, value: &serde_json::Value) -> Vec<String> {
        match Checker::compile(schema).unwrap().check(value, "") {
            Ok(()) => Vec::new(),
            Err(violations) => violations.as_slice().iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn violations_name_their_place() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["a/b", "list"],
            "properties": {
                "a/b": {"type": "string", "minLength": 1, "maxLength": 3},
                "list": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 3}},
                "kind": {"oneOf": [{"const": "x"}, {"const": "y"}]},
                "flag": {"type": "boolean"},
                "any": {"description": "free"}
            }
        });
        let table = [
            (json!({"a/b": "äöü", "list": [1, 2.0, 3], "kind": "y", "flag": true, "any": null}), vec![]),
            (json!({"list": []}), vec!["/a~1b is missing"]),
            (json!({"a/b": "", "list": []}), vec!["/a~1b has 0 characters (at least 1 allowed): \"\""]),
            (
                json!({"a/b": "äöüä", "list": []}),
                vec!["/a~1b has 4 characters (at most 3 allowed): \"äöüä\""],
            ),
            (
                json!({"a/b": 1, "list": [0, 1.5, true, 18_446_744_073_709_551_615_u64]}),
                vec![
                    "/a~1b is a number, not a string",
                    "/list/0 is 0, not between 1 and 3",
                    "/list/1 is 1.5, not an integer of 64 bits",
                    "/list/2 is a boolean, not an integer",
                    "/list/3 is 18446744073709551615, not an integer of 64 bits",
                ],
            ),
            (
                json!({"a/b": "a", "list": {}, "kind": "z", "flag": null, "more": 1}),
                vec![
                    "/list is an object, not an array",
                    "/kind is \"z\", not one of x, y",
                    "/flag is null, not a boolean",
                    "/more is not a known property",
                ],
            ),
            (json!([]), vec!["/ is an array, not an object"]),
        ];
        for (value, expected) in table {
            assert_eq!(violations(&schema, &value), expected, "{value}");
        }
    }

    #[test]
    fn the_list_of_violations_is_bounded() {
        let schema = json!({"type": "array", "items": {"type": "boolean"}});
        let found = violations(&schema, &json!(vec![1; 10_000]));
        assert_eq!(found.len(), Violations::LIMIT);
    }

    #[test]
    fn forms_are_told_apart_by_their_tag() {
        let form = |tag: &str, name: &str| {
            json!({
                "type": "object", "additionalProperties": false, "required": ["kind", name],
                "properties": {"kind": {"type": "string", "const": tag}, (name): {"type": "string"}}
            })
        };
        let schema = json!({"oneOf": [form("a", "x"), form("b", "y"), form("a", "z")]});
        let table = [
            (json!({"kind": "a", "x": "1"}), vec![]),
            (json!({"kind": "b", "y": "1"}), vec![]),
            (json!({"kind": "a", "z": "1"}), vec![]),
            (json!({"kind": "a"}), vec!["/x is missing"]),
            (json!({"kind": "b", "x": "1"}), vec!["/y is missing", "/x is not a known property"]),
            (json!({"kind": "a", "x": "1", "z": "1"}), vec!["/z is not a known property"]),
            (json!({"kind": "c", "x": "1"}), vec!["/kind is \"c\", not one of a, b"]),
            (json!({"kind": 1}), vec!["/kind is a number, not a string"]),
            (json!({"x": "1"}), vec!["/kind is missing"]),
            (json!("a"), vec!["/ is a string, not an object"]),
        ];
        for (value, expected) in table {
            assert_eq!(violations(&schema, &value), expected, "{value}");
        }
        for other in [json!({"oneOf": []}), json!({"oneOf": [{"type": "object"}, {"type": "object"}]})] {
            assert!(Checker::compile(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn formats_are_enforced_where_asked_for() {
        let schema = json!({"type": "array", "items": {"type": "string", "format": "date-time"}});
        let value = json!(["2019-06-26T19:36:10.316Z", "2019-06-26"]);
        assert!(violations(&schema, &value).is_empty());
        let found = Checker::with_formats(&schema).unwrap().check(&value, "").unwrap_err();
        assert_eq!(found.to_string(), "/1 is \"2019-06-26\", not a date and time as of RFC 3339");
        let other = json!({"type": "string", "format": "hostname"});
        assert!(Checker::compile(&other).is_ok() && Checker::with_formats(&other).is_err());
    }

    #[test]
    fn a_keyword_that_is_not_enforced_is_refused() {
        for schema in [
            json!({"type": "string", "pattern": "^a|b$"}),
            json!({"type": "array", "uniqueItems": true}),
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            json!({"type": "number"}),
            json!({"$ref": "#/x"}),
            json!({"properties": {}}),
            json!(false),
        ] {
            assert!(Checker::compile(&schema).is_err(), "{schema}");
        }
    }
}

//! Numbers in bodies: front-ends send some of them as text.

use serde_json::Value;

/// Reads a whole number, or the text of one.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_from_texts_too() {
        for (value, expected) in [
            (json!(12), Some(12)),
            (json!(" 12 "), Some(12)),
            (json!("x"), None),
            (json!(1.5), None),
            (json!([1]), None),
            (json!(true), None),
            (json!(null), None),
        ] {
            assert_eq!(integer(&value), expected, "{value}");
        }
    }
}

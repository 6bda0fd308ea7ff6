use serde_json::{Map, Value};

use super::*;

/// Reads any value the way the typed readers do, with the last of equal keys winning.
fn value(reader: &mut Reader<'_>) -> Result<Value, SyntaxError> {
    Ok(match reader.kind()? {
        Kind::Null => {
            reader.skip()?;
            Value::Null
        }
        Kind::Bool => reader.bool()?.into(),
        Kind::String => reader.string()?.into_owned().into(),
        Kind::Number => match reader.number()? {
            Number::Finite(number) => number.into(),
            Number::NotFinite(text) => format!("not finite: {text}").into(),
        },
        Kind::Array => {
            reader.open()?;
            let mut list = Vec::new();
            while reader.next_element()? {
                list.push(value(reader)?);
            }
            list.into()
        }
        Kind::Object => {
            reader.open()?;
            let mut map = Map::new();
            while let Some(key) = reader.next_key()? {
                map.insert(key.into_owned(), value(reader)?);
            }
            map.into()
        }
    })
}

fn read(text: &str) -> Result<Value, SyntaxError> {
    let mut reader = Reader::new(text);
    let value = value(&mut reader)?;
    reader.end()?;
    Ok(value)
}

fn skip(text: &str) -> Result<Skipped<'_>, SyntaxError> {
    let mut reader = Reader::new(text);
    let skipped = reader.skip()?;
    reader.end()?;
    Ok(skipped)
}

#[test]
fn the_dialect_is_pythons() {
    let cases = [
        (r#"{"a": 1, "a": 2}"#, r#"{"a": 2}"#),
        (
            "[NaN, Infinity, -Infinity]",
            r#"["not finite: NaN", "not finite: Infinity", "not finite: -Infinity"]"#,
        ),
        (r#"["NaN, Infinity"]"#, r#"["NaN, Infinity"]"#),
        ("[1e400]", r#"["not finite: 1e400"]"#),
        ("[-0, 0, 10, -7]", "[0, 0, 10, -7]"),
        ("[1.0, 1E2, 2e-1, 18446744073709551615]", "[1.0, 100.0, 0.2, 18446744073709551615]"),
        (r#" [ "\u00e9\ud83d\ude00\n\/" , { } , [ ] ] "#, r#"["é😀\n/", {}, []]"#),
        (r#"["\ud83d"]"#, "[\"\u{fffd}\"]"),
        ("[true, false, null]", "[true, false, null]"),
    ];
    for (text, expected) in cases {
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(read(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_json_is_refused_by_reading_and_by_skipping() {
    let texts = [
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "[01]",
        "[+1]",
        "[1.]",
        "[.5]",
        "[-]",
        "[1e]",
        "[--1]",
        "[nan]",
        "[-NaN]",
        "[Inf]",
        "[tru]",
        "[nul]",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"a\tb\"",
        "[1] 2",
        "[1]]",
        "[1}",
        "{\"a\":1]",
        "[True]",
        "\u{a0}[]",
    ];
    for text in texts {
        assert!(read(text).is_err(), "{text}");
        assert!(skip(text).is_err(), "{text}");
    }
}

#[test]
fn errors_name_their_place() {
    let cases = [
        (r#"{"a": 1} }"#, 9, "text after the end of the value"),
        (r#"{"a": tru}"#, 6, "expected a value"),
        ("{\"a\": \"x\ty\"}", 8, "control character in a string"),
    ];
    for (text, offset, message) in cases {
        assert_eq!(read(text), Err(SyntaxError { offset, message }), "{text}");
    }
}

#[test]
fn skipping_hands_out_the_text_and_what_json_cannot_carry() {
    let mut reader = Reader::new(r#" {"a": [1, {"b": NaN}], "c": Infinity} , 7"#);
    let skipped = reader.skip().unwrap();
    assert_eq!(skipped.text, r#"{"a": [1, {"b": NaN}], "c": Infinity}"#);
    assert_eq!(skipped.not_finite, Some("NaN"));
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    let fits = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert_eq!(skip(&fits).unwrap().text, fits);
    assert!(serde_json::from_str::<Value>(&fits).is_ok(), "strict readers must accept what we let through");
    for open in ["[", "{\"a\":", "[{\"a\":"] {
        let deep = open.repeat(100_000);
        assert_eq!(skip(&deep).unwrap_err().message, "nested more than 100 levels deep");
    }
    // Side by side is not deep.
    let wide = format!("[{}[]]", "[],".repeat(100_000));
    assert_eq!(skip(&wide).unwrap().text, wide);
}

#[test]
fn floats_are_exact_to_the_last_digit() {
    for text in [
        "0.12274815799997896",
        "3.4138102531433105",
        "0.30000000000000004",
        "5e-324",
        "1.7976931348623157e308",
    ] {
        let Ok(Number::Finite(number)) = Reader::new(text).number() else { panic!("{text}") };
        assert_eq!(number.as_f64(), Some(text.parse::<f64>().unwrap()), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn agrees_with_a_strict_reader_on_what_that_one_writes(text in "\\PC{0,40}", number: i64, float: f64, nested: Vec<Vec<bool>>) {
        let value = serde_json::json!({ text.clone(): [number, text], "f": if float.is_finite() { float } else { 0.0 }, "n": nested });
        let written = value.to_string();
        proptest::prop_assert_eq!(read(&written).unwrap(), value);
        proptest::prop_assert_eq!(skip(&written).unwrap().text, &written);
    }

    #[test]
    fn accepts_whatever_a_strict_reader_accepts(text in "[\\[\\]{}\":,0-9eE.+ \\\\ntrua-]{0,24}") {
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            let ours = read(&text);
            // The strict reader makes a float of `-0`.
            proptest::prop_assert!(ours.is_ok(), "{:?} for {}", ours, value);
        } else if !text.contains(['N', 'I']) {
            // Lone surrogates and floats out of range are the only other differences, and no text of this alphabet has the first.
            let out_of_range = text.contains(['e', 'E']);
            proptest::prop_assert!(out_of_range || skip(&text).is_err(), "{}", text);
        }
    }
}

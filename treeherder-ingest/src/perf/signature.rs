//! The hash that names a series (`spec/api.md` §6.3).

use sha1::{Digest as _, Sha1};

/// The properties that make a series what it is.
///
/// The application is not among them: it is part of the key of the row instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureProperties<'a> {
    /// Options of the build.
    pub option_collection_hash: &'a str,
    /// Platform the job ran on.
    pub machine_platform: &'a str,
    /// Suite.
    pub suite: &'a str,
    /// Extra options in order.
    pub extra_options: &'a [&'a str],
    /// Subtest; `None` for the summary of a suite.
    pub test: Option<&'a str>,
    /// Hash of the summary that a subtest counts into.
    pub parent_signature: Option<&'a str>,
}

impl SignatureProperties<'_> {
    /// The text that is hashed: all names and values, sorted bytewise, without anything between.
    #[must_use]
    pub fn text(&self) -> String {
        let options = (!self.extra_options.is_empty()).then(|| json_list(self.extra_options));
        let properties = [
            ("option_collection_hash", Some(self.option_collection_hash)),
            ("machine_platform", Some(self.machine_platform)),
            ("suite", Some(self.suite)),
            ("test_options", options.as_deref()),
            ("test", self.test),
            ("parent_signature", self.parent_signature),
        ];
        let mut parts: Vec<&str> = Vec::with_capacity(12);
        for (name, value) in properties {
            if let Some(value) = value {
                parts.extend([name, value]);
            }
        }
        parts.sort_unstable();
        parts.concat()
    }

    /// The SHA-1 of [`text`](Self::text), as 40 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        format!("{:x}", Sha1::digest(self.text()))
    }
}

/// Writes a list of texts as Python's `json.dumps` does: `", "` between items and everything beyond ASCII escaped.
///
/// The hash is built from this text, so it has to agree to the byte.
#[must_use]
pub fn json_list(items: &[&str]) -> String {
    let mut text = String::from("[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        push_string(&mut text, item);
    }
    text.push(']');
    text
}

fn push_string(text: &mut String, item: &str) {
    text.push('"');
    for character in item.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            ' '..='~' => text.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPT: &str = "102210fe594ee9b33d82058545b1ed14f4c8206e";

    fn summary() -> SignatureProperties<'static> {
        SignatureProperties {
            option_collection_hash: OPT,
            machine_platform: "linux64",
            suite: "amazon",
            extra_options: &["cold", "fission"],
            test: None,
            parent_signature: None,
        }
    }

    /// The two vectors of `spec/api.md` §6.3.
    #[test]
    fn the_summary_and_its_subtest_have_the_hashes_of_the_specification() {
        let summary = summary();
        assert_eq!(
            summary.text(),
            "102210fe594ee9b33d82058545b1ed14f4c8206e[\"cold\", \"fission\"]amazonlinux64machine_platform\
             option_collection_hashsuitetest_options"
        );
        let parent = summary.hash();
        assert_eq!(parent, "6f6b9db463da358bd4334a8cf19722636157f835");
        let subtest = SignatureProperties { test: Some("fcp"), parent_signature: Some(&parent), ..summary };
        assert_eq!(
            subtest.text(),
            "102210fe594ee9b33d82058545b1ed14f4c8206e6f6b9db463da358bd4334a8cf19722636157f835[\"cold\", \"fission\"]\
             amazonfcplinux64machine_platformoption_collection_hashparent_signaturesuitetesttest_options"
        );
        assert_eq!(subtest.hash(), "95a59f386c24a910c44b1f842b05cf16b95bf2e5");
    }

    #[test]
    fn without_options_there_is_no_trace_of_them() {
        let plain = SignatureProperties { extra_options: &[], ..summary() };
        assert_eq!(plain.text(), format!("{OPT}amazonlinux64machine_platformoption_collection_hashsuite"));
    }

    #[test]
    fn lists_are_written_as_python_writes_them() {
        let cases: [(&[&str], &str); 4] = [
            (&[], "[]"),
            (&["a\"b", "c\\d"], r#"["a\"b", "c\\d"]"#),
            (&["caf\u{e9}", "\u{1f346}"], r#"["caf\u00e9", "\ud83c\udf46"]"#),
            (&["\n\r\t\u{8}\u{c}\u{1}\u{7f}/"], r#"["\n\r\t\b\f\u0001\u007f/"]"#),
        ];
        for (items, expected) in cases {
            assert_eq!(json_list(items), expected);
        }
    }
}

//! The formats of texts that can be enforced.

use chrono::DateTime;
use url::Url;

/// What a text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    DateTime,
    Uri,
}

impl Format {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "date-time" => Some(Self::DateTime),
            "uri" => Some(Self::Uri),
            _ => None,
        }
    }

    /// Names the format for messages.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::DateTime => "a date and time as of RFC 3339",
            Self::Uri => "an absolute URI",
        }
    }

    pub(super) fn matches(self, text: &str) -> bool {
        match self {
            Self::DateTime => DateTime::parse_from_rfc3339(text).is_ok(),
            Self::Uri => text.bytes().all(may_be_in_uri) && Url::parse(text).is_ok(),
        }
    }
}

/// Tells whether RFC 3986 lets a byte stand in a URI as it is.
pub(crate) fn may_be_in_uri(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn formats_match_what_they_name() {
        let date_time = Format::named("date-time").unwrap();
        for (text, expected) in [
            ("2019-06-26T19:36:10.316Z", true),
            ("2025-02-26T22:45:17-08:00", true),
            ("2019-06-26T19:36:10", false),
            ("2019-06-26", false),
            ("2019-13-26T19:36:10Z", false),
            ("", false),
        ] {
            assert_eq!(date_time.matches(text), expected, "{text}");
        }
        let uri = Format::named("uri").unwrap();
        for (text, expected) in [
            ("https://tc.example.com/api/queue/v1/task/a/b.log?x=1#y", true),
            ("mailto:me@example.com", true),
            ("https://x/a%20b", true),
            ("https://x/a b", false),
            ("https://x/größe", false),
            ("https://x/<a>", false),
            ("/a/b", false),
            ("", false),
        ] {
            assert_eq!(uri.matches(text), expected, "{text}");
        }
    }
}

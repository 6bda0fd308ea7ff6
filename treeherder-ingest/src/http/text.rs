//! Bytes of a response to text (§5.8.2).

/// Decodes a body: by the charset of its `Content-Type` when that is ISO-8859-1, else as UTF-8.
///
/// Undecodable bytes are replaced and a byte order mark is dropped. A `text/*` type without charset is UTF-8,
/// which is what Taskcluster artifacts are written in.
#[must_use]
pub fn decode_text(body: &[u8], content_type: Option<&str>) -> String {
    if content_type.and_then(charset).is_some_and(|name| is_latin1(&name)) {
        return body.iter().copied().map(char::from).collect();
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    String::from_utf8_lossy(body).into_owned()
}

fn charset(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        name.trim().eq_ignore_ascii_case("charset").then(|| value.to_ascii_lowercase())
    })
}

fn is_latin1(name: &str) -> bool {
    matches!(name, "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "latin-1" | "l1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_by_charset() {
        let table: [(&[u8], Option<&str>, &str); 6] = [
            ("aé🍂".as_bytes(), None, "aé🍂"),
            ("aé".as_bytes(), Some("text/plain"), "aé"),
            ("🍂".as_bytes(), Some("text/plain;charset=utf-8"), "🍂"),
            (b"a\xe9", Some("text/plain; charset=\"ISO-8859-1\""), "aé"),
            (b"a\xff", Some("text/plain"), "a\u{fffd}"),
            (b"\xef\xbb\xbf{}", Some("application/json"), "{}"),
        ];
        for (body, content_type, expected) in table {
            assert_eq!(decode_text(body, content_type), expected);
        }
    }
}

//! URLs without their secrets, for logs and error texts.

use url::Url;

/// Longest URL text kept in messages, in characters.
const MAX_TEXT: usize = 400;

/// What a query key must contain (in lower case) for its value to be a secret.
const SECRET_KEYS: [&str; 13] = [
    "token",
    "key",
    "secret",
    "sig",
    "password",
    "passwd",
    "auth",
    "bewit",
    "credential",
    "hmac",
    "session",
    "jwt",
    "x-amz-",
];

/// Renders `url` for people: no user, password or fragment, no value of a query key that looks like a
/// credential, and at most 400 characters.
///
/// A text that is no URL is cut before its query and loses what stands before an `@`.
#[must_use]
pub fn redact_url(url: &str) -> String {
    let text = match Url::parse(url) {
        Ok(url) if url.has_host() => redact_parsed(url),
        _ => redact_unparsed(url),
    };
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn redact_parsed(mut url: Url) -> String {
    url.set_fragment(None);
    // Both fail only for URLs without a host, which do not come here.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let Some(query) = url.query().map(str::to_owned) else { return url.into() };
    let kept: Vec<String> = query.split('&').map(redact_pair).collect();
    url.set_query(Some(&kept.join("&")));
    url.into()
}

fn redact_pair(pair: &str) -> String {
    let Some((key, _)) = pair.split_once('=') else { return pair.to_owned() };
    // Percent-decoding first, so that an escaped letter does not hide a secret's name.
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next().map(|(key, _)| key.to_lowercase());
    let name = decoded.unwrap_or_default();
    if SECRET_KEYS.iter().any(|secret| name.contains(secret)) {
        format!("{key}=REDACTED")
    } else {
        pair.to_owned()
    }
}

fn redact_unparsed(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let scheme_end = text.find("//").map_or(0, |at| at + 2);
    match text.rfind('@') {
        Some(at) if at >= scheme_end => format!("{}{}", &text[..scheme_end], &text[at + 1..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_credentials_and_keeps_the_rest() {
        let table = [
            (
                "https://hg.mozilla.org/try/json-pushes?startID=1&full=1",
                "https://hg.mozilla.org/try/json-pushes?startID=1&full=1",
            ),
            ("https://user:hunter2@hg.mozilla.org/", "https://hg.mozilla.org/"),
            (
                "https://s3.example/x?X-Amz-Signature=abc&versionId=3",
                "https://s3.example/x?X-Amz-Signature=REDACTED&versionId=3",
            ),
            ("https://s3.example/x?X-Amz-Date=abc#frag", "https://s3.example/x?X-Amz-Date=REDACTED"),
            ("https://b.example/?api%5Fk%65y=hunter2", "https://b.example/?api%5Fk%65y=REDACTED"),
            ("https://b.example/?flag&access_token=hunter2", "https://b.example/?flag&access_token=REDACTED"),
            ("no url?token=hunter2", "no url"),
            ("https://user:hunter2@bad host/x", "https://bad host/x"),
            ("mailto:user:hunter2@host", "host"),
        ];
        for (input, expected) in table {
            assert_eq!(redact_url(input), expected, "{input}");
        }
    }

    #[test]
    fn bounds_the_length() {
        let text = redact_url(&format!("https://a.example/{}", "é".repeat(3000)));
        assert_eq!(text.chars().count(), MAX_TEXT + 1);
    }

    proptest::proptest! {
        #[test]
        fn never_tells_a_password(
            scheme in "[a-z]{2,5}", user in "[a-z@:%]{0,5}", host in "[a-z. @\\[]{1,9}", rest in "[/?#&=a-z%@ü]{0,20}"
        ) {
            let text = redact_url(&format!("{scheme}://{user}:HUNTER2@{host}{rest}"));
            proptest::prop_assert!(!text.contains("HUNTER2"), "{}", text);
        }

        #[test]
        fn never_tells_a_token(key in "[a-z-]{0,5}(token|KEY|Signature|hmac)[a-z]{0,3}", rest in "[&=a-z#]{0,9}") {
            let text = redact_url(&format!("https://a.example/?{key}=HUNTER2&{rest}"));
            proptest::prop_assert!(!text.contains("HUNTER2"), "{}", text);
        }
    }
}

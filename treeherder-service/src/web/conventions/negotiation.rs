//! Which form of an answer a client wants (§1.1).

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use crate::web::response::Refused;

/// Versions of the API; there is no difference between them.
const VERSIONS: [&str; 2] = ["1.0", "1.1"];

/// Media types that our answers can be taken for; that of the API's own description is JSON as well, and browsers ask for
/// the log of a running task as an event stream.
const MEDIA_TYPES: [&str; 3] = ["application/json", "application/vnd.oai.openapi+json", "text/event-stream"];

/// Refuses what we cannot give: other formats, media types and versions, and paths that are no text.
pub(super) fn refusal(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    acceptable(uri, headers).err().map(Refused::into_response)
}

fn acceptable(uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
    let path = percent_decode_str(uri.path()).decode_utf8();
    if path.is_err() || path.is_ok_and(|path| path.contains('\0')) {
        return Err(Refused::not_found("Not found."));
    }
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    if query.filter(|(name, _)| name == "format").last().is_some_and(|(_, format)| !is_json(&format)) {
        return Err(Refused::not_found("Not found."));
    }
    let accepted: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok()).collect();
    version(&accepted.join(","))
}

/// A blank format is none.
fn is_json(format: &str) -> bool {
    format.is_empty() || format == "json"
}

/// Checks the version that goes with the most precise media range that fits.
fn version(accept: &str) -> Result<(), Refused> {
    if accept.trim().is_empty() {
        return Ok(());
    }
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let precision = match parts.next()? {
            "*/*" | "*" => 0,
            "application/*" => 1,
            media_type if MEDIA_TYPES.iter().any(|known| known.eq_ignore_ascii_case(media_type)) => 2,
            _ => return None,
        };
        let version = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            (name.trim() == "version").then(|| value.trim().trim_matches('"'))
        });
        Some((precision, version))
    });
    let not_acceptable = |detail| Err(Refused::detail(StatusCode::NOT_ACCEPTABLE, detail));
    match ranges.max_by_key(|(precision, version)| (*precision, version.is_some())) {
        None => not_acceptable("Could not satisfy the request Accept header."),
        Some((_, Some(version))) if !VERSIONS.contains(&version) => {
            not_acceptable("Invalid version in \"Accept\" header.")
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_and_versions() {
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "application/json; version=1.0",
            "application/json;version=\"1.1\"",
            "text/html, application/xhtml+xml, */*;q=0.8",
            "text/html;version=9, application/json",
        ] {
            assert!(version(accept).is_ok(), "{accept}");
        }
        for accept in
            ["text/html", "image/*", "application/json; version=2", "*/*, application/json; version=x"]
        {
            assert!(version(accept).is_err(), "{accept}");
        }
    }
}

//! Scripts, styles and pictures: in the binary, compressed once, under names that change with their content.
//!
//! All files are below `/static/HASH/`, where the hash is that of all of them. So what a module imports by a relative path
//! is of the same version, and a browser keeps everything for good.

mod bundle;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha1::{Digest as _, Sha1};

use crate::web::conventions::compression::takes_gzip;

/// Names and contents of the folder `static`.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/static_files.rs"));

/// Below this, compressing saves nothing.
const WORTH_COMPRESSING: usize = 200;

/// A year: for good.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The static files of this version.
#[derive(Clone, Debug)]
pub(super) struct Assets(Arc<Files>);

#[derive(Debug)]
struct Files {
    version: String,
    files: BTreeMap<String, File>,
}

#[derive(Debug)]
struct File {
    content: Vec<u8>,
    gzipped: Option<Vec<u8>>,
    media_type: &'static str,
}

impl Assets {
    /// Returns the files of the binary.
    pub(super) fn embedded() -> Self {
        static EMBEDDED: LazyLock<Assets> = LazyLock::new(|| {
            Assets::new(FILES.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect())
        });
        EMBEDDED.clone()
    }

    /// Makes the files ready to be sent.
    fn new(contents: BTreeMap<String, Vec<u8>>) -> Self {
        let mut hash = Sha1::new();
        for (name, content) in &contents {
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(content);
        }
        let version = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let files = served(contents).into_iter().map(|(name, content)| {
            let file = File { media_type: media_type(&name), gzipped: gzipped(&content), content };
            (name, file)
        });
        Self(Arc::new(Files { version, files: files.collect() }))
    }

    /// Returns the name of this version, which is in all URLs.
    pub(super) fn version(&self) -> &str {
        &self.0.version
    }

    /// Returns the URL of a file.
    pub(super) fn url(&self, name: &str) -> String {
        format!("/static/{}/{name}", self.0.version)
    }

    fn answer(&self, version: &str, name: &str, headers: &HeaderMap) -> Response {
        let Some(file) = self.0.files.get(name) else { return StatusCode::NOT_FOUND.into_response() };
        // A page of a former version may still ask for its files; those of this one are the best there is.
        let of_this_version = version == self.0.version;
        let cache = if of_this_version { FOR_GOOD } else { HeaderValue::from_static("no-cache") };
        let tag = format!("\"{}\"", self.0.version);
        let Ok(etag) = HeaderValue::from_str(&tag) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        if known
            .is_some_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag))
        {
            return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag), (header::CACHE_CONTROL, cache)])
                .into_response();
        }
        let gzip = takes_gzip(headers);
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(file.media_type)),
            (header::CACHE_CONTROL, cache),
            (header::ETAG, etag),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        match (&file.gzipped, gzip) {
            (Some(gzipped), true) => {
                (headers, [(header::CONTENT_ENCODING, "gzip")], gzipped.clone()).into_response()
            }
            _ => (headers, file.content.clone()).into_response(),
        }
    }
}

/// Answers with a file.
pub(super) async fn file(
    State(assets): State<Assets>,
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    // While somebody works on them, the files in the source tree are what is wanted, without building anew.
    if cfg!(debug_assertions)
        && let Some(content) = of_source_tree(name.clone()).await
    {
        let media_type = HeaderValue::from_static(media_type(&name));
        let headers = [
            (header::CONTENT_TYPE, media_type),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        return (headers, content).into_response();
    }
    assets.answer(&version, &name, &headers)
}

/// Reads a file as it would be served if the program were built from the source tree of now.
async fn of_source_tree(name: String) -> Option<Vec<u8>> {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/static"));
    let read = move || {
        let files = FILES.iter().filter_map(|(name, _)| {
            std::fs::read(folder.join(name)).ok().map(|content| ((*name).to_owned(), content))
        });
        served(files.collect()).remove(&name)
    };
    tokio::task::spawn_blocking(read).await.ok().flatten()
}

/// Makes of the files of the source tree those that are served.
fn served(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let (modules, mut others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        files.into_iter().partition(|(name, _)| name.ends_with(".js"));
    let modules = modules.into_iter().map(|(name, source)| (name, without_comments(&source)));
    let bundled = bundle::bundled(&modules.collect());
    others.extend(bundled.into_iter().map(|(name, text)| (name, text.into_bytes())));
    others
}

/// Leaves out of a module what only people and the type checker read: comments and indentation.
///
/// A comment has a line of its own, or is a type between `/**` and `*/`; our modules have neither in a text.
fn without_comments(source: &[u8]) -> String {
    let source = String::from_utf8_lossy(source);
    let mut kept = String::with_capacity(source.len());
    let mut in_comment = false;
    for line in source.lines().map(str::trim) {
        if in_comment {
            in_comment = !line.contains("*/");
            continue;
        }
        if line.starts_with("//") {
            continue;
        }
        if line.starts_with("/**") && !line.contains("*/") {
            in_comment = true;
            continue;
        }
        let mut rest = line;
        let start = kept.len();
        while let Some((before, comment)) = rest.split_once("/**") {
            let Some((_, after)) = comment.split_once("*/") else { break };
            kept.push_str(before);
            rest = after.strip_prefix(' ').unwrap_or(after);
        }
        kept.push_str(rest);
        if kept.len() > start {
            kept.push('\n');
        }
    }
    kept
}

fn gzipped(content: &[u8]) -> Option<Vec<u8>> {
    if content.len() < WORTH_COMPRESSING {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    encoder.finish().ok().filter(|gzipped| gzipped.len() < content.len())
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "webmanifest") => "application/json",
        Some("png") => "image/png",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets(files: &[(&str, &str)]) -> Assets {
        Assets::new(files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect())
    }

    #[test]
    fn comments_are_for_people_only() {
        let source = "// @ts-check\n/**\n * Adds.\n * @param {number} a\n */\nexport function f(a) {\n  \
            const b = /** @type {any} */ (a); // b\n\n  return 'https://x' + b;\n}\n";
        let kept = without_comments(source.as_bytes());
        assert_eq!(kept, "export function f(a) {\nconst b = (a); // b\nreturn 'https://x' + b;\n}\n");
    }

    #[test]
    fn scripts_of_the_jobs_page_are_below_59_kilobytes() {
        let size = Assets::embedded().0.files["jobs/main.js"].content.len();
        assert!(size < 59_000, "{size}");
    }

    #[test]
    fn any_change_makes_another_name() {
        let (one, other) = (assets(&[("a.js", "1")]), assets(&[("a.js", "2")]));
        assert_ne!(one.url("a.js"), other.url("a.js"));
        assert_ne!(one.url("a.js"), assets(&[("a.js", "1"), ("b.js", "")]).url("a.js"));
    }

    #[test]
    fn answers_are_compressed_when_the_browser_takes_it_and_kept_for_good() {
        let text = "let a = 1;\n".repeat(100);
        let assets = assets(&[("a.js", &text)]);
        let version = assets.0.version.clone();
        let plain = assets.answer(&version, "a.js", &HeaderMap::new());
        assert!(plain.headers().get(header::CONTENT_ENCODING).is_none());
        let etag = plain.headers()[header::ETAG].clone();
        assert_eq!(plain.headers()[header::CACHE_CONTROL], FOR_GOOD);
        let gzip =
            HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("br, gzip;q=0.8"))]);
        assert_eq!(assets.answer(&version, "a.js", &gzip).headers()[header::CONTENT_ENCODING], "gzip");
        let refused = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip;q=0"))]);
        assert!(assets.answer(&version, "a.js", &refused).headers().get(header::CONTENT_ENCODING).is_none());
        let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, etag)]);
        assert_eq!(assets.answer(&version, "a.js", &known).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(assets.answer("older", "a.js", &gzip).headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(assets.answer(&version, "b.js", &gzip).status(), StatusCode::NOT_FOUND);
    }
}

//! A front-end from a folder, in place of our own pages (§9.1).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Redirect, Response};
use tower::ServiceExt as _;
use tower_http::services::{ServeDir, ServeFile};

const SHORT: &str = "max-age=60, public";
const FOR_EVER: &str = "max-age=315360000, public, immutable";

/// Digits of the hash in the name of a file of the front-end, and of other frameworks' below `/static/`.
const HASHES: [(&str, usize); 2] = [("/assets/", 8), ("/static/", 12)];

/// What a page of the front-end may load and from where (§8.5).
const POLICY: [(&str, &str); 8] = [
    ("default-src", "'none'"),
    ("script-src", "'self' 'unsafe-eval' 'report-sample'"),
    (
        "style-src",
        "'self' 'unsafe-inline' 'report-sample' https://fonts.googleapis.com \
         https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/css/bootstrap.min.css",
    ),
    ("font-src", "'self' https://fonts.gstatic.com"),
    ("img-src", "'self' data:"),
    (
        CONNECT,
        "'self' https://community-tc.services.mozilla.com https://firefox-ci-tc.services.mozilla.com \
         https://*.taskcluster-artifacts.net https://taskcluster-artifacts.net https://lando.moz.tools \
         https://bugzilla.mozilla.org https://auth.mozilla.auth0.com \
         https://stage.taskcluster.nonprod.cloudops.mozgcp.net https://insights-api.newrelic.com \
         https://prototype.treeherder.allizom.org https://treeherder.allizom.org",
    ),
    ("frame-src", "'self'"),
    ("report-uri", "/api/csp-report/"),
];

/// The directive that says whom scripts may ask.
const CONNECT: &str = "connect-src";

/// A folder and the policy of its files; cheap to clone.
#[derive(Clone, Debug)]
struct Folder {
    dir: Arc<PathBuf>,
    policy: HeaderValue,
}

/// Makes the routes of the files in `dir`; every other path gets its `index.html`, whose scripts know what to show there. They
/// may ask the identity provider at the origin `issuer`.
pub(super) fn router<AppState: Clone + Send + Sync + 'static>(
    dir: &Path,
    issuer: Option<&str>,
) -> Router<AppState> {
    let folder = Folder { dir: Arc::new(dir.to_owned()), policy: policy(issuer) };
    // `ServeDir` takes the form that the client accepts of those that are there, answers conditional requests and ranges.
    Router::new().fallback(answer).layer(from_fn(pages_only_by_reading)).with_state(folder)
}

/// Writes the policy. Without an issuer, or with the one that it has already, it is as listed.
fn policy(issuer: Option<&str>) -> HeaderValue {
    let directives = POLICY.map(|(name, sources)| match issuer {
        Some(issuer) if name == CONNECT && sources.split(' ').all(|source| source != issuer) => {
            format!("{name} {sources} {issuer}")
        }
        _ => format!("{name} {sources}"),
    });
    // An origin is ASCII, as is the rest; a policy that allows nothing is the safe way out all the same.
    HeaderValue::from_str(&directives.join("; ")).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

async fn answer(State(Folder { dir, policy }): State<Folder>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path.starts_with("/api/") || path == "/api" {
        return super::response::nothing_here(request.uri().clone()).await;
    }
    if path == "/index.html" {
        let mut redirect = Redirect::temporary("./").into_response();
        *redirect.status_mut() = StatusCode::FOUND;
        return redirect;
    }
    let conditions = request.headers().clone();
    let files =
        ServeDir::new(&*dir).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let found = if path == "/" { index(&dir, request).await } else { served(files.oneshot(request).await) };
    if found.status() != StatusCode::NOT_FOUND {
        return of_file(found, if is_immutable(&path) { FOR_EVER } else { SHORT }, policy);
    }
    let mut plain = Request::new(axum::body::Body::empty());
    if let Some(encoding) = conditions.get(header::ACCEPT_ENCODING) {
        plain.headers_mut().insert(header::ACCEPT_ENCODING, encoding.clone());
    }
    index(&dir, plain).await
}

async fn index(dir: &Path, request: Request) -> Response {
    let file = ServeFile::new(dir.join("index.html")).precompressed_br().precompressed_gzip();
    served(file.oneshot(request).await)
}

fn served<Body>(answer: Result<axum::http::Response<Body>, std::convert::Infallible>) -> Response
where
    Body: axum::body::HttpBody<Data = axum::body::Bytes> + Send + 'static,
    Body::Error: Into<axum::BoxError>,
{
    match answer {
        Ok(answer) => answer.map(axum::body::Body::new),
        Err(never) => match never {},
    }
}

/// Adds what files have and the page of other paths has not. Also when a browser has the file already: it takes
/// the policy of now then.
fn of_file(mut response: Response, how_long: &'static str, policy: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(how_long));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Tells whether the name of a file changes whenever its content does.
fn is_immutable(path: &str) -> bool {
    HASHES.iter().any(|(folder, digits)| {
        path.strip_prefix(folder).is_some_and(|name| {
            name.split('.').skip(1).any(|part| {
                part.len() == *digits
                    && part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
            })
        })
    })
}

/// Files can be read and nothing else.
async fn pages_only_by_reading(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_may_ask_the_identity_provider_of_this_site() {
        let usual = policy(None);
        assert_eq!(policy(Some("https://auth.mozilla.auth0.com")), usual, "it is listed already");
        let other = policy(Some("https://id.example"));
        let (usual, other) = (usual.to_str().unwrap(), other.to_str().unwrap());
        let with_it = usual.replace("; frame-src", " https://id.example; frame-src");
        assert_eq!(other, with_it);
        assert!(usual.starts_with("default-src 'none'; script-src 'self' 'unsafe-eval' 'report-sample'; "));
        assert!(!usual.contains("  "), "{usual}");
    }

    #[test]
    fn names_with_hashes_are_kept_for_ever() {
        for path in ["/assets/index.0a1b2c3d.js", "/assets/a/b.12345678.css.map", "/static/x.0123456789ab.js"]
        {
            assert!(is_immutable(path), "{path}");
        }
        for path in
            ["/assets/index.js", "/index.0a1b2c3d.js", "/assets/index.0a1b2c3x.js", "/static/x.12345678.js"]
        {
            assert!(!is_immutable(path), "{path}");
        }
    }
}

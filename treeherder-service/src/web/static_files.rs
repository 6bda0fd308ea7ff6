//! A front-end from a folder, in place of our own pages (§9.1).

use std::path::{Path, PathBuf};

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

/// Makes the routes of the files in `dir`; every other path gets its `index.html`, whose scripts know what to show there.
pub(super) fn router<AppState: Clone + Send + Sync + 'static>(dir: &Path) -> Router<AppState> {
    // `ServeDir` takes the form that the client accepts of those that are there, answers conditional requests and ranges.
    Router::new().fallback(answer).layer(from_fn(pages_only_by_reading)).with_state(dir.to_owned())
}

async fn answer(State(dir): State<PathBuf>, request: Request) -> Response {
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
        ServeDir::new(&dir).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let found = if path == "/" { index(&dir, request).await } else { served(files.oneshot(request).await) };
    if found.status() != StatusCode::NOT_FOUND {
        return cached(found, if is_immutable(&path) { FOR_EVER } else { SHORT });
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

fn cached(mut response: Response, how_long: &'static str) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(how_long));
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

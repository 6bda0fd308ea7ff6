//! The documents that describe the exchange, at the paths that Taskcluster's tools look at.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use treeherder_ingest::bridge::reference_files;

/// Makes a route for each document.
pub(super) fn router<S: Clone + Send + Sync + 'static>(namespace: &str) -> Router<S> {
    reference_files(namespace).into_iter().fold(Router::new(), |router, file| {
        let text = file.text();
        let answer = move || std::future::ready(([(header::CONTENT_TYPE, "application/json")], text.clone()));
        router.route(&format!("/{}", file.path), get(answer))
    })
}

//! Pages that once were files (§11.1). What old links have behind their `#` only a script sees (`unhashed` in `static/page.js`).

use axum::Router;
use axum::http::Uri;
use axum::response::Redirect;
use axum::routing::get;

use crate::web::AppState;

const FILES: [&str; 6] = [
    "/index.html",
    "/jobs.html",
    "/logviewer.html",
    "/intermittent-failures.html",
    "/userguide.html",
    "/docs.html",
];

/// Makes the routes of the files.
pub(super) fn router() -> Router<AppState> {
    FILES.into_iter().fold(Router::new(), |router, file| router.route(file, get(moved)))
}

async fn moved(uri: Uri) -> Redirect {
    let page = match uri.path().strip_suffix(".html") {
        Some("/index") | None => "/jobs",
        Some(page) => page,
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{page}{query}"))
}

//! The way in.

use axum::response::Redirect;

/// Sends people to the list of endpoints.
pub(super) async fn home() -> Redirect {
    Redirect::temporary("/api/")
}

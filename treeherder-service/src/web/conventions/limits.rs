//! How long an answer may take and how large a body may be (§1.1).

use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::web::response::Refused;

/// How long a request is worked on.
const TIME: Duration = Duration::from_secs(30);

/// Bytes of a body that a handler takes unless it sets another limit.
pub(in crate::web) const BODY: usize = 2_500_000;

/// Gives up on what takes too long; the database stops working on it as well.
///
/// Uploads of logs take as long as the log does.
pub(super) async fn time(request: Request, next: Next) -> Response {
    if request.uri().path().ends_with("/log") {
        return next.run(request).await;
    }
    match tokio::time::timeout(TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => {
            Refused::detail(StatusCode::SERVICE_UNAVAILABLE, "The request took too long.").into_response()
        }
    }
}

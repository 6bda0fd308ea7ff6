//! Bodies of requests: JSON and nothing else (§1.1).

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::response::Refused;

/// The body of a request, read as JSON; an empty one counts as `{}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.map(|value| value.to_str().unwrap_or_default().to_owned());
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Refused::detail(rejection.status(), &rejection.body_text()))?;
        let media_type = content_type.as_deref().unwrap_or_default();
        if body.is_empty() && (media_type.is_empty() || is_json(media_type)) {
            return read(b"{}");
        }
        if !is_json(media_type) {
            let detail = format!("Unsupported media type \"{media_type}\" in request.");
            return Err(Refused::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, &detail));
        }
        read(&body)
    }
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<JsonBody<T>, Refused> {
    serde_json::from_slice(body).map(JsonBody).map_err(|error| {
        let detail = format!("JSON parse error - {error}");
        Refused::invalid(&detail)
    })
}

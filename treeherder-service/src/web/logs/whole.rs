//! `…/log`: a whole log.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use futures_util::stream;
use treeherder_ingest::store::{KEPT_CHUNK, KeptLog, Store, StoreError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::find_job;
use crate::web::AppState;
use crate::web::response::Refused;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(whole))
}

/// Sends a log that is kept here, gzipped; to other logs it leads.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{job}/log",
    tag = "logs",
    params(
        ("project" = String, Path),
        ("job" = String, Path, description = "Id, or guid with its slash as %2F"),
    ),
    responses(
        (status = OK, content_type = "text/plain", body = String),
        (status = TEMPORARY_REDIRECT, description = "The log is somewhere else"),
        (status = NOT_FOUND, description = "No such job, or it has no log")
    )
)]
async fn whole(
    State(store): State<Store>,
    Path((project, job)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let found = find_job(&store, &project, &job).await?;
    let log = found.log(None)?;
    let Some(kept) = store.kept_log(log.id).await? else {
        return Ok(Redirect::temporary(&log.url).into_response());
    };
    let length = kept.bytes;
    let pieces = stream::try_unfold((store, kept, 0), |(store, kept, at)| async move {
        let piece = next_piece(&store, &kept, at).await?;
        let next = at + piece.len() as u64;
        Ok::<_, StoreError>((!piece.is_empty()).then_some((piece, (store, kept, next))))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(header::CONTENT_LENGTH, length.into());
    Ok(response)
}

async fn next_piece(store: &Store, kept: &KeptLog, at: u64) -> Result<Bytes, StoreError> {
    let piece = store.kept_log_part(kept, at..at + KEPT_CHUNK as u64).await?;
    piece.ok_or_else(|| StoreError::NotFound { what: "kept log", key: kept.id.to_string() })
}

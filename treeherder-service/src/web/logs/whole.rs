//! `…/log`: a whole log.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use futures_util::stream;
use treeherder_ingest::store::{KEPT_CHUNK, KeptLog, Store, StoreError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::find_job;
use super::inflated::Inflated;
use crate::web::AppState;
use crate::web::conventions::compression::takes_gzip;
use crate::web::response::Refused;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(whole))
}

/// Sends a log that is kept here, gzipped to clients that take it; to other logs it leads.
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
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let found = find_job(&store, &project, &job).await?;
    let log = found.log(None)?;
    let Some(kept) = store.kept_log(log.id).await? else {
        return Ok(Redirect::temporary(&log.url).into_response());
    };
    let pieces = Pieces { store, kept, at: 0 };
    let mut response = if takes_gzip(&headers) { gzipped(pieces) } else { plain(pieces) };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}

/// Sends the log as it is kept.
fn gzipped(pieces: Pieces) -> Response {
    let length = pieces.kept.bytes;
    let body = stream::try_unfold(pieces, async |mut pieces| {
        let piece = pieces.next().await?;
        Ok::<_, StoreError>(piece.map(|piece| (piece, pieces)))
    });
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(header::CONTENT_LENGTH, length.into());
    response
}

/// Sends the text of the log. How long that is nobody knows before its end.
fn plain(pieces: Pieces) -> Response {
    let body = stream::try_unfold(Inflated::new(pieces), async |mut log| {
        let text = log.next().await.inspect_err(|error| tracing::warn!(%error, "a kept log breaks off"))?;
        Ok::<_, super::inflated::Broken>(text.map(|text| (text, log)))
    });
    Response::new(Body::from_stream(body))
}

/// The raw bytes of a log that is kept, piece by piece.
pub(super) struct Pieces {
    store: Store,
    kept: KeptLog,
    /// Where the next piece begins.
    at: u64,
}

impl Pieces {
    /// Returns the next piece; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let Self { store, kept, at } = self;
        let piece = store.kept_log_part(kept, *at..*at + KEPT_CHUNK as u64).await?;
        let gone = || StoreError::NotFound { what: "kept log", key: kept.id.to_string() };
        let piece = piece.ok_or_else(gone)?;
        *at += piece.len() as u64;
        Ok((!piece.is_empty()).then_some(piece))
    }
}

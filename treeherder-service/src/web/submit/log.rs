//! `PUT /api/project/{project}/jobs/{job}/log`: the log of a job.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Serialize;
use serde_json::json;
use tokio::time::timeout;
use treeherder_ingest::log::UploadError;
use treeherder_ingest::pipeline::SubmitLogError;
use treeherder_ingest::store::Store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Submitter, check_project};
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::live::Live;
use crate::web::logs::find_job;
use crate::web::response::Refused;
use crate::web::site::addressed;

/// Longest pause of an upload. A log takes as long as it takes, but whoever sends nothing for so long is gone.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Most bytes of a log that are taken, compressed or not.
const MOST_BYTES: u64 = 2 << 30;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(submit))
}

/// What came of a submitted log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubmittedLog)]
struct Taken {
    /// Id of the job.
    job_id: i64,
    /// Id of the log.
    log_id: i32,
    /// Where the log can be read.
    url: String,
    /// Lines of the log.
    total_lines: u64,
    /// Bytes of the log, decoded.
    total_bytes: u64,
    /// Its failure lines.
    failure_lines: Vec<FailureLine>,
}

/// A failure line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubmittedFailureLine)]
struct FailureLine {
    /// Its number, from 0.
    line_number: u64,
    /// Its text.
    line: String,
}

/// Takes the log of a job, gzipped or plain, and answers with its failure lines.
///
/// It is parsed while it arrives, and kept, so that viewers can show it. Submitting it again replaces it.
#[utoipa::path(
    put,
    path = "/api/project/{project}/jobs/{job}/log",
    tag = "submission",
    params(
        ("project" = String, Path),
        ("job" = String, Path, description = "Id, or guid with its slash as %2F"),
    ),
    request_body(content = String, content_type = "text/plain", description = "The log; gzip is told by its first bytes"),
    responses(
        (status = OK, body = Taken),
        (status = BAD_REQUEST, description = "The compressed log is damaged or cut off"),
        (status = FORBIDDEN, description = "No token"),
        (status = NOT_FOUND, description = "No such job"),
        (status = PAYLOAD_TOO_LARGE, description = "More than 2 GiB")
    )
)]
async fn submit(
    _: Submitter,
    State(store): State<Store>,
    State(live): State<Live>,
    Path((project, job)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Taken>, Refused> {
    check_project(&live, &project)?;
    let found = find_job(&store, &project, &job).await?;
    let job_id = found.job.job_id;
    let url = format!("{}/api/project/{project}/jobs/{job_id}/log", addressed(&headers));
    let taken = live.pipeline.submit_log(job_id, &url, MOST_BYTES, pieces(body.into_data_stream())).await;
    let taken = taken.map_err(not_taken)?;
    let failure_lines = taken
        .failure_lines
        .into_iter()
        .map(|line| FailureLine { line_number: line.line_number, line: line.line })
        .collect();
    Ok(Json(Taken {
        job_id,
        log_id: taken.log.id,
        url: taken.log.url,
        total_lines: taken.lines,
        total_bytes: taken.bytes,
        failure_lines,
    }))
}

/// Why a log was not sent to its end.
#[derive(Debug, thiserror::Error)]
enum Broken<E> {
    /// The connection broke.
    #[error(transparent)]
    Connection(E),
    /// The connection stands, but nothing comes.
    #[error("nothing came for {} seconds", LONGEST_PAUSE.as_secs())]
    Silent,
}

/// Ends an upload whose pause is too long, with an error.
fn pieces<E>(
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> impl Stream<Item = Result<Bytes, Broken<E>>> {
    stream::unfold(Some(body), |body| async {
        let mut body = body?;
        match timeout(LONGEST_PAUSE, body.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(body))),
            Ok(Some(Err(error))) => Some((Err(Broken::Connection(error)), None)),
            Ok(None) => None,
            Err(_elapsed) => Some((Err(Broken::Silent), None)),
        }
    })
}

fn not_taken(error: SubmitLogError) -> Refused {
    let status = match &error {
        SubmitLogError::Upload(UploadError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        SubmitLogError::Upload(UploadError::Decode(_) | UploadError::Truncated { .. })
        | SubmitLogError::Interrupted(_) => StatusCode::BAD_REQUEST,
        _ => return error.into(),
    };
    Refused::new(status, json!({"detail": error.to_string()}))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of `count` pieces with pauses between them.
    fn log(count: u8, pause: Duration) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
        stream::unfold(0, move |sent| async move {
            if sent == count {
                return None;
            }
            tokio::time::sleep(pause).await;
            Some((Ok(Bytes::copy_from_slice(&[sent])), sent + 1))
        })
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_may_take_long_but_not_stand_still() {
        let slow = pieces(Box::pin(log(100, LONGEST_PAUSE / 2)));
        let taken: Vec<u8> = slow.map(|piece| piece.unwrap()[0]).collect().await;
        assert_eq!(taken, (0..100).collect::<Vec<_>>());

        let stuck = log(2, Duration::ZERO).chain(stream::pending());
        let taken: Vec<_> = pieces(Box::pin(stuck)).collect().await;
        assert_eq!(taken.len(), 3);
        let told = taken[2].as_ref().unwrap_err().to_string();
        assert_eq!(told, "nothing came for 30 seconds");

        let broken = log(1, Duration::ZERO).chain(stream::iter([Err(std::io::Error::other("gone"))]));
        let taken: Vec<_> = pieces(Box::pin(broken)).collect().await;
        assert_eq!(taken[1].as_ref().unwrap_err().to_string(), "gone");
    }
}

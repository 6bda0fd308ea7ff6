//! `…/log/live`: the log of a task that still runs, line by line.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::log::{Followed, LogFollower};
use treeherder_ingest::store::{LogJob, Store};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::find_job;
use super::job::refused;
use crate::web::AppState;
use crate::web::live::Live;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// How often a quiet stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(25);

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(follow))
}

/// From where on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// First line, counted from 0.
    #[param(required = false)]
    from: u64,
}

impl Asked {
    fn read(parameters: &Parameters) -> Result<Self, Refused> {
        Ok(Self { from: parameters.natural("from")?.unwrap_or_default() })
    }
}

/// Streams a job's log as Server-Sent Events, while its task runs too.
///
/// | event | data |
/// |---|---|
/// | `lines` | `start`, the number of the first one, and `lines` |
/// | `failure` | `line_number` and `line`, as soon as the line is there |
/// | `end` | `lines`: how many the log has |
/// | `error` | `detail`: why the log breaks off |
///
/// The id of each event is the number of the next line: a browser that comes again goes on there.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{job}/log/live",
    tag = "logs",
    params(
        ("project" = String, Path),
        ("job" = String, Path, description = "Id, or guid with its slash as %2F"),
        Asked
    ),
    responses(
        (status = OK, content_type = "text/event-stream", body = String),
        (status = BAD_REQUEST, description = "A parameter that cannot be read"),
        (status = NOT_FOUND, description = "No such job, or it has no log"),
        (status = SERVICE_UNAVAILABLE, description = "Too many logs are followed")
    )
)]
async fn follow(
    State(store): State<Store>,
    State(live): State<Live>,
    Path((project, job)): Path<(String, String)>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Refused> {
    let asked = Asked::read(&parameters)?;
    let found = find_job(&store, &project, &job).await?;
    let too_many = || {
        let body = json!({"detail": "Too many logs are followed right now."});
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, body)
    };
    let permit = live.follower().ok_or_else(too_many)?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let from = seen.unwrap_or(asked.from);
    let follower = match live_log(&found.job) {
        Some(url) => live.viewer().follow_url(&url, from).await,
        None => live.viewer().follow(found.log(None)?, from).await,
    };
    let follower = follower.map_err(refused)?;
    let following =
        Following { follower, next: from, is_over: false, stop: live.stop.clone(), _permit: permit };
    let frames = stream::unfold(following, |mut following| async move {
        let frames = following.frames().await?;
        Some((Ok::<Bytes, Infallible>(frames), following))
    });
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Returns where the log of a task that still runs can be read.
fn live_log(job: &LogJob) -> Option<String> {
    let (task_id, run_id) = (job.task_id.as_ref()?, job.run_id?);
    let root = job.tc_root_url.trim_end_matches('/');
    (job.state == "running")
        .then(|| format!("{root}/api/queue/v1/task/{task_id}/runs/{run_id}/artifacts/public/logs/live.log"))
}

/// One connection.
struct Following {
    follower: LogFollower,
    /// Number of the line that comes next.
    next: u64,
    is_over: bool,
    stop: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

impl Following {
    async fn frames(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let came = tokio::select! {
            () = self.stop.cancelled() => return None,
            came = timeout(HEARTBEAT, self.follower.next()) => came,
        };
        match came {
            Err(_elapsed) => Some(Bytes::from_static(b": heartbeat\n\n")),
            Ok(Ok(None)) => None,
            Ok(Ok(Some(followed))) => Some(self.told(followed)),
            Ok(Err(error)) => {
                self.is_over = true;
                Some(frame("error", self.next, &json!({"detail": error.to_string()})).into())
            }
        }
    }

    fn told(&mut self, followed: Followed) -> Bytes {
        let Followed { lines, failure_lines, is_end, .. } = followed;
        let mut text = String::new();
        if let (Some(first), Some(last)) = (lines.first(), lines.last()) {
            self.next = last.number + 1;
            let start = first.number;
            let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            text += &frame("lines", self.next, &json!({"start": start, "lines": lines}));
        }
        for line in failure_lines {
            let body = json!({"line_number": line.line_number, "line": line.line});
            text += &frame("failure", self.next, &body);
        }
        if is_end {
            self.is_over = true;
            text += &frame("end", self.next, &json!({"lines": self.next}));
        }
        text.into()
    }
}

fn frame(event: &str, id: u64, body: &Value) -> String {
    format!("id: {id}\nevent: {event}\ndata: {body}\n\n")
}

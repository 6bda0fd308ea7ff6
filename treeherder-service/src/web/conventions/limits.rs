//! How long an answer may take and how large a body may be (§1.1).

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::task::TaskTracker;

use crate::web::response::{Refused, is_api, page};

/// Bytes of a body that a handler takes unless it sets another limit.
pub(in crate::web) const BODY: usize = 2_500_000;

/// How long a request is worked on.
const TIME: Duration = Duration::from_secs(30);
/// How long requests that are under way at a stop are worked on. With what follows it stays below the 30 s after which
/// systemd, compose and `treeherder supervise` kill.
const LAST_WORK: Duration = Duration::from_secs(20);
/// How long clients have at a stop to read what was answered; one that reads nothing must not keep the process.
const LAST_BYTES: Duration = Duration::from_secs(3);

/// Uploads of logs take as long as the log does; only its pauses are limited.
const UPLOAD: (Method, &str) = (Method::PUT, "/api/project/{project}/jobs/{job}/log");

/// How long requests may take, and which are under way; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    time: Duration,
    under_way: TaskTracker,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(TIME)
    }
}

impl Limits {
    /// Gives each request this time.
    pub(crate) fn new(time: Duration) -> Self {
        Self { time, under_way: TaskTracker::new() }
    }

    /// Begins the time of a request.
    pub(in crate::web) fn begin(&self) -> TimeLeft {
        TimeLeft { until: Instant::now() + self.time, under_way: self.under_way.clone() }
    }

    /// Waits, after the server was told to stop, until nothing is left that is worth waiting for.
    pub(in crate::web) async fn let_end(&self) {
        self.under_way.close();
        // What is not done by then is given up: the client asks again.
        let _ = timeout(LAST_WORK, self.under_way.wait()).await;
        sleep(LAST_BYTES).await;
    }
}

/// What is left of the time of a request, for what is sent after its answer has begun. Handlers find it among the extensions of
/// their request.
#[derive(Clone, Debug)]
pub(in crate::web) struct TimeLeft {
    until: Instant,
    under_way: TaskTracker,
}

impl TimeLeft {
    /// Works as long as there is time; nothing when that is not enough.
    ///
    /// From now on a stop waits for it, whether or not somebody has begun to read the answer.
    pub(in crate::web) fn bound<T>(self, work: impl Future<Output = T>) -> impl Future<Output = Option<T>> {
        let Self { until, under_way } = self;
        let token = under_way.token();
        async move {
            let _token = token;
            timeout_at(until, work).await.ok()
        }
    }
}

/// Gives up on what takes too long. What counts is the time until the answer begins: streams go on as long as they like.
pub(super) async fn time(State(limits): State<Limits>, mut request: Request, next: Next) -> Response {
    let _under_way = limits.under_way.token();
    if is_upload(&request) {
        return next.run(request).await;
    }
    let of_api = is_api(request.uri().path());
    let time = limits.begin();
    let until = time.until;
    request.extensions_mut().insert(time);
    match timeout_at(until, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) if of_api => {
            Refused::detail(StatusCode::SERVICE_UNAVAILABLE, "The request took too long.").into_response()
        }
        Err(_elapsed) => {
            page(StatusCode::SERVICE_UNAVAILABLE, "503 Service Unavailable: the request took too long")
        }
    }
}

/// Tells by the route, not by how the path ends: anybody can ask for a path that ends in `/log`.
fn is_upload(request: &Request) -> bool {
    let (method, route) = UPLOAD;
    let matched = request.extensions().get::<MatchedPath>();
    request.method() == method && matched.is_some_and(|matched| matched.as_str() == route)
}

#[cfg(test)]
mod tests {
    use std::future;

    use super::*;

    #[tokio::test]
    async fn a_stop_waits_for_what_nobody_has_begun_to_read() {
        let limits = Limits::default();
        let work = limits.begin().bound(future::pending::<()>());
        assert_eq!(limits.under_way.len(), 1);
        drop(work);
        assert_eq!(limits.under_way.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_later_has_what_is_left_of_the_time() {
        let limits = Limits::new(Duration::from_secs(30));
        let time = limits.begin();
        sleep(Duration::from_secs(20)).await;
        assert_eq!(time.clone().bound(sleep(Duration::from_secs(9))).await, Some(()));
        let began = Instant::now();
        assert_eq!(time.bound(future::pending::<()>()).await, None);
        assert_eq!(began.elapsed().as_secs(), 1);
    }
}

//! `GET /events`: live events as Server-Sent Events.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use treeherder_ingest::events::{Interests, Start, Subscription, Told};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Live;
use crate::web::AppState;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// How often a quiet stream says that it is alive (§4.3).
const HEARTBEAT: Duration = Duration::from_secs(25);
/// Milliseconds after which a browser tries again.
const RETRY: u32 = 3000;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(events))
}

/// What a reader asks for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Subscriptions with commas between them: `BRANCH` or `BRANCH.EVENT`, either of which may be `*`.
    #[param(required = false)]
    subscribe: String,
    /// As the header `Last-Event-ID`, for clients that cannot set it.
    #[param(rename = "lastEventId")]
    last_event_id: Option<String>,
}

impl Asked {
    /// Reads the parameters; subscriptions add up, as over Socket.IO, so that a repeated parameter takes none back.
    fn read(parameters: &Parameters) -> Self {
        Self {
            subscribe: parameters.all("subscribe").collect::<Vec<_>>().join(","),
            last_event_id: parameters.text("lastEventId").map(ToOwned::to_owned),
        }
    }
}

/// Streams live events.
///
/// The name of each is that of the body's `event`, its data the body, its id a sequence number. With `Last-Event-ID`, which
/// browsers send by themselves, the stream goes on behind that event. When events between are not kept any more, the first
/// one is `gap`: whoever shows state has to ask for it anew.
#[utoipa::path(
    get,
    path = "/events",
    tag = "live",
    params(Asked, ("Last-Event-ID" = Option<i64>, Header, description = "Id of the last event seen")),
    responses(
        (status = OK, content_type = "text/event-stream", body = String),
        (status = BAD_REQUEST, description = "No or a malformed subscription, or an id that is no number")
    )
)]
async fn events(
    State(live): State<Live>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Refused> {
    let asked = Asked::read(&parameters);
    let interests = Interests::read(&asked.subscribe)
        .map_err(|error| Refused::field("subscribe", &format!("{error}: {:?}", shown(&asked.subscribe))))?;
    if interests.is_empty() {
        return Err(Refused::field("subscribe", "name a BRANCH or BRANCH.EVENT, such as try.job or *"));
    }
    let seen = match headers.get("last-event-id") {
        Some(value) => Some(value.to_str().unwrap_or("?").to_owned()),
        None => asked.last_event_id,
    };
    let start = match seen.as_deref().map(str::trim).filter(|seen| !seen.is_empty()) {
        None => Start::Now,
        Some(seen) => match seen.parse() {
            Ok(sequence) if sequence >= 0 => Start::After(sequence),
            _ => return Err(Refused::field("Last-Event-ID", "not the id of an event")),
        },
    };
    let subscription = live.pipeline.events().subscribe(start).await?;
    Ok(stream_of(Reader::new(subscription, interests, live.stop)))
}

fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Makes a response that goes on as long as the reader has something to say.
fn stream_of(reader: Reader) -> Response {
    let frames = stream::unfold(reader, |mut reader| async move {
        let frame = reader.frame().await?;
        Some((Ok::<Bytes, Infallible>(frame), reader))
    });
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    // Proxies (nginx) would gather the stream otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// One connection.
struct Reader {
    subscription: Subscription,
    interests: Interests,
    heartbeat: Interval,
    stop: CancellationToken,
    greeted: bool,
    /// The id that the client has.
    told: i64,
}

impl Reader {
    fn new(subscription: Subscription, interests: Interests, stop: CancellationToken) -> Self {
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let told = subscription.position();
        Self { subscription, interests, heartbeat, stop, greeted: false, told }
    }

    /// Waits for the next piece of the stream; it ends when the service stops or the database fails. The client comes
    /// again then, with the id it has.
    async fn frame(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            // A block without data is no event, but from now on the client knows where it stands.
            return Some(format!("retry: {RETRY}\nid: {}\n: connected\n\n", self.told).into());
        }
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                _ = self.heartbeat.tick() => return Some(self.beat()),
                told = self.subscription.next() => match told {
                    Ok(Told::Event(event)) => {
                        if self.interests.want(&event) {
                            self.told = event.sequence().unwrap_or(self.told);
                            return Some(event.frame());
                        }
                    }
                    Ok(Told::Gap { after, newest }) => {
                        self.told = newest;
                        let body = json!({"event": "gap", "after": after, "newest": newest});
                        return Some(format!("id: {newest}\nevent: gap\ndata: {body}\n\n").into());
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a stream of live events ends");
                        return None;
                    }
                }
            }
        }
    }

    /// Says that the stream is alive, and how far it has come in events that the client does not want.
    fn beat(&mut self) -> Bytes {
        let position = self.subscription.position();
        if position == self.told {
            return Bytes::from_static(b": heartbeat\n\n");
        }
        self.told = position;
        format!(": heartbeat\nid: {position}\n\n").into()
    }
}

//! Socket.IO at `/socket.io/`, namespace `/events` (§4.3): websocket and long polling, protocol 4 of Engine.IO.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::{SendError, SocketError, SocketIo};
use tokio_util::sync::CancellationToken;
use treeherder_ingest::events::{EventBus, Interest, Interests, Published, Start, Subscription, Told};
use utoipa_axum::router::OpenApiRouter;

use super::Live;
use crate::web::AppState;

/// The only namespace.
const NAMESPACE: &str = "/events";
/// Events that wait for one client; who is further behind gets these and is disconnected then, and comes again.
const BUFFER: usize = 256;
/// Pause between two looks whether a client has joined.
const JOINING: Duration = Duration::from_millis(5);
/// Longest message of a client: a subscription is a few words.
const LONGEST_MESSAGE: u64 = 16 << 10;
/// Pause after the bus could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// What one client wants to hear of.
type Wanted = Arc<Mutex<Interests>>;

/// Makes the routes and starts to hand events to the clients.
pub(super) fn router(live: &Live) -> OpenApiRouter<AppState> {
    let (service, io) = SocketIo::builder()
        .max_buffer_size(BUFFER)
        .max_payload(LONGEST_MESSAGE)
        .ws_max_message_size(64 << 10)
        .build_svc();
    io.ns(NAMESPACE, (async |_: SocketRef| {}).with(connecting));
    let relay = Relay { io, bus: Arc::clone(live.pipeline.events()), stop: live.stop.clone() };
    tokio::spawn(relay.run());
    OpenApiRouter::new()
        .route_service("/socket.io/", service.clone())
        .route_service("/socket.io/{*rest}", service)
}

/// A client joins the namespace.
///
/// This is done before the client is told that it has joined: one that subscribes right then must be heard.
async fn connecting(socket: SocketRef) -> Result<(), Infallible> {
    socket.extensions.insert::<Wanted>(Arc::default());
    // The work is done before the future is there: what a client sends takes effect in its order.
    socket.on("subscribe", |socket: SocketRef, TryData(text): TryData<Value>| {
        change(&socket, |wanted| match text {
            Ok(Value::String(text)) => {
                Interest::read(&text).and_then(|interest| wanted.add(interest)).is_ok()
            }
            _ => false,
        });
        ready(())
    });
    socket.on("unsubscribe", |socket: SocketRef, TryData(text): TryData<Value>| {
        change(&socket, |wanted| match text {
            Ok(Value::String(text)) => wanted.remove(Some(&text)).is_ok(),
            // Without an argument everything is meant.
            Ok(Value::Null) | Err(_) => wanted.remove(None).is_ok(),
            Ok(_) => false,
        });
        ready(())
    });
    Ok(())
}

/// Changes what a client wants, and tells the client when that cannot be done.
fn change(socket: &SocketRef, change: impl FnOnce(&mut Interests) -> bool) {
    let Some(wanted) = socket.extensions.get::<Wanted>() else { return };
    let changed = change(&mut wanted.lock().unwrap_or_else(PoisonError::into_inner));
    if !changed && refuse(socket).is_err() {
        tokio::spawn(refuse_once_joined(socket.clone()));
    }
}

fn refuse(socket: &SocketRef) -> Result<(), SendError> {
    socket.emit("error", "malformed subscription")
}

/// Refuses a subscription that came before the library had noted that the client has joined: it tells the client first, and until
/// then takes it for one that is gone.
async fn refuse_once_joined(socket: SocketRef) {
    let tries = async {
        while refuse(&socket).is_err() {
            tokio::time::sleep(JOINING).await;
        }
    };
    if tokio::time::timeout(PAUSE, tries).await.is_err() {
        tracing::debug!(socket = %socket.id, "a client is gone");
    }
}

/// Hands events to the clients that want them.
struct Relay {
    io: SocketIo,
    bus: Arc<dyn EventBus>,
    stop: CancellationToken,
}

impl Relay {
    async fn run(self) {
        let mut subscription = None;
        while !self.stop.is_cancelled() {
            let step = async {
                let reader = match &mut subscription {
                    Some(reader) => reader,
                    empty => empty.insert(self.bus.subscribe(Start::Now).await?),
                };
                self.relay(reader).await
            };
            match self.stop.run_until_cancelled(step).await {
                None => break,
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::warn!(%error, "no live events for Socket.IO for the moment");
                    self.stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
                }
            }
        }
        self.io.close().await;
    }

    async fn relay(&self, reader: &mut Subscription) -> Result<(), treeherder_ingest::events::EventError> {
        // There is no history here (§4.3): a gap is not told.
        if let Told::Event(event) = reader.next().await? {
            self.broadcast(&event);
        }
        Ok(())
    }

    fn broadcast(&self, event: &Published) {
        let Some(namespace) = self.io.of(NAMESPACE) else { return };
        let mut body: Option<Value> = None;
        for socket in namespace.sockets() {
            let Some(wanted) = socket.extensions.get::<Wanted>() else { continue };
            if !wanted.lock().unwrap_or_else(PoisonError::into_inner).want(event) {
                continue;
            }
            let body = body.get_or_insert_with(|| serde_json::from_str(event.body()).unwrap_or(Value::Null));
            if let Err(SendError::Socket(SocketError::InternalChannelFull)) = socket.emit(event.name(), body)
            {
                tracing::info!(socket = %socket.id, "a client is too slow, it is disconnected");
                // Events that follow would leave a hole in what it is told.
                socket.extensions.remove::<Wanted>();
                tokio::spawn(self.stop.clone().run_until_cancelled_owned(part_with(socket)));
            }
        }
    }
}

/// Disconnects a client for which too much waits. The word that it is has to wait for room as well; a client that makes none
/// is found out by its silence when the session asks whether it lives.
async fn part_with(socket: SocketRef) {
    while let Err(SocketError::InternalChannelFull) = socket.clone().disconnect() {
        tokio::time::sleep(PAUSE).await;
    }
}

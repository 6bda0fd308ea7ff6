//! What changes while somebody looks: live events (`spec/bridge-l10n-platform.md` §4.2–4.3).
//!
//! * [`sse`]: `GET /events?subscribe=…`, an event stream that browsers read with `EventSource`;
//! * [`socket_io`]: Socket.IO at `/socket.io/`, namespace `/events`, for clients of the historic server;
//! * [`mod@counts`]: the count of unclassified failures with which a page begins.

mod counts;
mod socket_io;
mod sse;
mod state;

use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

pub(crate) use state::Live;

/// Makes the routes of streams with their part of the OpenAPI document.
pub(super) fn router(live: &Live) -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(sse::router()).merge(socket_io::router(live))
}

/// Makes the route of the count with which a page begins; it is part of the API.
pub(super) fn counts() -> OpenApiRouter<AppState> {
    counts::router()
}

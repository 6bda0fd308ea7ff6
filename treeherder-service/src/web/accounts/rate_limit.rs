//! How often one address may write and log in.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use governor::middleware::NoOpMiddleware;
use tower_governor::governor::{GovernorConfig, GovernorConfigBuilder};
use tower_governor::key_extractor::KeyExtractor;
use tower_governor::{GovernorError, GovernorLayer};
use utoipa_axum::router::OpenApiRouter;

use super::Accounts;
use crate::web::AppState;
use crate::web::response::Refused;

/// How often addresses that did nothing lately are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// Limits what changes something.
pub(in crate::web) fn limit_writes(router: Router<AppState>, accounts: &Accounts) -> Router<AppState> {
    let settings = accounts.settings();
    let unsafe_methods = vec![Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let config = config(settings.writes_per_minute, Some(unsafe_methods), settings.trust_forwarded_for);
    router.layer(GovernorLayer::new(config).error_handler(refuse))
}

/// Limits the page of logging in, whatever the method.
pub(in crate::web) fn limit_sign_in(router: Router<AppState>, accounts: &Accounts) -> Router<AppState> {
    let settings = accounts.settings();
    let config = config(settings.logins_per_minute, None, settings.trust_forwarded_for);
    router.layer(GovernorLayer::new(config).error_handler(refuse))
}

/// Limits logins, whatever their method.
pub(super) fn limit_logins(router: OpenApiRouter<AppState>, accounts: &Accounts) -> OpenApiRouter<AppState> {
    let settings = accounts.settings();
    let config = config(settings.logins_per_minute, None, settings.trust_forwarded_for);
    router.layer(GovernorLayer::new(config).error_handler(refuse))
}

/// Allows so many requests in a minute, all at once if need be.
fn config(
    per_minute: u32,
    methods: Option<Vec<Method>>,
    trust_forwarded_for: bool,
) -> Arc<GovernorConfig<Client, NoOpMiddleware>> {
    let per_minute = per_minute.max(1);
    let mut builder = GovernorConfigBuilder::default().key_extractor(Client { trust_forwarded_for });
    builder.period(Duration::from_secs(60) / per_minute).burst_size(per_minute);
    if let Some(methods) = methods {
        builder.methods(methods);
    }
    // Neither number is zero.
    #[expect(clippy::unwrap_used, reason = "cannot fail, see above")]
    let config = Arc::new(builder.finish().unwrap());
    let weak = Arc::downgrade(&config);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(FORGET_EVERY).await;
            let Some(config) = weak.upgrade() else { return };
            config.limiter().retain_recent();
        }
    });
    config
}

/// Tells clients apart by their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Client {
    trust_forwarded_for: bool,
}

impl KeyExtractor for Client {
    type Key = IpAddr;

    fn extract<T>(&self, request: &Request<T>) -> Result<IpAddr, GovernorError> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let forwarded = if self.trust_forwarded_for { forwarded_for(request.headers()) } else { None };
        forwarded.or(peer).map(network).ok_or(GovernorError::UnableToExtractKey)
    }
}

/// Returns the address that the nearest proxy saw; what stands before it anybody may have written.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// Returns what counts as one address: who has an IPv6 address has all of its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn refuse(error: GovernorError) -> Response<Body> {
    match error {
        GovernorError::TooManyRequests { wait_time, .. } => {
            let seconds = wait_time.max(1);
            let detail = format!("Request was throttled. Expected available in {seconds} seconds.");
            let mut response = Refused::detail(StatusCode::TOO_MANY_REQUESTS, &detail).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        other => {
            tracing::error!(error = %other, "cannot tell whose request it is");
            Refused::detail(StatusCode::INTERNAL_SERVER_ERROR, "Server Error (500)").into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(trust_forwarded_for: bool, forwarded: &[&str]) -> Option<String> {
        let mut request = Request::new(());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 99))));
        for value in forwarded {
            request.headers_mut().append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
        }
        Client { trust_forwarded_for }.extract(&request).ok().map(|address| address.to_string())
    }

    #[test]
    fn only_a_trusted_proxy_may_say_whom_it_speaks_for() {
        for (trusted, forwarded, expected) in [
            (false, &["198.51.100.7"][..], "192.0.2.1"),
            (true, &["198.51.100.7"], "198.51.100.7"),
            (true, &["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            (true, &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            (true, &["nobody"], "192.0.2.1"),
            (true, &[], "192.0.2.1"),
            (true, &["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::"),
            (true, &["::ffff:198.51.100.7"], "198.51.100.7"),
        ] {
            assert_eq!(address(trusted, forwarded).as_deref(), Some(expected), "{trusted} {forwarded:?}");
        }
    }
}

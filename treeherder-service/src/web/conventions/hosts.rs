//! The names that this site answers to (§1.5, §1.6).

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::web::response::page;
use crate::web::site::Site;

/// Refuses requests for other sites and sends plain ones to https where the site is reached by https.
///
/// Load balancers and monitors ask by address and without encryption: what they ask for, all of it below `/__`, is always answered.
pub(super) fn refusal(site: &Site, request: &Request) -> Option<Response> {
    let uri = request.uri();
    if uri.path().starts_with("/__") {
        return None;
    }
    let host = host(request.headers(), uri);
    if !site.is_called(host) {
        return Some(page(StatusCode::BAD_REQUEST, "Bad Request (400): this site has another name"));
    }
    let encrypted = request.headers().get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    if site.is_secure() && !encrypted {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let target = format!("https://{host}{path}");
        let mut redirect = Redirect::permanent(&target).into_response();
        *redirect.status_mut() = StatusCode::MOVED_PERMANENTLY;
        return Some(redirect);
    }
    None
}

fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> &'a str {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| uri.authority().map(|authority| authority.as_str())).unwrap_or_default()
}

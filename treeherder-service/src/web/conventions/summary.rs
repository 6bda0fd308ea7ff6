//! One line in the log for each request (§9.2).

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::Response;
use rand::random;

/// Header by which a front server names a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest text of a header that is logged.
const LONGEST: usize = 200;

/// Who asks, once that has been found out; kept with the request.
#[derive(Clone, Debug, Default)]
struct Asker(Arc<OnceLock<i32>>);

/// Notes who asks, for the line of this request.
pub(in crate::web) fn note_asker(request: &Extensions, user: i32) {
    if let Some(Asker(asker)) = request.get() {
        // It is found out once; the second time it is the same.
        let _ = asker.set(user);
    }
}

/// Logs what was asked and how it was answered, when the answer begins. The names of the fields are those of mozlog's summaries; query
/// strings are left out, since secrets may be in them.
pub(super) async fn log(mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let agent = text(request.headers(), &header::USER_AGENT);
    let lang = text(request.headers(), &header::ACCEPT_LANGUAGE);
    let given = text(request.headers(), &REQUEST_ID);
    let rid = if given.is_empty() { format!("{:032x}", random::<u128>()) } else { given };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let asker = Asker::default();
    request.extensions_mut().insert(asker.clone());
    let response = next.run(request).await;
    let code = response.status().as_u16();
    let errno = if code >= 500 { code } else { 0 };
    let uid = asker.0.get().map(ToString::to_string).unwrap_or_default();
    let t = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let method = method.as_str();
    tracing::info!(target: "treeherder::request", agent, errno, lang, method, path, uid, rid, t, code, "request");
    response
}

/// Returns the text of a header, as much as fits into a line.
fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    value.unwrap_or_default().chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

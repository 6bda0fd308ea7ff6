//! The methods that a path takes (§1.2, §1.5).

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use utoipa::openapi::OpenApi;

use crate::web::json::Json;
use crate::web::response::Refused;

/// Says that the request comes from somebody we know; whoever finds that out adds it to the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedIn;

/// The methods of each path, as `Allow` lists them.
#[derive(Clone, Debug)]
pub(crate) struct Methods(Arc<HashMap<String, HeaderValue>>);

impl Methods {
    /// Takes the methods from the API's document.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let allowed = document.paths.paths.iter().map(|(path, item)| {
            let operations = [
                (item.get.is_some(), "GET"),
                (item.post.is_some(), "POST"),
                (item.put.is_some(), "PUT"),
                (item.patch.is_some(), "PATCH"),
                (item.delete.is_some(), "DELETE"),
                (item.get.is_some(), "HEAD"),
                (true, "OPTIONS"),
            ];
            let names: Vec<&str> = operations.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
            // Made of the names above, which are all fit for a header.
            let list =
                HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"));
            (path.clone(), list)
        });
        Self(Arc::new(allowed.collect()))
    }

    /// A route for all that is below a path has the methods of that path.
    fn of_request(&self, request: &Request) -> Option<HeaderValue> {
        let route = request.extensions().get::<MatchedPath>()?.as_str();
        self.0.get(route.strip_suffix("{*rest}").unwrap_or(route)).cloned()
    }
}

/// Answers what a path does not take, and says what it takes.
///
/// Who is not signed in learns nothing about the methods that change something: they are all forbidden.
pub(super) async fn check(State(methods): State<Methods>, request: Request, next: Next) -> Response {
    let Some(allowed) = methods.of_request(&request) else { return next.run(request).await };
    let method = request.method();
    let taken = allowed.to_str().is_ok_and(|list| list.split(", ").any(|name| name == method.as_str()));
    let mut response = if method == Method::OPTIONS {
        Json(json!({})).into_response()
    } else if taken {
        next.run(request).await
    } else if request.extensions().get::<SignedIn>().is_none() && is_unsafe(method) {
        anonymous().into_response()
    } else {
        let detail = format!("Method \"{method}\" not allowed.");
        Refused::detail(StatusCode::METHOD_NOT_ALLOWED, &detail).into_response()
    };
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

/// 403 for somebody we do not know.
pub(crate) fn anonymous() -> Refused {
    Refused::detail(StatusCode::FORBIDDEN, "Authentication credentials were not provided.")
}

fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

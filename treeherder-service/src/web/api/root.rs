//! What there is to ask for (§1.6).

use axum::http::HeaderMap;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::site::addressed;

/// The global lists.
const LISTS: [&str; 13] = [
    "jobs",
    "repository",
    "taskclustermetadata",
    "optioncollectionhash",
    "failureclassification",
    "bugzilla-component",
    "machineplatforms",
    "performance/tag",
    "performance/framework",
    "performance/bug-template",
    "performance/issue-tracker",
    "failures",
    "schema",
];

/// Makes the route of the root.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(root))
}

/// Lists the global endpoints
///
/// As absolute URLs by their names.
#[utoipa::path(get, path = "/api/", tag = "api", responses((status = OK, body = std::collections::HashMap<String, String>)))]
async fn root(headers: HeaderMap) -> Json<Value> {
    let site = addressed(&headers);
    let endpoints: Map<String, Value> = LISTS
        .into_iter()
        .map(|name| (name.to_owned(), Value::String(format!("{site}/api/{name}/"))))
        .collect();
    Json(Value::Object(endpoints))
}

//! `/api/bugzilla/create_bug/`.

use axum::extract::State;
use serde_json::{Value, json};
use treeherder_ingest::bugzilla::Bugzilla;
use treeherder_ingest::store::Store;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{failure, is_truthy, refused};
use crate::web::AppState;
use crate::web::accounts::Account;
use crate::web::json::Json;
use crate::web::json_body::JsonBody;
use crate::web::response::Refused;

/// Longest crash signature, in characters.
const LONGEST_SIGNATURE: usize = 2048;

/// Makes the route of filing.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create_bug))
}

/// Files a bug at Bugzilla
#[utoipa::path(
    post,
    path = "/api/bugzilla/create_bug/",
    tag = "bugzilla",
    request_body = Value,
    responses((status = OK, body = Value), (status = BAD_REQUEST, body = Value), (status = FORBIDDEN, body = Value))
)]
async fn create_bug(
    State(store): State<Store>,
    State(bugzilla): State<Bugzilla>,
    account: Account,
    JsonBody(body): JsonBody<Value>,
) -> Result<Json<Value>, Refused> {
    let is_perf = is_truthy(body.get("needinfo_from"));
    let options = bugzilla.options();
    let key = if is_perf {
        options
            .perf_sheriff_key
            .as_ref()
            .ok_or_else(|| failure("Performance sheriff bot API key not set!"))?
    } else {
        options.filer_key.as_ref().ok_or_else(|| failure("Bugzilla API key not set!"))?
    };
    let signature = body.get("crash_signature").and_then(Value::as_str).unwrap_or_default();
    if signature.chars().count() > LONGEST_SIGNATURE {
        return Err(failure("Crash signature can't be more than 2048 characters."));
    }
    let summary = body.get("summary").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let mut bug = payload(&body, &summary, &account, is_perf);
    if is_truthy(body.get("is_security_issue")) {
        let product = body.get("product").and_then(Value::as_str).unwrap_or_default();
        let groups = store.security_groups(product).await?;
        if groups.is_empty() {
            return Err(failure(
                "Cannot file security bug for product without default security group in Bugzilla.",
            ));
        }
        bug["groups"] = json!(groups);
    }
    let id = bugzilla.file_bug(key, &bug).await.map_err(|error| refused(&error))?;
    tracing::info!(bug = id, account = account.username, "bug filed");
    let internal_id = store.adopt_filed_bug(id, &summary).await?;
    Ok(Json(json!({"id": id, "internal_id": internal_id, "url": bugzilla.bug_url(id)})))
}

/// What Bugzilla is told.
fn payload(body: &Value, summary: &str, account: &Account, is_perf: bool) -> Value {
    let field = |name: &str| body.get(name).cloned().unwrap_or(Value::Null);
    let comment = body.get("comment").and_then(Value::as_str).unwrap_or_default();
    let who = account.email.replace('@', " [at] ");
    let mut bug = json!({
        "type": "defect",
        "product": field("product"),
        "component": field("component"),
        "summary": summary,
        "keywords": field("keywords"),
        "whiteboard": field("whiteboard"),
        "regressed_by": field("regressed_by"),
        "see_also": field("see_also"),
        "version": field("version"),
        "cf_crash_signature": field("crash_signature"),
        "severity": field("severity"),
        "priority": field("priority"),
        "description": format!("**Filed by:** {who}\n{comment}"),
        "comment_tags": "treeherder",
    });
    if is_perf {
        for name in ["type", "description", "cc"] {
            bug[name] = field(name);
        }
        let needinfo = |whom: Value| json!({"name": "needinfo", "status": "?", "requestee": whom});
        let mut flags = vec![needinfo(field("needinfo_from"))];
        if is_truthy(body.get("is_backout_requested")) {
            flags.push(needinfo(json!("sheriffs@mozilla.bugs")));
        }
        bug["flags"] = Value::Array(flags);
    }
    bug
}
